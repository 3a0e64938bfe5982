import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { type Commit, listCommits } from '../gitea/git.js'
import type { Page, PageRequest } from '../gitea/repos.js'
import { HOUR } from '../lib/units.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'

/** The history of a commit never changes; the Gitea login of who wrote one may, when that person is renamed. */
const NAMES_LAST_MS = HOUR

const Kept = z.object({
  readAt: z.number(),
  total: z.number().optional(),
  items: z.array(
    z.object({
      sha: z.string(),
      message: z.string(),
      author: z.string(),
      authoredAt: z.string(),
      parents: z.array(z.string()),
    }),
  ),
})

/** A page of the commits from `commit` backwards, itself the first. Needs the operation `listCommits`. */
export async function loadHistory(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  { page, limit }: PageRequest,
): Promise<Page<Commit>> {
  const { owner, repo, sha } = commit
  const key = `history:${sha}:${page}:${limit}`
  const held = parseKept(store.get(key))
  const now = store.clock.now()
  if (held && Math.abs(now - held.readAt) < NAMES_LAST_MS) return { items: held.items, total: held.total }
  const { items, total } = await listCommits(client, { owner, repo, ref: sha, page, limit })
  store.put(key, Buffer.from(JSON.stringify({ readAt: now, total, items })))
  return { items, total }
}

/** Undefined for what is not what was written: as good as not there. */
function parseKept(bytes: Buffer | undefined): z.output<typeof Kept> | undefined {
  if (bytes === undefined) return undefined
  // the edge to a file that anyone may damage
  try {
    return Kept.safeParse(JSON.parse(bytes.toString('utf8'))).data
  } catch {
    return undefined
  }
}
