import type { GiteaClient } from '../gitea/client.js'
import { type Contents, getContents } from '../gitea/contents.js'
import { loadBlobBytes, type TreeEntry } from '../gitea/git-data.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'
import { findHeld, loadFolder, TREE_OPERATIONS } from './trees.js'

/** What reading files may ask of Gitea. */
export const FILE_OPERATIONS = ['getContents', 'getBlob', ...TREE_OPERATIONS] as const

/**
 * The bytes of a blob that a tree of `commit` names; undefined when it is larger than `maxBytes`.
 *
 * @param args.id must come from a listing of this very commit: that is what makes the caller's right reach it
 */
export async function loadBlob(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  args: { readonly id: string; readonly maxBytes: number },
): Promise<Buffer | undefined> {
  const { id, maxBytes } = args
  const held = store.get(toBlobKey(id))
  if (held) return held.length <= maxBytes ? held : undefined
  const { owner, repo } = commit
  const bytes = await loadBlobBytes(client, { owner, repo, id, maxBytes })
  if (bytes) store.put(toBlobKey(id), bytes)
  return bytes
}

/**
 * What stands at a path of a commit.
 *
 * @throws NotFound when there is nothing
 */
export async function loadContents(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  args: { readonly path: string; readonly maxBytes: number },
): Promise<Contents> {
  const { path, maxBytes } = args
  const entry = findPlace(store, commit, path) ?? findHeld(store, commit, path)
  const held = entry && (await findAtEntry(client, store, commit, entry, args))
  if (held) return held
  const { owner, repo, sha } = commit
  const found = await getContents(client, { owner, repo, filepath: path, ref: sha, maxBytes }).catch(
    async (thrown: unknown) => {
      // before 1.25 Gitea has no such route, and answers as for a path that is not there; its folder knows
      const there = thrown instanceof NotFound ? await findInFolder(client, store, commit, path) : undefined
      const other = there && (await findAtEntry(client, store, commit, there, args))
      if (other) return other
      throw thrown
    },
  )
  if (found.type === 'file') {
    store.put(toPlaceKey(commit, path), Buffer.from(`${found.id} ${found.sizeBytes}`))
    if (found.bytes) store.put(toBlobKey(found.id), found.bytes)
  }
  return found
}

type Place = Pick<TreeEntry, 'type' | 'id' | 'sizeBytes'>

/** What a folder or a file holds; undefined for what a listing does not tell enough of. */
async function findAtEntry(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  { type, id, sizeBytes }: Place,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<Contents | undefined> {
  if (type === 'folder') {
    const { entries } = await loadFolder(client, store, commit, path)
    return { type: 'folder', names: entries.map((entry) => (entry.type === 'folder' ? `${entry.path}/` : entry.path)) }
  }
  if (type !== 'file') return undefined
  const bytes = sizeBytes > maxBytes ? undefined : await loadBlob(client, store, commit, { id, maxBytes })
  return { type: 'file', id, sizeBytes, bytes }
}

async function findInFolder(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  path: string,
): Promise<TreeEntry | undefined> {
  const cut = path.lastIndexOf('/')
  const parent = cut === -1 ? undefined : path.slice(0, cut)
  const folder = await loadFolder(client, store, commit, parent).catch((thrown: unknown) => {
    // a folder that is not there holds nothing
    if (thrown instanceof NotFound || thrown instanceof InvalidInput) return undefined
    throw thrown
  })
  return folder?.entries.find((entry) => entry.path === path.slice(cut + 1))
}

function toBlobKey(id: string): string {
  return `blob:${id}`
}

function toPlaceKey({ sha }: ResolvedCommit, path: string): string {
  return `file:${sha}:${path}`
}

/** Which blob a path of a commit is, where only this one file was read and no folder. */
function findPlace(
  store: ObjectStore,
  commit: ResolvedCommit,
  path: string,
): (Place & { readonly type: 'file' }) | undefined {
  const [, id, size] = /^([0-9a-f]+) (\d+)$/.exec(store.get(toPlaceKey(commit, path))?.toString() ?? '') ?? []
  return id === undefined ? undefined : { type: 'file', id, sizeBytes: Number(size) }
}
