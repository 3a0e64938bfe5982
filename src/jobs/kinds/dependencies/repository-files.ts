import { z } from 'zod'
import type { JobContext } from '../../define-job.js'
import type { ReadFile } from './checks.js'
import type { Ecosystem } from './model.js'
import { type FileContent, findKnownFile, type KnownFile, parseFile } from './readers.js'

/* The files of a repository that say something about dependencies, read at one commit. */

export const REPOSITORY_TOOLS = ['get_repository_info', 'get_branch', 'get_file_tree', 'get_file_contents'] as const

type Context = Pick<JobContext<unknown>, 'repository' | 'read'>

/** Listings of folders that one run asks for; a listing that is too long is asked for folder by folder. */
const MOST_LISTINGS = 100
const FILES_A_CALL = 20
/** Parts of one file: it is longer than an answer may be. */
const MOST_PARTS = 200

/** The commit at the head of the default branch; undefined while there is none. */
export async function findHead({ repository, read }: Context): Promise<string | undefined> {
  const { default_branch: branch, empty } = await read('get_repository_info', { ...repository }, Repository)
  return empty || branch === '' ? undefined : (await read('get_branch', { ...repository, branch }, Branch)).sha
}

const Repository = z.object({ default_branch: z.string(), empty: z.boolean() })
const Branch = z.object({ sha: z.string() })

interface Listing {
  readonly files: readonly KnownFile[]
  /** Why it may not be all, in words. */
  readonly left: readonly string[]
}

/** The files of interest, those nearest to the top first. */
export async function listKnownFiles(
  context: Context,
  commit: string,
  ecosystems: readonly Ecosystem[],
): Promise<Listing> {
  const files: KnownFile[] = []
  const left = new Set<string>()
  const folders: (string | undefined)[] = [undefined]
  let listings = 0
  for (let folder = folders.shift(), page = 1; ; ) {
    if (listings >= MOST_LISTINGS) {
      left.add('folders beyond the first in a very large repository')
      break
    }
    listings += 1
    const args = {
      ...context.repository,
      ref: commit,
      recursive: true,
      page,
      ...(folder === undefined ? {} : { path: folder }),
    }
    const { entries, hidden, complete, next } = await context.read('get_file_tree', args, Tree)
    if (!complete) left.add('a part of a very large list of files')
    if (hidden > 0) left.add('files that the policy hides')
    for (const entry of entries) {
      const path = folder === undefined ? entry.path : `${folder}/${entry.path}`
      const known = entry.type === 'file' ? findKnownFile(path, ecosystems) : undefined
      if (known !== undefined) files.push(known)
      if (entry.type === 'folder' && !isForeign(path)) folders.push(path)
    }
    if (next !== undefined) {
      page = next.page
      continue
    }
    page = 1
    folder = folders.shift()
    if (folder === undefined) break
  }
  return { files: files.toSorted((a, b) => toDepth(a) - toDepth(b) || (a.path < b.path ? -1 : 1)), left: [...left] }
}

const Tree = z.object({
  entries: z.array(z.object({ path: z.string(), type: z.string() })),
  hidden: z.number(),
  complete: z.boolean(),
  next: z.object({ page: z.int() }).optional(),
})

function isForeign(folder: string): boolean {
  return findKnownFile(`${folder}/package.json`, ['npm']) === undefined
}

function toDepth({ path }: KnownFile): number {
  return path.split('/').length
}

/** The content of each, or in words why there is none. */
export async function readFiles(
  context: Context,
  commit: string,
  files: readonly KnownFile[],
): Promise<readonly ReadFile[]> {
  const wanted = files.filter(({ role }) => role !== 'opaque')
  const found = new Map<string, FileContent>()
  for (let at = 0; at < wanted.length; at += FILES_A_CALL) {
    const some = wanted.slice(at, at + FILES_A_CALL)
    const args = { ...context.repository, ref: commit, filepaths: some.map(({ path }) => path) }
    const { files: answers } = await context.read('get_file_contents', args, Contents)
    for (const answer of answers) {
      const known = some.find(({ path }) => path === answer.path)
      if (known !== undefined) found.set(answer.path, await completeFile(context, commit, known, answer))
    }
  }
  return files.map((file) => ({ ...file, content: found.get(file.path) }))
}

const Lines = z.object({ endLine: z.int(), totalLines: z.int(), cutChars: z.int() })
type Lines = z.output<typeof Lines>
const Answer = z.object({
  path: z.string(),
  type: z.string(),
  text: z.string().optional(),
  lines: Lines.optional(),
})
type Answer = z.output<typeof Answer>
const Contents = z.object({ files: z.array(Answer) })

async function completeFile(context: Context, commit: string, file: KnownFile, first: Answer): Promise<FileContent> {
  const parts: string[] = []
  let answer: Answer | undefined = first
  while (answer !== undefined) {
    if (answer.type !== 'file' || answer.text === undefined || answer.lines === undefined) {
      return { unread: WORDS[answer.type] ?? 'it is no text' }
    }
    const { endLine, totalLines, cutChars }: Lines = answer.lines
    if (cutChars > 0) {
      return { unread: 'it has a line that is too long' }
    }
    parts.push(answer.text)
    if (endLine >= totalLines) break
    if (parts.length >= MOST_PARTS) {
      return { unread: 'it is too long' }
    }
    const args = { ...context.repository, ref: commit, filepath: file.path, start_line: endLine + 1 }
    const next: z.output<typeof Contents> = await context.read('get_file_contents', args, Contents)
    answer = next.files[0]
  }
  return parseFile(file, parts.join('\n'))
}

const WORDS: Readonly<Record<string, string>> = {
  too_large: 'it is larger than MAX_FILE_SIZE_BYTES',
  lfs: 'it is kept in LFS',
  symlink: 'it is a link to elsewhere',
  submodule: 'it is a submodule',
  binary: 'it is no text',
  refused: 'it is not shown to the automation',
}
