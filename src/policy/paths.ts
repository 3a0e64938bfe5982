import { fold } from './lookalikes.js'

/*
 * A path as the policy judges it. What passes here is exactly what is sent to Gitea: nothing is repaired, because a
 * path that was judged in one form and sent in another is how path rules are got round. Gitea's API never follows
 * symlinks (it shows the link), so a link's own path is the one that counts.
 */

const MAX_PATH = 1024
const MAX_SEGMENT = 255
const MAX_DEPTH = 64
/** More layers of percent-encoding than any client produces by accident. */
const MAX_DECODINGS = 4

export interface GoodPath {
  readonly ok: true
  /** NFC, otherwise as written: what allow rules are compared with. */
  readonly exact: string
  /** Everything it could be taken for, in lower case: what deny rules are compared with. */
  readonly readings: readonly string[]
}

export type JudgedPath = GoodPath | { readonly ok: false; readonly reason: string }

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is "all of ASCII"
const PLAIN = /^[\x00-\x24\x26-\x7f]*$/
const TRAILING = /[. ]+(?=\/|$)/g

/** Judges a `/`-separated repository path. The empty path is the root of the repository. */
export function judgePath(path: string): JudgedPath {
  const problem = findProblem(path)
  if (problem !== undefined) {
    return { ok: false, reason: problem }
  }
  if (PLAIN.test(path)) {
    return { ok: true, exact: path, readings: withoutTrailing([path.toLowerCase()]) }
  }
  const decoded = decodings(path)
  if (decoded === undefined) {
    return refuse('is percent-encoded over and over; write it as it is in the repository')
  }
  const readings = new Set<string>()
  for (const text of decoded) {
    if (text !== path && (findProblem(text) !== undefined || countSlashes(text) !== countSlashes(path))) {
      return refuse('hides a slash, a dot segment or a control character behind “%”; write it plainly')
    }
    for (const reading of fold(text)) {
      if (findProblem(reading) !== undefined) {
        return refuse('contains characters that only look like slashes or dots; write it plainly')
      }
      readings.add(reading)
    }
  }
  return { ok: true, exact: path.normalize('NFC'), readings: withoutTrailing([...readings]) }
}

function refuse(reason: string): JudgedPath {
  return { ok: false, reason: `The path ${reason}.` }
}

function findProblem(path: string): string | undefined {
  if (path === '') {
    return undefined
  }
  if (path.length > MAX_PATH) {
    return `The path is longer than ${MAX_PATH} characters.`
  }
  if (CONTROL.test(path)) {
    return 'The path contains control characters.'
  }
  if (!path.isWellFormed()) {
    return 'The path is not valid Unicode.'
  }
  if (path.includes('\\')) {
    return 'The path contains a backslash; separate folders with “/”.'
  }
  if (path.startsWith('/')) {
    return 'The path starts with “/”; write it from the root of the repository, without a slash in front.'
  }
  const segments = path.split('/')
  if (segments.length > MAX_DEPTH) {
    return `The path is deeper than ${MAX_DEPTH} folders.`
  }
  for (const segment of segments) {
    if (segment === '') {
      return 'The path has an empty part (“//” or a slash at its end); leave it out.'
    }
    if (segment === '.' || segment === '..') {
      return 'The path contains “.” or “..”; write it from the root of the repository.'
    }
    if (segment.length > MAX_SEGMENT) {
      return `A part of the path is longer than ${MAX_SEGMENT} characters.`
    }
  }
  return undefined
}

/** The path and what it becomes when decoded once, twice, …; undefined when it does not come to an end. */
function decodings(path: string): readonly string[] | undefined {
  const forms = [path]
  let current = path
  for (let round = 0; round < MAX_DECODINGS; round++) {
    const next = decodePercent(current)
    if (next === current) {
      return forms
    }
    forms.push(next)
    current = next
  }
  return undefined
}

/** Decodes what is valid and leaves a lone `%` alone; bytes that are no UTF-8 become NUL, which is refused. */
function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex')
    const decoded = bytes.toString('utf8')
    return decoded.includes('\ufffd') ? '\0' : decoded
  })
}

function countSlashes(text: string): number {
  return text.split('/').length
}

/** Some file systems drop dots and spaces at the end of a name, so `secrets. ` is also read as `secrets`. */
function withoutTrailing(readings: readonly string[]): readonly string[] {
  const all = new Set(readings)
  for (const reading of readings) {
    all.add(reading.replace(TRAILING, ''))
  }
  return [...all]
}
