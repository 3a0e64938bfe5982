import type { Query } from '../../../src/search/matcher.js'
import { createRandom, pickOne } from './random.js'

/** What people and models look for, by kind: each kind has another way to be slow. */
type QueryKind = 'name' | 'rare name' | 'absent name' | 'word' | 'phrase' | 'pattern'

export interface BenchQuery extends Query {
  readonly kind: QueryKind
}

const NAME = /[A-Za-z_][A-Za-z0-9_]{4,40}/g
const COMPOUND = /[a-z][A-Z]|[a-z]_[a-z]/

/** `each` queries of every kind, made of what these texts hold. */
export function makeQueries(texts: readonly string[], each: number): BenchQuery[] {
  const random = createRandom(7)
  const uses = new Map<string, number>()
  for (const text of texts) {
    for (const name of new Set(text.match(NAME))) uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  const names = [...uses.keys()]
  const rare = names.filter((name) => COMPOUND.test(name) && name.length >= 10 && (uses.get(name) ?? 0) <= 2)
  const common = names.toSorted((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0)).slice(0, 400)
  const seen = () => pickOne(pickOne(texts, random).match(NAME) ?? common, random)
  const pickLine = () => {
    for (;;) {
      const line = pickOne(pickOne(texts, random).split('\n'), random).trim()
      if (line.length >= 15 && line.length <= 300) return line
    }
  }
  const toText = (text: string) => ({ text, isRegex: false, isWord: false, isCaseSensitive: false })
  const makers: Record<QueryKind, () => Query> = {
    name: () => toText(seen()),
    'rare name': () => toText(pickOne(rare, random)),
    'absent name': () => toText(pickOne(common, random) + pickOne(common, random)),
    word: () => ({ ...toText(seen()), isWord: true, isCaseSensitive: true }),
    phrase: () => {
      const line = pickLine()
      const start = Math.floor(random() * (line.length - 14))
      return toText(line.slice(start, start + 14 + Math.floor(random() * 16)))
    },
    pattern: () => ({ ...toText(`${pickOne(names, random)}\\w*\\s*[(=:]`), isRegex: true }),
  }
  const kinds = Object.entries(makers) as [QueryKind, () => Query][]
  return Array.from({ length: each }, () => kinds.map(([kind, make]) => ({ kind, ...make() }))).flat()
}
