import { structuredPatch } from 'diff'

/*
 * The lines that differ between two texts, as a diff has them. The work is bounded: two texts that have nothing in
 * common would keep the server busy for minutes.
 */

const CONTEXT_LINES = 3

export interface LineChanges {
  /** Hunks, each from its `@@` line on. */
  readonly hunks: readonly string[]
  readonly additions: number
  readonly deletions: number
}

/**
 * Undefined when the two differ too much to be compared in time.
 *
 * @param before empty for a file that is not there, as is `after`
 * @param maxMs how long this may take
 */
export function compareLines(before: string, after: string, maxMs: number): LineChanges | undefined {
  if (before === '') return toOneHunk(after, '+')
  if (after === '') return toOneHunk(before, '-')
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: CONTEXT_LINES,
    timeout: maxMs,
  })
  if (patch === undefined) return undefined
  let additions = 0
  let deletions = 0
  const hunks = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => {
    for (const line of lines) {
      if (line.startsWith('+')) additions += 1
      else if (line.startsWith('-')) deletions += 1
    }
    return [`@@ -${toRange(oldStart, oldLines)} +${toRange(newStart, newLines)} @@`, ...lines]
  })
  return { hunks, additions, deletions }
}

function toRange(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${start},${lines}`
}

function toOneHunk(text: string, sign: '+' | '-'): LineChanges {
  if (text === '') return { hunks: [], additions: 0, deletions: 0 }
  const lines = text.split('\n')
  const isEnded = lines.at(-1) === ''
  if (isEnded) lines.pop()
  const range = toRange(1, lines.length)
  const head = sign === '+' ? `@@ -0,0 +${range} @@` : `@@ -${range} +0,0 @@`
  const hunks = [head, ...lines.map((line) => sign + line), ...(isEnded ? [] : ['\\ No newline at end of file'])]
  return sign === '+'
    ? { hunks, additions: lines.length, deletions: 0 }
    : { hunks, additions: 0, deletions: lines.length }
}
