import { createKeywordScan } from './keyword-scan.js'
import type { SecretRule } from './rules/secret-rule.js'
import { SECRET_RULES } from './rules.js'

/*
 * Keeps secrets in what Gitea holds from leaving with an answer. Redaction comes before any cut, so that half a secret
 * never passes for none.
 */

/** `SECRET_DETECTION_MODE`: replace each secret, withhold the text that holds one, or leave everything as it is. */
export type SecretMode = 'mask' | 'block' | 'off'

export interface SecretCount {
  /** The name of the rule: `github-token`. */
  readonly rule: string
  readonly count: number
}

interface Redaction {
  readonly text: string
  readonly found: readonly SecretCount[]
}

export type Redactor = (text: string) => Redaction

interface Span {
  readonly start: number
  readonly end: number
  readonly rule: number
}

/** Where a secret stands in a text, in UTF-16 units. */
export interface FoundSecret {
  readonly rule: string
  readonly start: number
  /** Behind its last character. */
  readonly end: number
}

const MAX_PASSES = 4
const NOTHING: readonly SecretCount[] = []

/** A redactor over the rule table. Idempotent: what it has masked holds nothing more to mask. */
export function createRedactor(mode: SecretMode): Redactor {
  if (mode === 'off') {
    return (text) => ({ text, found: NOTHING })
  }
  const findSpans = createSpanFinder(SECRET_RULES)
  return (text) => {
    const counts = new Map<string, number>()
    let masked = text
    let spans = findSpans(text)
    // a mark in place of one secret may be the boundary that another was missing, so until nothing more is found
    for (let pass = 1; spans.length > 0 && pass <= MAX_PASSES; pass++) {
      masked = mask(masked, spans)
      countByName(spans, counts)
      spans = findSpans(masked)
    }
    if (counts.size === 0) {
      return { text, found: NOTHING }
    }
    const found = [...counts].map(([rule, count]) => ({ rule, count }))
    // only a text made for it needs so many passes; it is not worth more of our time
    return { text: mode === 'block' || spans.length > 0 ? withhold(found) : masked, found }
  }
}

let findAll: ((text: string) => readonly Span[]) | undefined

/**
 * The secrets in a text by the same rules, whatever the mode: for telling where they are. In order and apart from one
 * another.
 */
export function findSecrets(text: string): readonly FoundSecret[] {
  findAll ??= createSpanFinder(SECRET_RULES)
  return findAll(text).map(({ start, end, rule }) => ({ rule: toName(rule), start, end }))
}

/** Secrets in `text`, in order and apart from one another. */
function createSpanFinder(rules: readonly SecretRule[]): (text: string) => readonly Span[] {
  const words = rules.flatMap(({ keywords, pattern }, rule) =>
    keywords.map((keyword) => ({ keyword, rule, isAnyCase: pattern.ignoreCase })),
  )
  const { table, firstEnd, ends } = createKeywordScan(words.map(({ keyword }) => keyword))
  const ended = ends.map((indexes) => indexes.flatMap((index) => words[index] ?? []))
  return (text) => {
    const spans: Span[] = []
    /** Up to where each rule has already found something: inside it, the same rule is not tried again. */
    const done = new Map<number, number>()
    let state = 0
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      state = code < 128 ? (table[state + code] ?? 0) : 0
      if (state < firstEnd) {
        continue
      }
      for (const { keyword, rule, isAnyCase } of ended[state >> 7] ?? []) {
        const at = i + 1 - keyword.length
        if (at < (done.get(rule) ?? 0) || (!isAnyCase && !text.startsWith(keyword, at))) {
          continue
        }
        const span = matchAt(rules[rule], rule, text, at)
        if (span !== undefined) {
          spans.push(span)
          done.set(rule, span.end)
        }
      }
    }
    return spans.length < 2 ? spans : unite(spans)
  }
}

function matchAt(row: SecretRule | undefined, rule: number, text: string, at: number): Span | undefined {
  if (row === undefined) {
    return undefined
  }
  row.pattern.lastIndex = at
  const match = row.pattern.exec(text)
  if (match === null) {
    return undefined
  }
  const kept = match[1]?.length ?? 0
  if (row.isSecret?.(match[0].slice(kept)) === false) {
    return undefined
  }
  const matchEnd = at + match[0].length
  const start = row.findStart === undefined ? at + kept : row.findStart(text, at)
  const end = row.findEnd === undefined ? matchEnd : row.findEnd(text, matchEnd)
  return start < 0 || end < 0 ? undefined : { start, end, rule }
}

/** Spans that overlap become one, named by the rule that stands first in the table. */
function unite(spans: readonly Span[]): readonly Span[] {
  const united: Span[] = []
  for (const span of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = united.at(-1)
    if (last !== undefined && span.start < last.end) {
      const rule = Math.min(last.rule, span.rule)
      united[united.length - 1] = { start: last.start, end: Math.max(last.end, span.end), rule }
    } else {
      united.push(span)
    }
  }
  return united
}

function mask(text: string, spans: readonly Span[]): string {
  let masked = ''
  let at = 0
  for (const { start, end, rule } of spans) {
    // the lines of a key stay lines, so that line numbers after it are still right
    const lines = text.slice(start, end).match(/\r?\n/g)?.join('') ?? ''
    masked += `${text.slice(at, start)}[secret masked: ${toName(rule)}]${lines}`
    at = end
  }
  return masked + text.slice(at)
}

function withhold(found: readonly SecretCount[]): string {
  const kinds = found.map(({ rule, count }) => (count === 1 ? rule : `${count} × ${rule}`)).join(', ')
  return `[withheld because it contains secrets: ${kinds}]`
}

function countByName(spans: readonly Span[], counts: Map<string, number>): void {
  for (const { rule } of spans) {
    counts.set(toName(rule), (counts.get(toName(rule)) ?? 0) + 1)
  }
}

function toName(rule: number): string {
  return SECRET_RULES[rule]?.name ?? 'secret'
}
