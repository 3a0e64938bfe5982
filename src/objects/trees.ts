import type { GiteaClient } from '../gitea/client.js'
import { getTree, TREE_PAGE_ENTRIES, type TreeEntry, type TreePage } from '../gitea/git-data.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'

/*
 * Folders by the id of their tree: a commit that changes ten files shares all its other folders with the one before.
 * The top folder stands under the id of its commit, because Gitea does not tell the tree's.
 */

/** What reading folders may ask of Gitea. */
export const TREE_OPERATIONS = ['getTree'] as const

export interface Listing {
  readonly entries: readonly TreeEntry[]
  /** False when there is more than was read. */
  readonly isComplete: boolean
}

/** More files and folders than this are not listed at once. */
const MAX_ENTRIES = 100_000
/** Longer than any path that git can check out. */
const MAX_PATH_CHARS = 4096
/** Pages of one listing that are asked for at a time. */
const PARALLEL = 4
/** From here on a listing is so dear for Gitea that the folders which are not yet known are asked for one by one. */
const LARGE_ENTRIES = 2 * TREE_PAGE_ENTRIES
/** And up to so many of them. */
const MAX_FOLDERS_ASKED = 300

/**
 * The entries of one folder (the top when `path` is left out).
 *
 * @throws InvalidInput from Gitea when the commit has no such folder
 */
export async function loadFolder(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  path?: string,
): Promise<Listing> {
  const id = path === undefined ? commit.sha : findHeld(store, commit, path)?.id
  const held = id === undefined ? undefined : findFolder(store, id)
  if (held) return { entries: held, isComplete: true }
  return askTree(client, store, commit, { path, recursive: false })
}

/**
 * Everything below a folder (the top when `path` is left out), folders included, each before what it holds.
 *
 * @throws InvalidInput from Gitea when the commit has no such folder
 */
export async function loadTree(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  path?: string,
): Promise<Listing> {
  const id = path === undefined ? commit.sha : findHeld(store, commit, path)?.id
  const held = id === undefined ? undefined : walk(store, id)
  if (held) return { entries: held, isComplete: true }
  const first = await askPage(client, commit, { path, recursive: true }, 1)
  if (!first.isLast && first.total > LARGE_ENTRIES && path === undefined) {
    const entries = await completeFolders(client, store, commit)
    if (entries) return { entries, isComplete: true }
  }
  return askTree(client, store, commit, { path, recursive: true }, first)
}

/**
 * The entries of a folder by its id.
 *
 * @param id a commit's own, or of a tree that a listing of this very commit named
 */
export async function loadSubfolder(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  id: string,
): Promise<Listing> {
  const held = findFolder(store, id)
  if (held) return { entries: held, isComplete: true }
  const { owner, repo } = commit
  const page = await getTree(client, { owner, repo, treeish: id, recursive: false, page: 1 })
  keep(store, id, page.entries, false, page.isLast)
  return { entries: page.entries, isComplete: page.isLast }
}

/** Sees to it that all folders of a small tree are held, with one question; does nothing for a large one. */
export async function holdSmallTree(client: GiteaClient, store: ObjectStore, commit: ResolvedCommit): Promise<void> {
  if (walk(store, commit.sha)) return
  const question = { path: undefined, recursive: true }
  const first = await askPage(client, commit, question, 1)
  if (first.total <= LARGE_ENTRIES) await askTree(client, store, commit, question, first)
}

/** What a path is, as far as the folders on the way to it are held; undefined says nothing about whether it exists. */
export function findHeld(store: ObjectStore, commit: ResolvedCommit, path: string): TreeEntry | undefined {
  return findEntry(store, commit.sha, path)
}

/** Whether the folders on the way to a path of a commit are held. Says nothing of what is there, so it needs no right. */
export function isHeld(store: ObjectStore, sha: string, path: string): boolean {
  return findEntry(store, sha, path) !== undefined
}

function findEntry(store: ObjectStore, sha: string, path: string): TreeEntry | undefined {
  let id = sha
  let entry: TreeEntry | undefined
  for (const name of path.split('/')) {
    if (entry !== undefined && entry.type !== 'folder') return undefined
    entry = findFolder(store, id)?.find((candidate) => candidate.path === name)
    if (entry === undefined) return undefined
    id = entry.id
  }
  return entry && { ...entry, path }
}

interface TreeQuestion {
  readonly path: string | undefined
  readonly recursive: boolean
}

function askPage(client: GiteaClient, commit: ResolvedCommit, question: TreeQuestion, page: number): Promise<TreePage> {
  const { owner, repo, sha } = commit
  const treeish = question.path === undefined ? sha : `${sha}:${question.path}`
  return getTree(client, { owner, repo, treeish, recursive: question.recursive, page })
}

