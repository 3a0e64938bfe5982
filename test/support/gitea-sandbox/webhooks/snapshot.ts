/** What webhooks tell of, at one moment: two of these say what happened in between. */
import { listReferences } from '../git.js'
import type { Comment, Instance, Issue, Release, Repository } from '../state.js'

/** An issue as it was; the row itself is changed in place. */
type IssueFacts = Pick<Issue, 'title' | 'body' | 'isClosed' | 'labels' | 'assignees' | 'milestoneId'>

export interface Snapshot {
  readonly repositories: ReadonlyMap<number, Repository>
  readonly issues: ReadonlyMap<number, IssueFacts>
  readonly comments: ReadonlyMap<number, string>
  readonly releases: ReadonlyMap<number, Release>
  /** By repository: full names of branches and tags to commits. */
  readonly refs: ReadonlyMap<number, ReadonlyMap<string, string>>
}

export async function takeSnapshot({ state }: Instance): Promise<Snapshot> {
  const repositories = [...state.repositories.values()]
  const refs = await Promise.all(
    repositories.map(async ({ id, gitDirectory }) => {
      const all = await listReferences(gitDirectory, 'refs/')
      const told = all.filter(({ name }) => /^refs\/(?:heads|tags)\//.test(name))
      return [id, new Map(told.map((ref) => [ref.name, ref.id]))] as const
    }),
  )
  return {
    repositories: new Map(state.repositories),
    issues: new Map(
      [...state.issues].map(([id, { title, body, isClosed, labels, assignees, milestoneId }]) => [
        id,
        { title, body, isClosed, milestoneId, labels: [...labels], assignees: [...assignees] },
      ]),
    ),
    comments: new Map([...state.comments].map(([id, { body }]) => [id, body])),
    releases: new Map(state.releases),
    refs: new Map(refs),
  }
}

export type Change =
  | { readonly kind: 'repository'; readonly action: 'created' | 'deleted'; readonly repository: Repository }
  | {
      readonly kind: 'ref'
      readonly repository: Repository
      readonly ref: string
      readonly before: string | undefined
      readonly after: string | undefined
    }
  /** `event` is the exact type of an issue; a pull request has one of its own for each. */
  | {
      readonly kind: 'issue'
      readonly event: 'issues' | 'issue_assign' | 'issue_label' | 'issue_milestone'
      readonly action: string
      readonly issue: Issue
      readonly from?: { readonly title?: string; readonly body?: string }
    }
  | {
      readonly kind: 'comment'
      readonly action: 'created' | 'edited'
      readonly issue: Issue
      readonly comment: Comment
    }
  | { readonly kind: 'sync'; readonly issue: Issue }
  | { readonly kind: 'release'; readonly action: 'published' | 'updated' | 'deleted'; readonly release: Release }

/** In the order in which Gitea tells them, as far as it has one. */
export function listChanges({ state }: Instance, before: Snapshot, after: Snapshot): readonly Change[] {
  return [
    ...listRepositoryChanges(before, after),
    ...listRefChanges(before, after),
    ...[...state.issues.values()].flatMap((issue) => listIssueChanges(issue, before, after)),
    ...[...state.comments.values()].flatMap((comment): Change[] => {
      const issue = state.issues.get(comment.issueId)
      const was = before.comments.get(comment.id)
      if (issue === undefined || was === comment.body) return []
      return [{ kind: 'comment', action: was === undefined ? 'created' : 'edited', issue, comment }]
    }),
    ...listSyncs(state.issues.values(), before, after),
    ...listReleaseChanges(before, after),
  ]
}

function listRepositoryChanges(before: Snapshot, after: Snapshot): Change[] {
  const made = [...after.repositories.values()].filter(({ id }) => !before.repositories.has(id))
  const gone = [...before.repositories.values()].filter(({ id }) => !after.repositories.has(id))
  return [
    ...made.map((repository) => ({ kind: 'repository', action: 'created', repository }) as const),
    ...gone.map((repository) => ({ kind: 'repository', action: 'deleted', repository }) as const),
  ]
}

function listRefChanges(before: Snapshot, after: Snapshot): Change[] {
  return [...after.repositories.values()].flatMap((repository) => {
    const was = before.refs.get(repository.id) ?? new Map<string, string>()
    const is = after.refs.get(repository.id) ?? new Map<string, string>()
    return [...new Set([...was.keys(), ...is.keys()])]
      .filter((ref) => was.get(ref) !== is.get(ref))
      .map((ref) => ({ kind: 'ref', repository, ref, before: was.get(ref), after: is.get(ref) }) as const)
  })
}

function listIssueChanges(issue: Issue, before: Snapshot, after: Snapshot): Change[] {
  const is = after.issues.get(issue.id)
  if (is === undefined) return []
  const was = before.issues.get(issue.id)
  const [had, has] = [was?.assignees ?? [], is.assignees]
  const assigned: Change[] = has.some((id) => !had.includes(id))
    ? [{ kind: 'issue', event: 'issue_assign', action: 'assigned', issue }]
    : had.some((id) => !has.includes(id))
      ? [{ kind: 'issue', event: 'issue_assign', action: 'unassigned', issue }]
      : []
  const changes: Change[] = [...assigned]
  // of an issue that is made with them Gitea tells the assignment, labels and milestone too, and the opening last
  if (String(was?.labels ?? []) !== String(is.labels)) {
    changes.push({
      kind: 'issue',
      event: 'issue_label',
      action: is.labels.length === 0 ? 'label_cleared' : 'label_updated',
      issue,
    })
  }
  if (was?.milestoneId !== is.milestoneId) {
    const action = is.milestoneId === undefined ? 'demilestoned' : 'milestoned'
    changes.push({ kind: 'issue', event: 'issue_milestone', action, issue })
  }
  if (was === undefined) return [...changes, { kind: 'issue', event: 'issues', action: 'opened', issue }]
  if (was.title !== is.title) {
    changes.push({ kind: 'issue', event: 'issues', action: 'edited', issue, from: { title: was.title } })
  }
  if (was.body !== is.body) {
    changes.push({ kind: 'issue', event: 'issues', action: 'edited', issue, from: { body: was.body } })
  }
  if (was.isClosed !== is.isClosed) {
    changes.push({ kind: 'issue', event: 'issues', action: is.isClosed ? 'closed' : 'reopened', issue })
  }
  return changes
}

function listSyncs(issues: Iterable<Issue>, before: Snapshot, after: Snapshot): Change[] {
  return [...issues].flatMap((issue): Change[] => {
    const { pull } = issue
    if (pull === undefined || issue.isClosed || !before.issues.has(issue.id)) return []
    const ref = `refs/heads/${pull.headBranch}`
    const [was, is] = [before, after].map(({ refs }) => refs.get(pull.headRepositoryId)?.get(ref))
    return was !== is && is !== undefined ? [{ kind: 'sync', issue }] : []
  })
}

/** Drafts are told of by nobody. */
function listReleaseChanges(before: Snapshot, after: Snapshot): Change[] {
  const now = [...after.releases.values()].flatMap((release): Change[] => {
    const was = before.releases.get(release.id)
    if (release.isDraft || was === release) return []
    const isNew = was === undefined || was.isDraft
    return [{ kind: 'release', action: isNew ? 'published' : 'updated', release }]
  })
  const gone = [...before.releases.values()].filter(({ id, isDraft }) => !after.releases.has(id) && !isDraft)
  return [...now, ...gone.map((release) => ({ kind: 'release', action: 'deleted', release }) as const)]
}
