/** What happens around repositories: notifications, wikis, timelines, dependencies, Actions. */

export interface Notification {
  readonly id: number
  readonly accountId: number
  readonly issueId: number
  status: 'unread' | 'read' | 'pinned'
  updatedAt: number
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

export interface Activity {
  readonly notifications: Map<number, Notification>
  /** Repository id to pages by file name. */
  readonly wikis: Map<number, Map<string, WikiPage>>
}

export function createActivity(): Activity {
  return { notifications: new Map(), wikis: new Map() }
}
