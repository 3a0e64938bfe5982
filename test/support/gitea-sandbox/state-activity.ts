/** What happens around repositories: notifications, wikis, timelines, dependencies, Actions. */

export interface Notification {
  readonly id: number
  readonly accountId: number
  readonly issueId: number
  status: 'unread' | 'read' | 'pinned'
  updatedAt: number
}

/** A rule of a repository for branches whose name fits, in the order the rules were made. */
export interface BranchProtection {
  readonly rule: string
  readonly mayPush: boolean
  readonly requiredApprovals: number
  readonly checksStatus: boolean
  readonly contexts: readonly string[] | null
}

export interface WikiPage {
  /** Name of its file, `Guide%2FSub-Page.md`. */
  readonly file: string
  content: string
  changes: number
  message: string
  readonly authorId: number
  changedAt: number
}

/** A label put on an issue or taken off; its id is one of the comments' ids. */
export interface LabelEvent {
  readonly id: number
  readonly issueId: number
  readonly posterId: number
  readonly labelId: number
  readonly isAdded: boolean
  readonly createdAt: number
}

/** A row of a timeline that is neither a comment nor about a label. */
export interface TimelineEvent {
  readonly id: number
  readonly issueId: number
  readonly doerId: number
  readonly createdAt: number
  readonly type:
    | 'add_dependency'
    | 'assignees'
    | 'change_title'
    | 'close'
    | 'merge_pull'
    | 'milestone'
    | 'remove_dependency'
    | 'reopen'
    | 'review_request'
  readonly oldTitle?: string
  readonly newTitle?: string
  readonly assigneeId?: number
  readonly isRemoved?: boolean
  readonly oldMilestoneId?: number | undefined
  readonly milestoneId?: number | undefined
  readonly dependentIssueId?: number
}

export interface ActionRun {
  readonly id: number
  readonly repositoryId: number
  readonly number: number
  readonly title: string
  readonly workflow: string
  readonly branch: string
  readonly sha: string
  readonly actorId: number
  readonly createdAt: number
}

export interface ActionJob {
  readonly id: number
  readonly runId: number
  readonly name: string
  readonly label: string
  readonly result: 'success' | 'failure' | undefined
  /** Undefined until a runner took it. */
  readonly taskId: number | undefined
  readonly log: string
  readonly createdAt: number
}

/** A webhook of a repository, of an organization, or of the whole instance. */
export interface Hook {
  readonly id: number
  readonly place: { readonly repositoryId: number } | { readonly organizationId: number } | 'system' | 'default'
  readonly secret: string
  readonly createdAt: number
  type: string
  url: string
  contentType: string
  /** Names as an answer has them: `issues` stands for itself alone. */
  events: Set<string>
  isActive: boolean
  branchFilter: string
  authorization: string
  updatedAt: number
}

export interface Activity {
  readonly hooks: Map<number, Hook>
  readonly actionRuns: Map<number, ActionRun>
  readonly actionJobs: Map<number, ActionJob>
  readonly events: Map<number, TimelineEvent>
  readonly notifications: Map<number, Notification>
  /** Repository id to pages by file name. */
  readonly wikis: Map<number, Map<string, WikiPage>>
  readonly labelEvents: Map<number, LabelEvent>
  /** Issue id to the ids of those that must be closed before it. */
  readonly dependencies: Map<number, Set<number>>
}

export function createActivity(): Activity {
  return {
    hooks: new Map(),
    actionRuns: new Map(),
    actionJobs: new Map(),
    events: new Map(),
    notifications: new Map(),
    wikis: new Map(),
    labelEvents: new Map(),
    dependencies: new Map(),
  }
}
