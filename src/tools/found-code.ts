import { z } from 'zod'
import type { CodeFindings } from '../search/code-search.js'
import type { FoundFile, FoundLine } from '../search/scan.js'
import { MAX_SEARCHED_BYTES } from '../search/searchable.js'
import { quoteOdd } from './entry-list.js'
import { count, toSize } from './lines.js'

/* Matches in code as data and as lines. */

const FoundFileData = z.object({
  path: z.string(),
  matches: z.number(),
  lines: z.array(z.object({ number: z.number(), text: z.string(), match: z.boolean() })),
})
export type FoundFileData = z.output<typeof FoundFileData>

/** Matches of one repository, and what was not searched in it. */
export const FoundInRepository = z.object({
  owner: z.string(),
  repo: z.string(),
  ref: z.string(),
  commit: z.string(),
  files: z.array(FoundFileData),
  matching_files: z.number(),
  matching_lines: z.number(),
  /** Both numbers are the whole truth. */
  counted: z.boolean(),
  out_of_time: z.boolean(),
  files_in_all: z.number(),
  not_indexed: z.number(),
  index_full: z.boolean(),
  listing_cut: z.boolean(),
  binary: z.number(),
  large: z.number(),
  vendored: z.number(),
})
export type FoundInRepository = z.output<typeof FoundInRepository>

/** Matches shown of each file where there are several files. */
const MOST_OF_SEVERAL = 5
const FEW_FILES = 3

export function toFound(findings: CodeFindings, contextLines: number): FoundInRepository {
  const { commit, files } = findings
  const most = files.length <= FEW_FILES ? Number.POSITIVE_INFINITY : MOST_OF_SEVERAL
  return {
    owner: commit.owner,
    repo: commit.repo,
    ref: commit.ref,
    commit: commit.sha,
    files: files.map((file) => toFileData(file, most, contextLines)),
    matching_files: findings.matchingFiles,
    matching_lines: findings.matches,
    counted: findings.isWhole,
    out_of_time: findings.isLate,
    files_in_all: findings.total,
    not_indexed: findings.missing,
    index_full: findings.isFull,
    listing_cut: findings.isListingCut,
    binary: findings.binary,
    large: findings.large,
    vendored: findings.aside,
  }
}

function toFileData({ path, matches, lines }: FoundFile, most: number, contextLines: number): FoundFileData {
  const numbers = lines.filter(({ isMatch }) => isMatch).map(({ number }) => number)
  const last = numbers[Math.min(most, numbers.length) - 1] ?? 0
  const kept = (line: FoundLine) => line.number <= last + contextLines && (line.number <= last || !line.isMatch)
  return {
    path,
    matches,
    lines: lines.filter(kept).map(({ number, text, isMatch }) => ({ number, text, match: isMatch })),
  }
}

/** `src/a.ts:12: text` for one line; else the path, how many matches there are, and `12: text`, `13- context`. */
export function describeFile({ path, matches, lines }: FoundFileData, before = ''): string {
  const name = before + quoteOdd(path)
  const shown = lines.map(({ number, text, match }) => `${number}${match ? ':' : '-'} ${text}`)
  if (shown.length === 1 && matches === 1) return `${name}:${shown[0]}`
  const more = matches - lines.filter(({ match }) => match).length
  return [more === 0 ? name : `${name} (${matches} matching lines)`, ...shown].join('\n')
}

/** What was not searched, and what to do about it; empty when all was. */
export function describeCoverage(found: FoundInRepository): string[] {
  const { files_in_all: total, not_indexed: missing, binary, large, vendored } = found
  const left = [
    binary === 0 ? '' : `${binary} binary`,
    large === 0 ? '' : `${large} over ${toSize(MAX_SEARCHED_BYTES)}`,
    vendored === 0 ? '' : `${vendored} vendored or generated (files=… includes them)`,
  ].filter((part) => part !== '')
  return [
    missing === 0
      ? ''
      : found.index_full
        ? `Only ${total - missing} of ${count(total, 'file')} were searched: this server's index has no more room (SEARCH_INDEX_MAX_MB).`
        : `Only ${total - missing} of ${count(total, 'file')} were searched: the index is being made. The same call again goes on.`,
    found.listing_cut ? 'The repository has more files than are listed at once; the rest was not searched.' : '',
    found.out_of_time
      ? 'Time ran out before all files were searched. Narrow it with files, language or a longer query.'
      : '',
    left.length === 0 ? '' : `Not searched: ${left.join(', ')}.`,
  ].filter((line) => line !== '')
}
