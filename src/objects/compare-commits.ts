import type { GiteaClient } from '../gitea/client.js'
import { listCommitsBetween } from '../gitea/compare.js'
import type { Commit } from '../gitea/git.js'
import { toName } from '../gitea/repos.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { openCommit, RESOLVE_OPERATIONS, type ResolvedCommit } from './resolve-commit.js'
import { TREE_OPERATIONS } from './trees.js'

/** What comparing two commits and their trees may ask of Gitea. */
export const COMPARE_OPERATIONS = [...RESOLVE_OPERATIONS, ...TREE_OPERATIONS, 'compareRefs', 'getBlob'] as const

export interface CommitRange {
  /** What `head` has and `base` has not, newest first. */
  readonly commits: readonly Commit[]
  /** Where the two parted; undefined when they have no common history. */
  readonly mergeBase: ResolvedCommit | undefined
}

/** Merges of `base` into `head` that are told apart; with more, the first of them are. */
const MAX_BOUNDARIES = 8

/** @throws NotFound when the person may not read pull requests, which Gitea asks for here */
export async function compareCommits(
  client: GiteaClient,
  base: ResolvedCommit,
  head: ResolvedCommit,
): Promise<CommitRange> {
  const { owner, repo } = base
  const commits = await listCommitsBetween(client, { owner, repo, base: base.sha, head: head.sha }).catch(
    (thrown: unknown) => {
      // both commits were there a moment ago
      throw thrown instanceof NotFound
        ? new NotFound(
            `Gitea compares commits of ${toName(base)} only where pull requests are switched on and this person may read them.`,
          )
        : thrown
    },
  )
  if (commits.length === 0) return { commits, mergeBase: head }
  const listed = new Set(commits.map(({ sha }) => sha))
  const boundaries = [...new Set(commits.flatMap(({ parents }) => parents))].filter((sha) => !listed.has(sha))
  const sha = await findLatest(client, base, boundaries)
  if (sha === undefined) return { commits, mergeBase: undefined }
  if (sha === base.sha) return { commits, mergeBase: base }
  return { commits, mergeBase: (await openCommit(client, { owner, repo, ref: sha })).commit }
}

/**
 * The one that has the others in its history. All of them are in the history of `base`, so there is one unless the two
 * sides were merged crosswise; then git too takes any of the best.
 */
async function findLatest(
  client: GiteaClient,
  base: ResolvedCommit,
  boundaries: readonly string[],
): Promise<string | undefined> {
  if (boundaries.includes(base.sha)) return base.sha
  const { owner, repo } = base
  let [latest] = boundaries
  for (const sha of boundaries.slice(1, MAX_BOUNDARIES)) {
    const between = await listCommitsBetween(client, { owner, repo, base: latest ?? sha, head: sha }).catch(toMany)
    if (between === 'many' || between.length > 0) latest = sha
  }
  return latest
}

function toMany(thrown: unknown): 'many' {
  if (thrown instanceof InvalidInput) return 'many'
  throw thrown
}
