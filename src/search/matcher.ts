import { RE2JS, RE2JSException } from 're2js'
import { InvalidInput } from '../lib/errors.js'
import { findRequiredText, toClues, toPatternClues } from './clues.js'

/*
 * What is searched for. A text is found as it stands; patterns are RE2's, whose time grows with the text and never with
 * the pattern's twists: JavaScript's own engine must not see them.
 */

export interface Query {
  readonly text: string
  readonly isRegex: boolean
  /** Only where no letter, digit or underscore stands next to it. */
  readonly isWord: boolean
  readonly isCaseSensitive: boolean
}

interface FoundLines {
  /** Line numbers from 1, as many as were asked for. */
  readonly lines: number[]
  /** All lines that match. */
  readonly total: number
  /** Time ran out in this file. */
  readonly isLate: boolean
}

export interface Matcher {
  /** What the index can tell beforehand; see clues.ts. */
  readonly clues: readonly string[]
  /** A cheap look: false for a text that has no match, masked or not. */
  mayMatch(text: string): boolean
  /** Finds the first `most` matching lines of a text and counts the others. */
  findLines(text: string, most: number, isLate: () => boolean): FoundLines
}

/** Instructions of a compiled pattern; each costs time on every character in the worst case. */
const MOST_INSTRUCTIONS = 500
/** Only so much of a line is compared with a pattern. */
const MOST_LINE_CHARS = 2000
/** Between two looks at the clock. */
const CHARS_A_LOOK = 65_536

/** @throws InvalidInput for a pattern that RE2 does not know, or that is too large */
export function createMatcher(query: Query): Matcher {
  return query.isRegex ? createPatternMatcher(query) : createTextMatcher(query)
}

/** Every character that means something in a regular expression. */
const SYNTAX = /[\\^$.*+?()[\]{}|/-]/g

/** JavaScript's engine is safe here: an escaped text has nothing to backtrack over. */
function createFinder(text: string, isCaseSensitive: boolean): RegExp {
  return new RegExp(text.replace(SYNTAX, '\\$&'), isCaseSensitive ? 'g' : 'gi')
}

function createTextMatcher({ text, isWord, isCaseSensitive }: Query): Matcher {
  const expression = createFinder(text, isCaseSensitive)
  const matcher: Matcher = {
    clues: toClues(text),
    mayMatch: (content) => matcher.findLines(content, 0, () => false).total > 0,
    findLines(content, most) {
      const lines: number[] = []
      let total = 0
      let line = 1
      let counted = 0
      expression.lastIndex = 0
      for (let match = expression.exec(content); match !== null; match = expression.exec(content)) {
        if (isWord && !isWholeWord(content, match.index, match[0].length)) continue
        total += 1
        if (lines.length < most) {
          line += countNewlines(content, counted, match.index)
          counted = match.index
          lines.push(line)
        }
        const end = content.indexOf('\n', match.index)
        if (end === -1) break
        expression.lastIndex = Math.max(end, expression.lastIndex)
      }
      return { lines, total, isLate: false }
    },
  }
  return matcher
}

const WORD = /[\p{L}\p{N}_]/u

/** Where the text itself begins or ends with a sign, nothing is asked of its neighbour there. */
function isWholeWord(content: string, at: number, length: number): boolean {
  const isOpen = (inside: string, outside: string) => !WORD.test(inside) || !WORD.test(outside)
  return (
    isOpen(content[at] ?? '', content[at - 1] ?? '') &&
    isOpen(content[at + length - 1] ?? '', content[at + length] ?? '')
  )
}

function countNewlines(content: string, from: number, to: number): number {
  let lines = 0
  for (let at = content.indexOf('\n', from); at !== -1 && at < to; at = content.indexOf('\n', at + 1)) lines += 1
  return lines
}

function createPatternMatcher({ text, isWord, isCaseSensitive }: Query): Matcher {
  const pattern = compile(isWord ? `\\b(?:${text})\\b` : text, isCaseSensitive)
  const required = findRequiredText(text)
  const finder = createFinder(required, false)
  /** Where the next line begins that may match; undefined when there is none. */
  const findStart = (content: string, from: number): number | undefined => {
    finder.lastIndex = from
    const found = required === '' ? from : finder.exec(content)?.index
    return found ? content.lastIndexOf('\n', found - 1) + 1 : found
  }
  return {
    clues: toPatternClues(text),
    mayMatch: (content) => findStart(content, 0) !== undefined,
    findLines(content, most, isLate) {
      const lines: number[] = []
      let total = 0
      let looked = 0
      let line = 1
      let counted = 0
      // the empty end of a file that ends with a line break is no line
      for (let from = 0; from < content.length || from === 0; ) {
        const start = findStart(content, from)
        if (start === undefined) break
        if (start - looked > CHARS_A_LOOK) {
          if (isLate()) return { lines, total, isLate: true }
          looked = start
        }
        const next = content.indexOf('\n', start)
        const end = next === -1 ? content.length : next
        if (pattern.test(content.slice(start, Math.min(end, start + MOST_LINE_CHARS)))) {
          total += 1
          if (lines.length < most) {
            line += countNewlines(content, counted, start)
            counted = start
            lines.push(line)
          }
        }
        from = end + 1
      }
      return { lines, total, isLate: false }
    },
  }
}

function compile(pattern: string, isCaseSensitive: boolean): RE2JS {
  // the edge to the library, whose only way to say that a pattern is wrong is to throw
  try {
    const compiled = RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
    if (compiled.programSize() <= MOST_INSTRUCTIONS) return compiled
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown
    throw new InvalidInput(
      'query is not a regular expression in RE2 syntax (as in Go: no look-around, no back-references). ' +
        'Without regex=true it is searched as it stands.',
      { detail: thrown.message.slice(0, 300), cause: thrown },
    )
  }
  throw new InvalidInput('This regular expression is too large. Use fewer or smaller repetitions.')
}
