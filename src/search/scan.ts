import type { IndexFile } from './index-file.js'
import type { Matcher } from './matcher.js'
import { createBreather } from './parallel.js'
import type { PathFilter } from './path-filter.js'
import { toRunHashes } from './pieces.js'
import { FILE_KIND, type Snapshot } from './snapshot.js'

/*
 * One search in one commit. A match counts only in the text as it will be shown, with secrets masked: a search that
 * looked into what is masked would tell it bit by bit.
 */

export interface ScanRequest {
  readonly matcher: Matcher
  readonly filters: readonly PathFilter[]
  /** Vendored and generated files too. */
  readonly hasAside: boolean
  readonly mayReadPath: (path: string) => boolean
  readonly maskSecrets: (text: string) => string
  /** Matching files that are passed over, then those that are shown. */
  readonly skip: number
  readonly take: number
  readonly matchesAFile: number
  /** Lines before and after each match. */
  readonly contextLines: number
  readonly budgetMs: number
  readonly signal: AbortSignal
}

export interface FoundLine {
  readonly number: number
  readonly text: string
  readonly isMatch: boolean
}

export interface FoundFile {
  readonly path: string
  readonly lines: readonly FoundLine[]
  /** Matching lines, also those that are not among `lines`. */
  readonly matches: number
  readonly shownMatches: number
}

export interface Findings {
  readonly files: readonly FoundFile[]
  /** Matching files that were seen, also before and after those that are shown. */
  readonly matchingFiles: number
  readonly matches: number
  /** Everything was looked at, so that the numbers are the whole truth. */
  readonly isWhole: boolean
  /** The time ended before there were enough files to show. */
  readonly isLate: boolean
  /** Files that were left out by rule. */
  readonly binary: number
  readonly aside: number
}

const SLICE_MS = 10
/** When enough is found, so long is counted on. */
const COUNT_MS = 15
/** More of a line is not shown. */
const MOST_LINE_CHARS = 240

/** Searches the files of a commit in the order of their names. */
export async function scan(
  snapshot: Snapshot,
  use: <Result>(work: (file: IndexFile) => Result) => Result,
  request: ScanRequest,
): Promise<Findings> {
  const { matcher, filters, skip, take, signal } = request
  const { paths, rows, kinds } = snapshot
  const breathe = createBreather(SLICE_MS)
  let deadline = performance.now() + request.budgetMs
  const isLate = () => performance.now() > deadline
  const isCandidate = findCandidates(snapshot, use, matcher)
  const runs = toRunHashes(matcher.clues)
  const files: FoundFile[] = []
  const counts = { matchingFiles: 0, matches: 0, binary: 0, aside: 0 }
  let isWhole = true
  // by number: pairs for a hundred thousand files cost more than the search
  for (let at = 0; at < paths.length; at += 1) {
    const path = paths[at] ?? ''
    const row = rows[at] ?? 0
    const kind = kinds[at]
    const isAside = kind === FILE_KIND.aside && !request.hasAside
    if (kind === FILE_KIND.searched && !isCandidate(row)) continue
    if (!filters.every((isWanted) => isWanted(path))) continue
    if (kind === FILE_KIND.binary) counts.binary += 1
    if (isAside) counts.aside += 1
    if (kind === FILE_KIND.binary || isAside || !isCandidate(row)) continue
    if (isLate()) {
      isWhole = false
      break
    }
    await breathe()
    signal.throwIfAborted()
    if (!request.mayReadPath(path)) continue
    const found = searchText(
      use((file) => (runs.length === 0 || file.mayHold(row, runs) ? file.readText(row) : undefined)),
      path,
      request,
      isLate,
    )
    if (found === undefined) continue
    counts.matchingFiles += 1
    counts.matches += found.matches
    if (counts.matchingFiles > skip && files.length < take) files.push(found)
    if (counts.matchingFiles === skip + take) deadline = Math.min(deadline, performance.now() + COUNT_MS)
  }
  return { files, ...counts, isWhole, isLate: !isWhole && files.length < take }
}

/** Says of a row of this commit whether its text may match, from the index alone. */
function findCandidates(
  { rows }: Snapshot,
  use: <Result>(work: (file: IndexFile) => Result) => Result,
  { clues }: Matcher,
): (row: number) => boolean {
  if (clues.length === 0) return () => true
  let first = rows[0] ?? 0
  let last = first
  for (const row of rows) {
    if (row < first) first = row
    if (row > last) last = row
  }
  const bits = new Uint8Array(((last - first) >>> 3) + 1)
  for (const row of use((file) => file.matchRows(clues, first, last))) {
    const at = row - first
    bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7))
  }
  return (row) => (((bits[(row - first) >>> 3] ?? 0) >> ((row - first) & 7)) & 1) === 1
}

function searchText(
  text: string | undefined,
  path: string,
  { matcher, maskSecrets, matchesAFile, contextLines }: ScanRequest,
  isLate: () => boolean,
): FoundFile | undefined {
  if (text === undefined) return undefined
  // masking costs more than a look at the text
  if (!matcher.mayMatch(text)) return undefined
  const masked = maskSecrets(text)
  const lines = masked.split('\n')
  // a text that is withheld as a whole
  if (masked !== text && lines.length !== countLines(text)) return undefined
  const { lines: numbers, total } = matcher.findLines(masked, matchesAFile, isLate)
  if (total === 0) return undefined
  return { path, lines: toShown(lines, numbers, contextLines), matches: total, shownMatches: numbers.length }
}

function countLines(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

function toShown(lines: readonly string[], numbers: readonly number[], contextLines: number): FoundLine[] {
  const matching = new Set(numbers)
  const shown = new Set<number>()
  for (const number of numbers) {
    for (let near = number - contextLines; near <= number + contextLines; near += 1) {
      const isLineBreakAtEnd = near === lines.length && lines[near - 1] === ''
      if (near >= 1 && near <= lines.length && !(isLineBreakAtEnd && near !== number)) shown.add(near)
    }
  }
  return [...shown]
    .sort((a, b) => a - b)
    .map((number) => ({ number, text: toShortLine(lines[number - 1] ?? ''), isMatch: matching.has(number) }))
}

function toShortLine(line: string): string {
  const plain = line.endsWith('\r') ? line.slice(0, -1) : line
  return plain.length <= MOST_LINE_CHARS ? plain : `${plain.slice(0, MOST_LINE_CHARS).toWellFormed()}…`
}
