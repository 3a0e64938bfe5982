/*
 * What a text must contain, in pieces of three and five characters, to match at all. The index answers which files have
 * such pieces without reading them; pieces may be left out, which only makes for more files to look at.
 */

/** More of them tell nothing new. */
const MOST_PIECES = 60

/** Pieces of a text that must be there as it is, in lower case or upper. Empty when it is too short to tell. */
export function toClues(literal: string): string[] {
  return choose([literal])
}

/** Pieces that every match of a regular expression contains. Empty when nothing is certain. */
export function toPatternClues(pattern: string): string[] {
  return choose(findRequired(pattern))
}

/** The longest text that every line with a match contains, in any case; empty when nothing is certain. */
export function findRequiredText(pattern: string): string {
  const parts = findRequired(pattern).flatMap(splitFoldedAlike)
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

/** Runs of five say all that the shorter pieces in them say. */
function choose(literals: readonly string[]): string[] {
  const parts = literals.flatMap(splitFoldedAlike)
  return spread(new Set(parts.flatMap((part) => toPieces(part, part.length < 5 ? 3 : 5))))
}

function toPieces(text: string, length: number): string[] {
  const count = Math.max(0, text.length - length + 1)
  return Array.from({ length: count }, (_, at) => text.slice(at, at + length).toLowerCase())
}

/** The stretches of a text whose other cases are certain. */
function splitFoldedAlike(text: string): string[] {
  const parts = ['']
  for (const unit of text.split('')) {
    if (isFoldedAlike(unit)) parts.push(`${parts.pop() ?? ''}${unit}`)
    else parts.push('')
  }
  return parts
}

/**
 * The index and JavaScript must agree on what its other case is: for ASCII and for what has no case they do. Halves of a
 * character do not tell.
 */
function isFoldedAlike(unit: string): boolean {
  if (unit === '\0' || unit === '\n' || !unit.isWellFormed()) return false
  return unit <= '\u007f' || (unit.toUpperCase() === unit && unit.toLowerCase() === unit)
}

/** Some of all, first and last among them: neighbours tell nearly the same. */
function spread(pieces: ReadonlySet<string>): string[] {
  const all = [...pieces]
  if (all.length <= MOST_PIECES) return all
  const step = (all.length - 1) / (MOST_PIECES - 1)
  return Array.from({ length: MOST_PIECES }, (_, at) => all[Math.round(at * step)] ?? '')
}

const SPECIAL = new Set('.^$*+?()[]{}|\\')

/**
 * Texts that every match of an RE2 pattern contains. Groups and classes are stepped over: what is in them may be
 * optional. A pattern with alternatives at its top has none.
 */
function findRequired(pattern: string): string[] {
  const found: string[] = []
  let run = ''
  const cut = () => {
    if (run !== '') found.push(run)
    run = ''
  }
  let at = 0
  while (at < pattern.length) {
    const char = pattern[at] ?? ''
    if (char === '|') return []
    if (char === '(' || char === '[') {
      cut()
      at = char === '(' ? skipGroup(pattern, at) : skipClass(pattern, at)
      at = skipRepeat(pattern, at).next
      continue
    }
    const atom = readAtom(pattern, at)
    // quoted runs: `\Q` changes how everything after it reads
    if (atom === undefined) return []
    const repeat = skipRepeat(pattern, atom.next)
    if (atom.literal === undefined || repeat.isOptional) cut()
    else {
      run += atom.literal
      if (repeat.isRepeated) {
        cut()
        // after `o+` in `foo+bar` the last `o` stands right before `bar`
        run = atom.literal
      }
    }
    at = repeat.next
  }
  cut()
  return found
}

interface Atom {
  readonly next: number
  /** Undefined for what is not one certain character. */
  readonly literal?: string
}

function readAtom(pattern: string, at: number): Atom | undefined {
  const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0)
  if (char !== '\\') return SPECIAL.has(char) ? { next: at + 1 } : { next: at + char.length, literal: char }
  const escaped = pattern[at + 1] ?? ''
  if (escaped === 'Q') return undefined
  // \pL, \p{Greek}, \x41, \x{10FFFF}, \123: read over, none is taken for a literal
  const long = /^\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3})/.exec(pattern.slice(at, at + 40))
  if (long) return { next: at + long[0].length }
  return /[A-Za-z0-9]/.test(escaped) ? { next: at + 2 } : { next: at + 2, literal: escaped }
}

function skipRepeat(pattern: string, at: number): { next: number; isOptional: boolean; isRepeated: boolean } {
  const found = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(pattern.slice(at, at + 20))
  if (!found) return { next: at, isOptional: false, isRepeated: false }
  const isOptional = found[0].startsWith('*') || found[0].startsWith('?') || found[1] === '0'
  return { next: at + found[0].length, isOptional, isRepeated: true }
}

function skipClass(pattern: string, start: number): number {
  let at = start + 1
  if (pattern[at] === '^') at += 1
  if (pattern[at] === ']') at += 1
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern.startsWith('[:', at)) at = Math.max(at, pattern.indexOf(':]', at + 2)) + 1
    else if (pattern[at] === '\\') at += 1
    at += 1
  }
  return at + 1
}

function skipGroup(pattern: string, start: number): number {
  let depth = 0
  let at = start
  while (at < pattern.length) {
    const char = pattern[at]
    if (char === '\\') at += 2
    else if (char === '[') at = skipClass(pattern, at)
    else {
      if (char === '(') depth += 1
      if (char === ')') depth -= 1
      at += 1
      if (depth === 0) return at
    }
  }
  return pattern.length
}
