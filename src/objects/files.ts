import type { GiteaClient } from '../gitea/client.js'
import { type Contents, getContents } from '../gitea/contents.js'
import { loadBlobBytes, type TreeEntry } from '../gitea/git-data.js'
import type { RepositoryName } from '../gitea/repos.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { guessCommit, type ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'
import { findHeld, isHeld, loadFolder, TREE_OPERATIONS } from './trees.js'

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

/** What Gitea said of a path before it was known that this commit is the one to look at. */
interface ReadAhead {
  readonly sha: string
  readonly found: Contents
}

/**
 * Asks Gitea, as the caller, for what stands at a path of the commit that a ref was last, while it is being asked what
 * the ref is now. Undefined where there is no guess, where the store has it, and for whatever goes wrong: then
 * `loadContents` asks by itself.
 */
export async function readAhead(
  client: GiteaClient,
  store: ObjectStore,
  args: RepositoryName & { readonly ref: string | undefined; readonly path: string; readonly maxBytes: number },
): Promise<ReadAhead | undefined> {
  const { owner, repo, path, maxBytes } = args
  const sha = guessCommit(store, args)
  if (sha === undefined || store.get(toPlaceKey(sha, path)) || isHeld(store, sha, path)) return undefined
  const found = await getContents(client, { owner, repo, filepath: path, ref: sha, maxBytes }).catch(() => undefined)
  return found && { sha, found }
}

/**
 * What stands at a path of a commit.
 *
 * @param ahead counts where it is of this very commit
 * @throws NotFound when there is nothing
 */
export async function loadContents(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  args: { readonly path: string; readonly maxBytes: number },
  ahead?: Promise<ReadAhead | undefined>,
): Promise<Contents> {
  const { path } = args
  const entry = findPlace(store, commit, path) ?? findHeld(store, commit, path)
  const held = entry && (await findAtEntry(client, store, commit, entry, args))
  if (held) return held
  const early = await ahead
  const found = early?.sha === commit.sha ? early.found : await askContents(client, store, commit, args)
  if (found.type === 'file') {
    store.put(toPlaceKey(commit.sha, path), Buffer.from(`${found.id} ${found.sizeBytes}`))
    if (found.bytes) store.put(toBlobKey(found.id), found.bytes)
  }
  return found
}

function askContents(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  args: { readonly path: string; readonly maxBytes: number },
): Promise<Contents> {
  const { owner, repo, sha } = commit
  const { path, maxBytes } = args
  return getContents(client, { owner, repo, filepath: path, ref: sha, maxBytes }).catch(async (thrown: unknown) => {
    // before 1.25 Gitea has no such route, and answers as for a path that is not there; its folder knows
    const there = thrown instanceof NotFound ? await findInFolder(client, store, commit, path) : undefined
    const other = there && (await findAtEntry(client, store, commit, there, args))
    if (other) return other
    throw thrown
  })
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

function toPlaceKey(sha: string, path: string): string {
  return `file:${sha}:${path}`
}

/** Which blob a path of a commit is, where only this one file was read and no folder. */
function findPlace(
  store: ObjectStore,
  commit: ResolvedCommit,
  path: string,
): (Place & { readonly type: 'file' }) | undefined {
  const [, id, size] = /^([0-9a-f]+) (\d+)$/.exec(store.get(toPlaceKey(commit.sha, path))?.toString() ?? '') ?? []
  return id === undefined ? undefined : { type: 'file', id, sizeBytes: Number(size) }
}
