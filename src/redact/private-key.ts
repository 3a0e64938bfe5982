/*
 * Private keys span lines, may be cut off at either end, and turn up in JSON with `\n` in words, in YAML blocks, behind
 * `>` or `+`. No bounded pattern describes that, so their ends are looked for by hand. Everything here is linear in
 * what it covers, and the caller skips what is covered.
 */

const MAX_KEY = 65_536
const END = /-{4,6} ?END [^-\n]{0,60}-{4,5}/y
const MATERIAL = /[A-Za-z0-9+/=]{16}/
/** What may stand before a line of a key: indentation, quote and diff marks, line numbers, comment signs. */
const LEAD = /(?:\d{1,7}[:|\t ])?[\s>|*#+"'`/,-]*/y
const BODY_LINE = /[A-Za-z][A-Za-z-]{1,30}: [^\n\\]{0,200}|[A-Za-z0-9+/=]+/y
const LINE_END = /[ \t"'`+,;\\]*(?:\r?\n|\\r\\n|\\n|$)/y
/** Shorter lines are words again, except as the last line of a key. */
const MIN_LINE = 32

/**
 * Where the private key ends whose BEGIN line ends at `from`: after its END line, or, where that is missing, after the
 * last line that looks like key material.
 *
 * @returns -1 when nothing of a key follows, as in prose that mentions a BEGIN line
 */
export function findPrivateKeyEnd(text: string, from: number): number {
  const dashes = text.indexOf('----', from)
  if (dashes >= 0 && dashes - from <= MAX_KEY) {
    END.lastIndex = dashes
    const end = END.exec(text)
    if (end !== null && MATERIAL.test(text.slice(from, dashes))) {
      return dashes + end[0].length
    }
  }
  return findLastLine(text, from)
}

function findLastLine(text: string, from: number): number {
  let covered = -1
  let at = skip(LINE_END, text, from)
  for (;;) {
    const start = skip(LEAD, text, at)
    const stop = skip(BODY_LINE, text, start)
    const next = skip(LINE_END, text, stop)
    const isHeader = text.slice(start, stop).includes(': ')
    const isLong = stop - start >= MIN_LINE
    if (stop === start || (!isLong && !isHeader && (covered < 0 || (next === stop && stop < text.length)))) {
      return covered
    }
    covered = isHeader ? covered : stop
    if (next === stop || (!isLong && !isHeader)) {
      return covered
    }
    at = next
  }
}

const KEY_LINE = /^[+-]?(?:\d{1,7}[:|\t ])?[\s>|*#"'`,]{0,40}[A-Za-z0-9+/=]{1,120}[\s"'`,;\\]{0,8}$/
const LONG_RUN = /[A-Za-z0-9+/=]{32}/

/**
 * Where the key material begins that ends at the END line at `end`, for texts that start in the middle of a key.
 *
 * @returns -1 when no key material stands before it
 */
export function findPrivateKeyStart(text: string, end: number): number {
  let start = -1
  let isKey = false
  let lineEnd = text.lastIndexOf('\n', end)
  while (lineEnd > 0) {
    const lineStart = text.lastIndexOf('\n', lineEnd - 1) + 1
    const line = text.slice(lineStart, Math.min(lineEnd, lineStart + 200))
    if (!KEY_LINE.test(line)) {
      break
    }
    isKey ||= LONG_RUN.test(line)
    start = lineStart
    lineEnd = lineStart - 1
  }
  return isKey ? start : -1
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  return match === null ? at : at + match[0].length
}
