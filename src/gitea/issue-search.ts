import { z } from 'zod'
import type { GiteaClient } from './client.js'
import { IssueFields, toIssueFields } from './issues.js'
import { type Page, type PageRequest, toPage } from './repos.js'

const FoundIssue = IssueFields.extend({
  pull_request: z.object({ merged: z.boolean().default(false) }).nullish(),
  repository: z.object({ owner: z.string(), name: z.string() }),
}).transform((issue) => ({
  ...toIssueFields(issue),
  isPull: issue.pull_request != null,
  isMerged: issue.pull_request?.merged ?? false,
  repository: issue.repository,
}))
export type FoundIssue = z.output<typeof FoundIssue>

/** How an issue concerns the person who asks; Gitea's own words. */
export const CONCERNS = ['assigned', 'created', 'review_requested'] as const
type Concern = (typeof CONCERNS)[number]

interface IssueSearch extends PageRequest {
  /** Words in title, text or comments; Gitea's index of them is some seconds behind. */
  readonly query: string | undefined
  /** A user or organisation whose repositories are searched. */
  readonly owner: string | undefined
  readonly state: string
  readonly type: 'issues' | 'pulls' | undefined
  readonly concern: Concern | undefined
}

/**
 * Issues and pull requests in every repository the person can see, newest first. Gitea ignores `sort`, `created_by`
 * and `assigned_by` here.
 *
 * @throws InvalidInput for an unknown owner
 */
export async function searchIssues(client: GiteaClient, search: IssueSearch): Promise<Page<FoundIssue>> {
  const { query, owner, state, type, concern, page, limit } = search
  const answer = await client.request('searchIssues', {
    query: { q: query, owner, state, type, ...(concern === undefined ? {} : { [concern]: true }), page, limit },
    subject: owner === undefined ? 'issues' : `issues of ${owner}`,
  })
  return toPage(FoundIssue, answer)
}
