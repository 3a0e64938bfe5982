import { cutLines, type TextPart } from './lines.js'
import { toTextCost } from './text-cost.js'

/*
 * The part of a job's log that is worth its tokens, found while the log passes by: what is held is bounded, however
 * long the log is.
 */

/** Kept around what is shown, so that a secret that reaches over its edge is still recognised. */
const CONTEXT_CHARS = 16_000

/** How act_runner begins a step, and how it says that one failed. */
const STEP_START = /^(?:⭐ Run |##\[group\]Run )(?:Main )?(.*)$/
const STEP_FAILED = /^\s*❌\s+Failure - (Pre|Main|Post)\s+(.*?)(?: \[[\d.hmsµn]+\])?$/
const STEP_END = /^(?:⭐ Run |🏁|evaluating expression |##\[group\]Run )/u

interface LogPart extends TextPart {
  /** The step that failed, when its part is shown. */
  readonly step?: string
}

export interface LogReader {
  add(line: string): void
  finish(mask: (text: string) => string): LogPart
}

interface Kept {
  /** Number of the first line, from 1. */
  first: number
  lines: string[]
  chars: number
}

interface Section {
  readonly step: string
  readonly from: number
  kept: Kept | undefined
}

/** The lines from `startLine` on that fit. */
export function createLogReaderFrom(startLine: number, maxChars: number): LogReader {
  const kept: Kept = { first: 1, lines: [], chars: 0 }
  let total = 0
  let wantedChars = 0
  return {
    add(line) {
      total += 1
      if (wantedChars > maxChars + CONTEXT_CHARS) return
      push(kept, line)
      if (total >= startLine) wantedChars += line.length + 1
      else trim(kept, CONTEXT_CHARS)
    },
    finish: (mask) => {
      const part = cutLines(kept.lines.join('\n'), startLine - kept.first + 1, Number.POSITIVE_INFINITY, maxChars, mask)
      const shift = kept.first - 1
      return { ...part, startLine: part.startLine + shift, endLine: part.endLine + shift, totalLines: total }
    },
  }
}

/** The end of the step that failed, or else of the log. @param seeksFailure false for a job that did not fail */
export function createLogReaderOfEnd(seeksFailure: boolean, maxChars: number): LogReader {
  const recent: Kept = { first: 1, lines: [], chars: 0 }
  let total = 0
  let step = { name: '', from: 1 }
  let failed: Section | undefined
  let isOpen = false
  const close = () => {
    if (failed) failed.kept = { ...recent, lines: [...recent.lines] }
    isOpen = false
  }
  return {
    add(line) {
      total += 1
      if (seeksFailure) {
        if (isOpen && STEP_END.test(line)) close()
        const started = STEP_START.exec(line)
        if (started) step = { name: started[1] ?? '', from: total }
      }
      push(recent, line)
      trim(recent, maxChars + CONTEXT_CHARS)
      const [, stage, name = step.name] = (seeksFailure && STEP_FAILED.exec(line)) || []
      // cleaning up after a failure often fails too, and is not what anybody looks for
      if (stage !== undefined && (stage !== 'Post' || failed === undefined)) {
        failed = { step: name, from: step.from, kept: undefined }
        isOpen = true
      }
    },
    finish(mask) {
      if (isOpen) close()
      if (failed?.kept) return { ...toEnd(failed.kept, failed.from, total, maxChars, mask), step: failed.step }
      return toEnd(recent, 1, total, maxChars, mask)
    },
  }
}

/** The last lines that fit, none from before `from`. */
function toEnd(kept: Kept, from: number, total: number, maxChars: number, mask: (text: string) => string): TextPart {
  const masked = mask(kept.lines.join('\n'))
  const lines = masked.split('\n')
  // withheld as a whole: what it says instead is all there is to show
  if (lines.length !== kept.lines.length) {
    return { text: masked, startLine: 1, endLine: total, totalLines: total, cutChars: 0 }
  }
  // one line alone may be too long: its beginning is shown
  let start = Math.max(0, lines.length - 1)
  let cost = toTextCost(lines[start] ?? '') + 1
  const earliest = Math.max(0, from - kept.first)
  for (let at = start - 1; at >= earliest; at -= 1) {
    cost += toTextCost(lines[at] ?? '') + 1
    if (cost > maxChars) break
    start = at
  }
  const part = cutLines(masked, start + 1, lines.length, maxChars)
  const shift = kept.first - 1
  return { ...part, startLine: part.startLine + shift, endLine: part.endLine + shift, totalLines: total }
}

function push(kept: Kept, line: string): void {
  kept.lines.push(line)
  kept.chars += line.length + 1
}

/** Drops lines from the front; in bulk, because taking one off an array costs as much as taking many. */
function trim(kept: Kept, maxChars: number): void {
  if (kept.chars <= 2 * maxChars) return
  let drop = 0
  while (kept.chars > maxChars && drop < kept.lines.length - 1) {
    kept.chars -= (kept.lines[drop] ?? '').length + 1
    drop += 1
  }
  kept.lines.splice(0, drop)
  kept.first += drop
}
