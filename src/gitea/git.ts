import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const Signature = z.object({ name: z.string(), email: z.string(), date: z.string() })

export const Commit = z
  .object({
    sha: z.string(),
    commit: z.object({ message: z.string(), author: Signature.nullable() }),
    author: z.object({ login: z.string() }).nullish(),
    parents: z.array(z.object({ sha: z.string() })).nullish(),
  })
  .transform(({ sha, commit, author, parents }) => ({
    sha,
    message: commit.message,
    /** The Gitea login where Gitea knows the e-mail address, else the name in the commit. */
    author: author?.login ?? commit.author?.name ?? '',
    authoredAt: commit.author?.date ?? '',
    parents: (parents ?? []).map((parent) => parent.sha),
  }))
export type Commit = z.output<typeof Commit>

/** These three cost Gitea more than the rest of the answer together. */
const HEADER_ONLY = { stat: false, verification: false, files: false }

/**
 * Commits from `ref` (a commit id, a branch or a tag) backwards.
 *
 * @param args.not leaves out what this commit has; it must be there: Gitea answers an unknown one with a fault of its own
 * @throws NotFound when there is no such ref
 */
export async function listCommits(
  client: GiteaClient,
  args: RepositoryName & PageRequest & { readonly ref: string; readonly not?: string | undefined },
): Promise<Page<Commit>> {
  const { owner, repo, ref, not, page, limit } = args
  const answer = await client.request('listCommits', {
    path: { owner, repo },
    query: { sha: ref, not, page, limit, ...HEADER_ONLY },
    subject: toRefSubject(args, ref),
  })
  return toPage(Commit, answer)
}

/** @param args.ref a commit id, full or shortened, a branch or a tag */
export async function getCommit(client: GiteaClient, args: RepositoryName & { readonly ref: string }): Promise<Commit> {
  const { owner, repo, ref } = args
  const answer = await client.request('getCommit', {
    path: { owner, repo, sha: ref },
    query: HEADER_ONLY,
    subject: toRefSubject(args, ref),
  })
  return parseAnswer(Commit, answer)
}

export interface DiffText {
  readonly text: string
  /** The diff is larger than one answer may be; `text` is its beginning. */
  readonly truncated: boolean
}

/** The whole diff of a commit against its first parent. Not yet filtered by path. */
export async function getCommitDiff(
  client: GiteaClient,
  args: RepositoryName & { readonly sha: string },
): Promise<DiffText> {
  const { owner, repo, sha } = args
  const answer = await client.request('getCommitDiff', {
    path: { owner, repo, sha },
    subject: `commit ${sha} in ${toName(args)}`,
  })
  return { text: parseAnswer(z.string(), answer), truncated: answer.truncated }
}

const Branch = z
  .object({
    name: z.string(),
    protected: z.boolean(),
    required_approvals: z.number().default(0),
    enable_status_check: z.boolean().default(false),
    status_check_contexts: z.array(z.string()).nullish(),
    user_can_push: z.boolean().default(false),
    user_can_merge: z.boolean().default(false),
    commit: z
      .object({
        id: z.string(),
        message: z.string(),
        timestamp: z.string(),
        author: z.object({ name: z.string(), username: z.string().default('') }).nullish(),
      })
      .nullable(),
  })
  .transform(({ name, protected: isProtected, commit, ...branch }) => ({
    name,
    isProtected,
    requiredApprovals: branch.required_approvals,
    /** Names of commit statuses, patterns among them, that must be good before a merge. */
    requiredChecks: branch.enable_status_check ? (branch.status_check_contexts ?? []) : [],
    /** What the asking person may do. */
    canPush: branch.user_can_push,
    canMerge: branch.user_can_merge,
    sha: commit?.id ?? '',
    message: commit?.message ?? '',
    author: commit?.author?.username || (commit?.author?.name ?? ''),
    committedAt: commit?.timestamp ?? '',
  }))
export type Branch = z.output<typeof Branch>

export async function listBranches(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<Branch>> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listBranches', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(Branch, answer)
}

export async function getBranch(
  client: GiteaClient,
  args: RepositoryName & { readonly branch: string },
): Promise<Branch> {
  const { owner, repo, branch } = args
  const answer = await client.request('getBranch', {
    path: { owner, repo, branch },
    subject: `branch "${branch}" in ${toName(args)}`,
  })
  return parseAnswer(Branch, answer)
}

function toRefSubject(name: RepositoryName, ref: string): string {
  return `branch, tag or commit "${ref}" in ${toName(name)}`
}
