import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type RepositoryName, toName } from './repos.js'

const Status = z
  .object({
    /** Counts on within one commit. */
    id: z.number(),
    status: z.string(),
    context: z.string().default(''),
    description: z.string().default(''),
    target_url: z.string().default(''),
    created_at: z.string(),
  })
  .transform(({ id, status, context, description, target_url, created_at }) => ({
    id,
    /** `success`, `failure`, `error`, `pending`, `warning`, `skipped`; Gitea stores any other word, too. */
    state: status,
    name: context,
    description,
    url: target_url,
    createdAt: created_at,
  }))
export type Status = z.output<typeof Status>

const Combined = z.object({ sha: z.string(), statuses: z.array(Status).nullable() })

export interface CommitStatus {
  readonly sha: string
  /** The last word of each check; none where nothing checks. */
  readonly checks: readonly Status[]
}

const PAGE = 50
/** More checks than any commit has. */
const MOST_PAGES = 20

/**
 * The last word of each check of a commit. Needs `listStatuses` and `getCombinedStatus`.
 *
 * @param args.ref a full commit id, for which this costs Gitea least, or a shortened one, a branch or a tag
 * @throws NotFound when there is no such commit
 */
export async function getCommitStatus(
  client: GiteaClient,
  args: RepositoryName & { readonly ref: string },
): Promise<CommitStatus> {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(args.ref)) {
    const { statuses, isAll } = await listStatuses(client, { ...args, sha: args.ref })
    // none may also mean that there is no such commit, which only the dearer request tells
    if (isAll && statuses.length > 0) return { sha: args.ref, checks: toLatest(statuses) }
  }
  return getCombinedStatus(client, args)
}

/** What was ever said about a commit, newest first, up to one page. */
export async function listStatuses(
  client: GiteaClient,
  args: RepositoryName & { readonly sha: string },
): Promise<{ readonly statuses: readonly Status[]; readonly isAll: boolean }> {
  const { owner, repo, sha } = args
  const answer = await client.request('listStatuses', {
    path: { owner, repo, sha },
    query: { page: 1, limit: PAGE },
    subject: `commit ${sha} in ${toName(args)}`,
  })
  const statuses = parseAnswer(z.array(Status).nullable(), answer) ?? []
  return { statuses, isAll: answer.total !== undefined && statuses.length >= answer.total }
}

function toLatest(statuses: readonly Status[]): Status[] {
  const latest = new Map<string, Status>()
  for (const status of statuses) {
    if (status.id > (latest.get(status.name)?.id ?? 0)) latest.set(status.name, status)
  }
  return [...latest.values()]
}

/** Gitea's own state is left aside: it is that of one page of checks. */
export async function getCombinedStatus(
  client: GiteaClient,
  args: RepositoryName & { readonly ref: string },
): Promise<CommitStatus> {
  const { owner, repo, ref } = args
  const checks: Status[] = []
  let sha = ''
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await client.request('getCombinedStatus', {
      path: { owner, repo, ref },
      query: { page, limit: PAGE },
      subject: `branch, tag or commit "${ref}" in ${toName(args)}`,
    })
    const combined = parseAnswer(Combined, answer)
    const rows = combined.statuses ?? []
    sha = combined.sha
    checks.push(...rows)
    if (rows.length === 0 || (rows.length < PAGE && checks.length >= (answer.total ?? 0))) break
  }
  return { sha, checks }
}

/** One word for all checks, as Gitea finds it for one page of them; `none` where nothing checks. */
export function combineStates(checks: readonly Status[]): 'success' | 'failure' | 'pending' | 'none' {
  if (checks.length === 0) return 'none'
  if (checks.some(({ state }) => state === 'error' || state === 'failure')) return 'failure'
  return checks.every(({ state }) => GOOD.has(state)) ? 'success' : 'pending'
}

const GOOD = new Set(['success', 'warning', 'skipped'])

export interface NewStatus {
  readonly state: 'success' | 'failure' | 'pending' | 'error' | 'warning'
  /** Its context: the last word under one name is the one that counts. */
  readonly name: string
  readonly description: string
  readonly url: string
}

/**
 * Says something about a commit. Look at the commit first: Gitea answers an unknown one with a fault of its own. It
 * stores any state and trims the other words.
 *
 * @param args.sha full commit id
 */
export async function createStatus(
  client: GiteaClient,
  args: RepositoryName & { readonly sha: string },
  { state, name, description, url }: NewStatus,
): Promise<Status> {
  const { owner, repo, sha } = args
  const answer = await client.request('createStatus', {
    path: { owner, repo, sha },
    body: { state, context: name, description, target_url: url },
    subject: `commit ${sha} in ${toName(args)}`,
  })
  return parseAnswer(Status, answer)
}
