import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { Commit, type DiffText } from './git.js'
import { IssueFields, type IssueRequest, toIssueFields } from './issues.js'
import { getRepository, type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const Side = z.object({
  label: z.string(),
  ref: z.string(),
  sha: z.string(),
  repo: z.object({ full_name: z.string(), archived: z.boolean().default(false) }).nullish(),
})

export const Pull = IssueFields.extend({
  draft: z.boolean().default(false),
  merged: z.boolean().default(false),
  merged_at: z.string().nullish(),
  merged_by: z.object({ login: z.string() }).nullish(),
  mergeable: z.boolean().default(false),
  requested_reviewers: z.array(z.object({ login: z.string() })).nullish(),
  base: Side,
  head: Side,
}).transform((pull) => ({
  ...toIssueFields(pull),
  isDraft: pull.draft,
  isMerged: pull.merged,
  mergedAt: pull.merged_at ?? '',
  mergedBy: pull.merged_by?.login ?? '',
  /** Computed in the background: false also means not known yet. */
  isMergeable: pull.mergeable,
  reviewers: (pull.requested_reviewers ?? []).map((user) => user.login),
  base: pull.base.label,
  /** `owner/name:branch` when it comes from a fork; the fork may be gone. */
  head: toHead(pull.head, pull.base),
  headSha: pull.head.sha,
  /** Whether the repository it goes into is archived. */
  isArchived: pull.base.repo?.archived ?? false,
}))
export type Pull = z.output<typeof Pull>

function toHead(head: z.output<typeof Side>, base: z.output<typeof Side>): string {
  if (!head.repo) return `${head.label} (its repository is gone)`
  return head.repo.full_name === base.repo?.full_name ? head.label : `${head.repo.full_name}:${head.label}`
}

/** Pull requests, newest first. An empty repository, where Gitea answers 404, has none. Needs `getRepository` too. */
export async function listPulls(
  client: GiteaClient,
  args: RepositoryName & PageRequest & { readonly state: string },
): Promise<Page<Pull>> {
  const { owner, repo, state, page, limit } = args
  // 404 also means: pull requests are switched off, or there is no such repository
  try {
    const answer = await client.request('listPullRequests', {
      path: { owner, repo },
      query: { state, page, limit },
      subject: `repository ${toName(args)} with pull requests`,
    })
    return toPage(Pull, answer)
  } catch (thrown) {
    if (!(thrown instanceof NotFound)) throw thrown
    const repository = await getRepository(client, args)
    if (!repository.hasPulls) throw new NotFound(`${toName(args)} does not use pull requests.`)
    if (repository.isEmpty) return { items: [], total: 0 }
    throw thrown
  }
}

export async function getPull(client: GiteaClient, args: IssueRequest): Promise<Pull> {
  const { owner, repo, index } = args
  const answer = await client.request('getPullRequest', { path: { owner, repo, index }, subject: toSubject(args) })
  return parseAnswer(Pull, answer)
}

/**
 * Pull requests in every state, by when they were made. As `getPull` tells them, at a quarter of its cost to Gitea, but
 * for two things: who merged one is missing, and one that Gitea has not checked for long is not checked for being seen.
 *
 * @param args.index the one that is looked for, for what errors say
 */
export async function listPullsByAge(
  client: GiteaClient,
  args: IssueRequest & PageRequest & { readonly first: 'oldest' | 'newest' },
): Promise<Page<Pull>> {
  const { owner, repo, page, limit, first } = args
  const answer = await client.request('listPullRequests', {
    path: { owner, repo },
    // newest first is what Gitea does without being asked, and has no word for
    query: { state: 'all', sort: first === 'oldest' ? first : undefined, page, limit },
    subject: toSubject(args),
  })
  return toPage(Pull, answer)
}

/** The whole diff from the merge base. File list and counts derive from it. Not yet filtered by path. */
export async function getPullDiff(client: GiteaClient, args: IssueRequest): Promise<DiffText> {
  const { owner, repo, index } = args
  const answer = await client.request('getPullRequestDiff', { path: { owner, repo, index }, subject: toSubject(args) })
  return { text: parseAnswer(z.string(), answer), truncated: answer.truncated }
}

/** Commits since the merge base, newest first. */
export async function listPullCommits(client: GiteaClient, args: IssueRequest & PageRequest): Promise<Page<Commit>> {
  const { owner, repo, index, page, limit } = args
  const answer = await client.request('listPullRequestCommits', {
    path: { owner, repo, index },
    query: { page, limit, verification: false, files: false },
    subject: toSubject(args),
  })
  return toPage(Commit, answer)
}

function toSubject(args: IssueRequest): string {
  return `pull request #${args.index} in ${toName(args)}`
}
