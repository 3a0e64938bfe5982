import type { Ecosystem } from '../model.js'
import { comparePythonVersions, parsePythonVersion } from './pep440.js'
import { compareVersions, parseVersion } from './semver.js'

/**
 * Which of two versions comes first, by the rules of an ecosystem; undefined when one of them is no version there.
 *
 * @returns negative when `a` does
 */
export function orderVersions(ecosystem: Ecosystem, a: string, b: string): number | undefined {
  switch (ecosystem) {
    case 'pypi': {
      const [x, y] = [parsePythonVersion(a), parsePythonVersion(b)]
      return x && y && comparePythonVersions(x, y)
    }
    case 'rubygems':
    case 'maven':
      return compareTokens(toTokens(a), toTokens(b))
    default: {
      const [x, y] = [parseVersion(a), parseVersion(b)]
      return x && y && compareVersions(x, y)
    }
  }
}

/**
 * Maven's order of qualifiers, with those of RubyGems among them: both put words before the end of a version, but for
 * `sp`, and unknown words by the alphabet.
 */
const WORDS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']
const SHORT: Readonly<Record<string, string>> = {
  a: 'alpha',
  b: 'beta',
  m: 'milestone',
  cr: 'rc',
  pre: 'rc',
  final: '',
  ga: '',
  release: '',
  jre: '',
  android: '',
}

type Token = number | string

function toTokens(version: string): readonly Token[] {
  const parts =
    version
      .slice(0, 200)
      .toLowerCase()
      .match(/\d+|[a-z]+/g) ?? []
  const tokens = parts.map((part) => (/^\d/.test(part) ? Number(part) : (SHORT[part] ?? part)))
  // zeros and release words at the end say nothing
  while (tokens.length > 0 && (tokens.at(-1) === 0 || tokens.at(-1) === '')) tokens.pop()
  return tokens
}

function compareTokens(a: readonly Token[], b: readonly Token[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = toRank(a[at]) - toRank(b[at]) || compareSame(a[at], b[at])
    if (difference !== 0) return difference
  }
  return 0
}

/** Words before the end, the end before later words and numbers. */
function toRank(token: Token | undefined): number {
  if (typeof token === 'number') return token === 0 ? 100 : 200
  const known = WORDS.indexOf(token ?? '')
  // an unknown word comes before the release, after the known ones
  return known === -1 ? 50 : token === undefined || token === '' ? 100 : known === WORDS.length - 1 ? 150 : known
}

function compareSame(a: Token | undefined, b: Token | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : 0
}

/** RubyGems' `~> 1.2, >= 1.2.3`; undefined when a part cannot be told. */
export function satisfiesGemRange(version: string, requirement: string): boolean | undefined {
  let isAll = true
  for (const part of requirement.split(',').map((text) => text.trim())) {
    if (part === '') continue
    const [, sign = '=', wanted] = /^(~>|>=|<=|!=|=|>|<)?\s*([\w.-]+)$/.exec(part) ?? []
    if (wanted === undefined) return undefined
    const order = orderVersions('rubygems', version, wanted) ?? 0
    isAll &&= isInGemRange(version, sign, wanted, order)
  }
  return isAll
}

function isInGemRange(version: string, sign: string, wanted: string, order: number): boolean {
  switch (sign) {
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '!=':
      return order !== 0
    case '~>': {
      const kept = wanted.split('.').slice(0, -1)
      const same = version.split('.').slice(0, kept.length)
      return order >= 0 && (kept.length === 0 || kept.join('.') === same.join('.'))
    }
    default:
      return order === 0
  }
}
