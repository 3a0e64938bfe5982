import type { GiteaClient } from '../gitea/client.js'
import type { TreeEntry } from '../gitea/git-data.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'
import { holdSmallTree, loadSubfolder } from './trees.js'

/** A file that is not the same in two commits. A change of its mode alone is not seen. */
export interface TreeChange {
  readonly path: string
  /** Where the very same content was before. */
  readonly oldPath?: string
  /** Undefined for a new file. */
  readonly before: TreeEntry | undefined
  /** Undefined for a deleted one. */
  readonly after: TreeEntry | undefined
}

export interface TreeChanges {
  /** By path. */
  readonly changes: readonly TreeChange[]
  /** False when the two differ in more places than were looked at. */
  readonly isComplete: boolean
}

/** Folders that differ and are looked into; two trees that share little are not worth more. */
const MAX_FOLDERS = 600
const MAX_CHANGES = 5000
/** Folders looked into at a time. */
const PARALLEL = 4

interface FolderPair {
  readonly path: string
  readonly before: TreeEntry | undefined
  readonly after: TreeEntry | undefined
}

/**
 * The files that differ between two commits, found by going only into folders whose ids differ. Needs
 * `TREE_OPERATIONS`.
 */
export async function compareTrees(
  client: GiteaClient,
  store: ObjectStore,
  base: ResolvedCommit,
  head: ResolvedCommit,
): Promise<TreeChanges> {
  if (base.sha === head.sha) return { changes: [], isComplete: true }
  await Promise.all([holdSmallTree(client, store, base), holdSmallTree(client, store, head)])
  const changes: TreeChange[] = []
  let pairs: FolderPair[] = [{ path: '', before: toTop(base), after: toTop(head) }]
  let looked = 0
  let isComplete = true
  const load = async (commit: ResolvedCommit, folder: TreeEntry | undefined) => {
    if (folder === undefined) return []
    const listing = await loadSubfolder(client, store, commit, folder.id)
    isComplete &&= listing.isComplete
    return listing.entries
  }
  while (pairs.length > 0) {
    looked += pairs.length
    if (looked > MAX_FOLDERS || changes.length > MAX_CHANGES) return { changes: finish(changes), isComplete: false }
    const next: FolderPair[] = []
    for (let at = 0; at < pairs.length; at += PARALLEL) {
      const found = await Promise.all(
        pairs.slice(at, at + PARALLEL).map(async ({ path, before, after }) => {
          const [old, now] = await Promise.all([load(base, before), load(head, after)])
          return compareFolders(path, old, now)
        }),
      )
      for (const part of found) {
        changes.push(...part.changes)
        next.push(...part.folders)
      }
    }
    pairs = next
  }
  return { changes: finish(changes), isComplete }
}

function toTop({ sha }: ResolvedCommit): TreeEntry {
  return { path: '', type: 'folder', id: sha, sizeBytes: 0 }
}

function compareFolders(
  folder: string,
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
): { readonly changes: TreeChange[]; readonly folders: FolderPair[] } {
  const changes: TreeChange[] = []
  const folders: FolderPair[] = []
  const old = new Map(before.map((entry) => [entry.path, entry]))
  const now = new Map(after.map((entry) => [entry.path, entry]))
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const path = folder === '' ? name : `${folder}/${name}`
    const left = old.get(name)
    const right = now.get(name)
    if (left?.id === right?.id && left?.type === right?.type) continue
    const [oldFolder, oldFile] = split(left)
    const [newFolder, newFile] = split(right)
    if (oldFolder || newFolder) folders.push({ path, before: oldFolder, after: newFolder })
    if (oldFile || newFile) changes.push({ path, before: oldFile, after: newFile })
  }
  return { changes, folders }
}

function split(entry: TreeEntry | undefined): [folder: TreeEntry | undefined, file: TreeEntry | undefined] {
  return entry?.type === 'folder' ? [entry, undefined] : [undefined, entry]
}

/** In the order of paths, with a deleted and a new file of the same content as one that was moved. */
function finish(changes: readonly TreeChange[]): TreeChange[] {
  const deleted = new Map<string, TreeChange>()
  for (const change of changes) {
    const isMovable = change.after === undefined && change.before?.type === 'file' && change.before.sizeBytes > 0
    if (isMovable && change.before) deleted.set(change.before.id, change)
  }
  const taken = new Set<TreeChange>()
  const found = changes.map((change) => {
    const { path, before, after } = change
    const from = before === undefined && after?.type === 'file' ? deleted.get(after.id) : undefined
    if (from === undefined || taken.has(from)) return change
    taken.add(from)
    return { path, oldPath: from.path, before: from.before, after }
  })
  return found.filter((change) => !taken.has(change)).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}
