import { toSize } from './lines.js'

/*
 * Files and folders as a few lines: one line per folder, names with blanks between. What is too much for one answer is
 * first folded into folders with a count, then split into pages.
 */

export interface ListedEntry {
  /** From the folder that was asked for. */
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'submodule'
  readonly size_bytes?: number | undefined
  /** A folder that stands for this many files below it. */
  readonly files?: number | undefined
}

/** From here on a size is worth its tokens: reading such a file is expensive. */
const LARGE_BYTES = 100_000

/** `./ README.md src/` and `src/lib/ a.ts b.ts`; odd names in quotes. */
export function describeEntries(entries: readonly ListedEntry[]): string {
  const lines: string[] = []
  let folder: string | undefined
  for (const entry of entries) {
    const { parent, label } = describeEntry(entry)
    if (parent === folder) lines[lines.length - 1] += ` ${label}`
    else lines.push(`${parent === '' ? '.' : quoteOdd(parent)}/ ${label}`)
    folder = parent
  }
  return lines.join('\n')
}

function describeEntry({ path, type, size_bytes = 0, files }: ListedEntry): { parent: string; label: string } {
  const cut = path.lastIndexOf('/')
  const name = quoteOdd(path.slice(cut + 1))
  const parent = cut === -1 ? '' : path.slice(0, cut)
  if (type === 'folder') return { parent, label: files === undefined ? `${name}/` : `${name}/(${files})` }
  if (type === 'file') return { parent, label: size_bytes < LARGE_BYTES ? name : `${name}(${toSize(size_bytes)})` }
  return { parent, label: `${name}(${type})` }
}

/** A name as it stands in a row of names. */
export function quoteOdd(name: string): string {
  return /[\s"()]/.test(name) ? JSON.stringify(name) : name
}

/** Entries in folder order, folded at the deepest level at which they fit; at the top level they may still not. */
export function toFitting(entries: readonly ListedEntry[], budget: number): ListedEntry[] {
  const depths = entries.map(({ path }) => path.split('/').length)
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 1)
  let fitting = inFolderOrder(entries)
  for (let depth = deepest - 1; depth >= 1 && describeEntries(fitting).length > budget; depth -= 1) {
    fitting = inFolderOrder(foldBelow(entries, depth))
  }
  return fitting
}

function foldBelow(entries: readonly ListedEntry[], depth: number): ListedEntry[] {
  const kept: ListedEntry[] = []
  const folded = new Map<string, number>()
  for (const entry of entries) {
    const segments = entry.path.split('/')
    if (segments.length <= depth) kept.push(entry)
    else {
      const folder = segments.slice(0, depth).join('/')
      folded.set(folder, (folded.get(folder) ?? 0) + 1)
    }
  }
  for (const [path, files] of folded) kept.push({ path, type: 'folder', files })
  return kept
}

function inFolderOrder(entries: readonly ListedEntry[]): ListedEntry[] {
  return entries
    .map((entry) => ({ entry, parent: entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/'))) }))
    .sort((a, b) => compare(a.parent, b.parent) || compare(a.entry.path, b.entry.path))
    .map(({ entry }) => entry)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Splits at the budget; the same entries always split the same way, so that a page number is a place in the list. */
export function chunkEntries(entries: readonly ListedEntry[], budget: number): ListedEntry[][] {
  const chunks: ListedEntry[][] = []
  let folder: string | undefined
  let used = 0
  for (const entry of entries) {
    const { parent, label } = describeEntry(entry)
    const length = label.length + 1 + (parent === folder ? 0 : parent.length + 4)
    const current = chunks.at(-1)
    if (current === undefined || used + length > budget) {
      chunks.push([entry])
      used = label.length + parent.length + 5
    } else {
      current.push(entry)
      used += length
    }
    folder = parent
  }
  return chunks
}
