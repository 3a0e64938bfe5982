/*
 * Versions and ranges of the semver family: npm, Cargo, Composer, NuGet, Go. Ranges that cannot be told are undefined,
 * never a guess.
 */

export interface Version {
  /** Major, minor, patch, and a fourth where there is one. */
  readonly numbers: readonly number[]
  /** Identifiers after the dash; empty for a release. */
  readonly pre: readonly string[]
}

const VERSION = /^[v=\s]*(\d{1,9}(?:\.\d{1,9}){0,3})(?:-?([0-9A-Za-z][\w.-]*))?(?:\+[\w.-]*)?$/

/** Undefined for what is no version. */
export function parseVersion(text: string): Version | undefined {
  const [, numbers, pre] = VERSION.exec(text.trim()) ?? []
  return numbers === undefined
    ? undefined
    : { numbers: numbers.split('.').map(Number), pre: pre === undefined ? [] : pre.toLowerCase().split('.') }
}

/** Negative when `a` comes first. */
export function compareVersions(a: Version, b: Version): number {
  for (let at = 0; at < 4; at += 1) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePre(a.pre, b.pre)
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [x, y] = [a[at], b[at]]
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    const [isX, isY] = [/^\d+$/.test(x), /^\d+$/.test(y)]
    if (isX !== isY) return isX ? -1 : 1
    const difference = isX ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0
    if (difference !== 0) return difference
  }
  return 0
}

/** From `low`, included unless told, to `high`, excluded unless told; undefined is without end. */
interface Span {
  readonly low?: Version | undefined
  readonly isLowExcluded?: boolean
  readonly high?: Version | undefined
  readonly isHighIncluded?: boolean
}

/** How the ranges of an ecosystem differ from npm's. */
interface Dialect {
  /** What a version without a sign means. */
  readonly bare: '^' | '=' | '>='
  /** What `~1.2` allows: npm and Cargo stay in 1.2, Composer in 1. */
  readonly tilde: 'minor' | 'last-but-one'
}

export const NPM: Dialect = { bare: '=', tilde: 'minor' }
export const CARGO: Dialect = { bare: '^', tilde: 'minor' }
export const COMPOSER: Dialect = { bare: '=', tilde: 'last-but-one' }

/**
 * Whether a version lies in a range; undefined when either cannot be read. A version before a release counts as in the
 * range that its numbers lie in: that it is there at all was somebody's decision.
 */
export function satisfiesRange(version: string, range: string, dialect: Dialect): boolean | undefined {
  const parsed = parseVersion(version)
  if (parsed === undefined || range.length > 500) {
    return undefined
  }
  const answers = range.split(/\|\|?/).map((part) => satisfiesAll(parsed, part.trim(), dialect))
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
}

function satisfiesAll(version: Version, text: string, dialect: Dialect): boolean | undefined {
  if (text === '' || text === '*') return true
  const [, from, to] = /^([\w.+-]+)\s+-\s+([\w.+-]+)$/.exec(text) ?? []
  if (from !== undefined && to !== undefined) {
    const [low, high] = [toSpan('>=', from, dialect), toSpan('<=', to, dialect)]
    return low && high && isWithin(version, low) && isWithin(version, high)
  }
  const signs = text.replace(/([<>=~^!]+)\s+/g, '$1').split(/[\s,]+/)
  let isAll = true
  for (const sign of signs.filter((part) => part !== '')) {
    const [, operator = '', rest = ''] = /^([<>=~^!]*)(.*)$/.exec(sign) ?? []
    const span = toSpan(operator, rest, dialect)
    if (span === undefined) return undefined
    isAll &&= isWithin(version, span)
  }
  return isAll
}

function toSpan(operator: string, text: string, dialect: Dialect): Span | undefined {
  const [, digits, rest = ''] = /^[v=]*((?:\d{1,9}|[xX*])(?:\.(?:\d{1,9}|[xX*])){0,3})(.*)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const known = digits.split('.').map((part) => (/^\d/.test(part) ? Number(part) : undefined))
  const cut = known.indexOf(undefined)
  const numbers = known.slice(0, cut === -1 ? known.length : cut).map(Number)
  const low = parseVersion(
    `${[...numbers, 0, 0].slice(0, Math.max(3, numbers.length)).join('.')}${cut === -1 ? rest : ''}`,
  )
  if (low === undefined) return undefined
  // the first version that lies after everything that begins with these numbers
  const past = (length: number) => (length === 0 ? undefined : bump(numbers, length))
  switch (operator) {
    case '>=':
      return { low }
    case '>':
      return numbers.length < 3 ? { low: past(numbers.length) } : { low, isLowExcluded: true }
    case '<':
      return { high: low }
    case '<=':
      return numbers.length < 3 ? { high: past(numbers.length) } : { high: low, isHighIncluded: true }
    case '^':
      return { low, high: past(toCaretLength(numbers)) }
    case '~':
    case '~>':
      return {
        low,
        high: past(dialect.tilde === 'minor' ? Math.min(2, numbers.length) : Math.max(1, numbers.length - 1)),
      }
    case '=':
    case '==':
      return toExact(low, numbers, past)
    case '':
      if (cut !== -1 || dialect.bare === '=') return toExact(low, numbers, past)
      return dialect.bare === '^' ? { low, high: past(toCaretLength(numbers)) } : { low }
    default:
      return undefined
  }
}

function toExact(low: Version, numbers: readonly number[], past: (length: number) => Version | undefined): Span {
  return numbers.length < 3 ? { low, high: past(numbers.length) } : { low, high: low, isHighIncluded: true }
}

/** How many numbers a caret keeps: up to the first that is not zero. */
function toCaretLength(numbers: readonly number[]): number {
  const first = numbers.findIndex((number) => number !== 0)
  return first === -1 ? numbers.length : first + 1
}

function bump(numbers: readonly number[], length: number): Version {
  const kept = numbers.slice(0, length)
  return { numbers: [...kept.slice(0, -1), (kept.at(-1) ?? 0) + 1], pre: ['0'] }
}

function isWithin(version: Version, { low, isLowExcluded = false, high, isHighIncluded = false }: Span): boolean {
  const fromLow = low === undefined ? 1 : compareVersions(version, low)
  const fromHigh = high === undefined ? -1 : compareVersions(version, high)
  return (fromLow > 0 || (fromLow === 0 && !isLowExcluded)) && (fromHigh < 0 || (fromHigh === 0 && isHighIncluded))
}

/** NuGet's `[1.0,2.0)`; a version alone is a lower end. */
export function satisfiesInterval(version: string, range: string): boolean | undefined {
  const parsed = parseVersion(version)
  const [, open, low = '', comma, high = '', close] =
    /^([[(])\s*([^,\s]*)\s*(,?)\s*([^,\s]*)\s*([\])])$/.exec(range.trim()) ?? []
  if (parsed === undefined) return undefined
  if (open === undefined) {
    const least = parseVersion(range)
    return least && compareVersions(parsed, least) >= 0
  }
  const lowest = parseVersion(low)
  const highest = comma === '' ? lowest : parseVersion(high)
  if ((low !== '' && lowest === undefined) || (high !== '' && highest === undefined)) return undefined
  return isWithin(parsed, { low: lowest, isLowExcluded: open === '(', high: highest, isHighIncluded: close === ']' })
}
