/*
 * The exact event types of Gitea (`X-Gitea-Event-Type`) and what each of them must tell to be understood. Types that
 * are not here are kept and set nothing off.
 */

const ISSUE = ['repository', 'number'] as const
const PUSH = ['repository', 'ref', 'before', 'after'] as const
const REF = ['repository', 'ref'] as const
const PLACE = ['repository'] as const

const NEEDED = {
  push: PUSH,
  create: REF,
  delete: REF,
  fork: PLACE,
  issues: ISSUE,
  issue_assign: ISSUE,
  issue_label: ISSUE,
  issue_milestone: ISSUE,
  issue_comment: ISSUE,
  pull_request: ISSUE,
  pull_request_assign: ISSUE,
  pull_request_label: ISSUE,
  pull_request_milestone: ISSUE,
  pull_request_sync: ISSUE,
  pull_request_comment: ISSUE,
  pull_request_review_approved: ISSUE,
  pull_request_review_rejected: ISSUE,
  pull_request_review_comment: ISSUE,
  pull_request_review_request: ISSUE,
  release: ['repository', 'tag'] as const,
  repository: PLACE,
  wiki: PLACE,
  // a package belongs to an owner; the repository may be absent
  package: [] as const,
  status: ['repository', 'sha'] as const,
  workflow_run: PLACE,
  workflow_job: PLACE,
} satisfies Record<string, readonly string[]>

/** What a delivery of this type must tell; undefined for types that nobody here knows. */
export function findNeeded(eventType: string): readonly string[] | undefined {
  return Object.hasOwn(NEEDED, eventType) ? NEEDED[eventType as keyof typeof NEEDED] : undefined
}

/** The event type as a metric label. */
export function toEventLabel(eventType: string): string {
  return Object.hasOwn(NEEDED, eventType) ? eventType : 'other'
}