async function askTree(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  question: TreeQuestion,
  known?: TreePage,
): Promise<Listing> {
  const first = known ?? (await askPage(client, commit, question, 1))
  const entries = [...first.entries]
  const pageEntries = Math.max(1, first.entries.length)
  const lastPage = first.isLast ? 1 : Math.ceil(Math.min(first.total, MAX_ENTRIES) / pageEntries)
  for (let page = 2; page <= lastPage; page += PARALLEL) {
    const numbers = Array.from({ length: Math.min(PARALLEL, lastPage - page + 1) }, (_, at) => page + at)
    const pages = await Promise.all(numbers.map((number) => askPage(client, commit, question, number)))
    for (const part of pages) entries.push(...part.entries)
  }
  const isComplete = entries.length >= first.total
  keep(store, question.path === undefined ? commit.sha : first.id, entries, question.recursive, isComplete)
  return { entries, isComplete }
}

/**
 * The whole tree of a large commit from what its predecessors left in the store and a few questions; undefined when too
 * much of it is new.
 */
async function completeFolders(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
): Promise<readonly TreeEntry[] | undefined> {
  const { owner, repo } = commit
  let unknown = [commit.sha]
  let asked = 0
  while (unknown.length > 0) {
    asked += unknown.length
    if (asked > MAX_FOLDERS_ASKED) return undefined
    const next: string[] = []
    for (let at = 0; at < unknown.length; at += PARALLEL) {
      const pages = await Promise.all(
        unknown
          .slice(at, at + PARALLEL)
          .map((id) => getTree(client, { owner, repo, treeish: id, recursive: false, page: 1 })),
      )
      for (const page of pages) {
        if (!page.isLast) return undefined
        keep(store, page.id, page.entries, false, true)
        const folders = page.entries.filter(({ type }) => type === 'folder')
        next.push(...folders.map(({ id }) => id).filter((id) => findFolder(store, id) === undefined))
      }
    }
    unknown = next
  }
  return walk(store, commit.sha)
}

/** Folder by folder; what a cut listing did not reach the end of is left out. */
function keep(
  store: ObjectStore,
  id: string,
  entries: readonly TreeEntry[],
  isRecursive: boolean,
  isComplete: boolean,
): void {
  if (!isRecursive) {
    if (isComplete) store.put(toKey(id), encode(entries))
    return
  }
  const folders = new Map<string, { readonly id: string; readonly entries: TreeEntry[] }>([['', { id, entries: [] }]])
  for (const entry of entries) {
    const cut = entry.path.lastIndexOf('/')
    const parent = folders.get(cut === -1 ? '' : entry.path.slice(0, cut))
    parent?.entries.push({ ...entry, path: entry.path.slice(cut + 1) })
    if (entry.type === 'folder') folders.set(entry.path, { id: entry.id, entries: [] })
  }
  const end = isComplete ? undefined : `${entries.at(-1)?.path ?? ''}/`
  for (const [path, folder] of folders) {
    const isCut = end !== undefined && (path === '' || end.startsWith(`${path}/`))
    if (!isCut) store.put(toKey(folder.id), encode(folder.entries))
  }
}

function walk(store: ObjectStore, id: string): TreeEntry[] | undefined {
  const entries: TreeEntry[] = []
  const add = (folderId: string, prefix: string): boolean => {
    const folder = findFolder(store, folderId)
    // a few small trees that repeat each other can stand for more entries than there is memory
    if (folder === undefined || entries.length + folder.length > MAX_ENTRIES || prefix.length > MAX_PATH_CHARS)
      return false
    for (const entry of folder) {
      const path = prefix + entry.path
      entries.push({ ...entry, path })
      if (entry.type === 'folder' && !add(entry.id, `${path}/`)) return false
    }
    return true
  }
  return add(id, '') ? entries : undefined
}

function toKey(id: string): string {
  return `tree:${id}`
}

const LETTERS = { file: 'f', folder: 'd', symlink: 'l', submodule: 's' } as const
const TYPES: Readonly<Record<string, TreeEntry['type']>> = { f: 'file', d: 'folder', l: 'symlink', s: 'submodule' }

/** `f 2fd4… 120 name`, each ended by a NUL, which no name has. */
function encode(entries: readonly TreeEntry[]): Buffer {
  return Buffer.from(
    entries.map(({ path, type, id, sizeBytes }) => `${LETTERS[type]} ${id} ${sizeBytes} ${path}\0`).join(''),
  )
}

/** The entries of a folder whose tree id or commit id is given, when they are held. */
function findFolder(store: ObjectStore, id: string): TreeEntry[] | undefined {
  const bytes = store.get(toKey(id))
  if (bytes === undefined) return undefined
  const entries: TreeEntry[] = []
  for (const line of bytes.toString('utf8').split('\0')) {
    if (line === '') continue
    const [, letter = '', entryId = '', size = '', path = ''] = /^(\w) (\w+) (\d+) (.*)$/s.exec(line) ?? []
    const type = TYPES[letter]
    // not what was written: as good as not there
    if (type === undefined) return undefined
    entries.push({ path, type, id: entryId, sizeBytes: Number(size) })
  }
  return entries
}
