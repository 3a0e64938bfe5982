import type { VisibleDiff } from './changed-files.js'

/*
 * Whether a line that somebody wants to comment is in the diff. Gitea takes comments on any line of any file, and shows
 * those outside the diff to nobody who reads it.
 */

interface Place {
  readonly path: string
  readonly line: number
  /** Before the change, not after it. */
  readonly old: boolean
}

type Range = readonly [first: number, last: number]

/** Why the place cannot be commented, in words; undefined when it can. */
export function findPlaceFault(diff: VisibleDiff, { path, line, old }: Place): string | undefined {
  const part = diff.parts.find(({ file }) => file.path === path)
  if (part === undefined) {
    const moved = diff.parts.find(({ file }) => file.old_path === path)
    if (moved !== undefined) return `${path} was renamed: comment on ${moved.file.path}.`
    return diff.changes.complete
      ? `${path} is not a file that this pull request changes.`
      : `${path} is not in the part of the diff that this server reads.`
  }
  const ranges = part.hunks.flatMap((row) => toRange(row, old))
  if (ranges.some(([first, last]) => first <= line && line <= last)) return undefined
  const side = old ? 'old lines' : 'lines'
  const other = old ? '' : ' and, with old, lines before the change'
  return ranges.length === 0
    ? `${path} has no ${side} in the diff${part.file.binary ? ': it is binary' : old ? '' : '; old comments on lines before the change'}.`
    : `${path} ${old ? 'old ' : ''}line ${line} is not in the diff, which has ${side} ${describeRanges(ranges)}${other}.`
}

const MOST_RANGES = 10

function describeRanges(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, MOST_RANGES).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return shown.join(', ') + (ranges.length > MOST_RANGES ? ', …' : '')
}

/** The lines that a hunk covers on one side; none for lines that are not its head, and where that side is empty. */
function toRange(row: string, old: boolean): Range[] {
  const [, oldStart, oldCount = '1', newStart, newCount = '1'] =
    /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(row) ?? []
  const first = Number((old ? oldStart : newStart) ?? 0)
  const count = Number(old ? oldCount : newCount)
  return oldStart === undefined || count === 0 ? [] : [[first, first + count - 1]]
}
