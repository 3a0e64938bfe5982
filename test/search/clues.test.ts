import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toClues, toPatternClues } from '../../src/search/clues.js'
import { createMatcher } from '../../src/search/matcher.js'
import { mayHoldRuns, toRunHashes, toSieve } from '../../src/search/pieces.js'

test('the pieces that the index is asked for are in the text itself', () => {
  expect(toClues('GetU')).toEqual(['get', 'etu'])
  expect(toClues('ab')).toEqual([])
  // what İ becomes in lower case is not the same everywhere
  expect(toClues('xİabc')).toEqual(['abc'])
  expect(toClues('日本語x')).toEqual(['日本語', '本語x'])
  expect(toClues('a😀bcd')).toEqual(['bcd'])
  const long = Array.from({ length: 100 }, (_, at) => at + 100).join('')
  expect(toClues(long)).toHaveLength(60)
})

test.each([
  ['func \\w+Repo', ['func ', 'rep', 'epo']],
  ['foo|bar', []],
  ['(foo|bar)baz', ['baz']],
  ['colou?rs', ['col', 'olo']],
  ['abc+def', ['abc', 'cde', 'def']],
  ['abc*def', ['def']],
  ['abcd{0,3}efg', ['abc', 'efg']],
  ['[abc]def[^\\]]ghi', ['def', 'ghi']],
  ['a\\.b\\.c', ['a.b.c']],
  ['(?i)hello', ['hello']],
  ['[[:alpha:]]abc', ['abc']],
  ['\\x41bcd\\d\\pLefg', ['bcd', 'efg']],
  ['\\Qa|b\\E', []],
  ['(a(b)\\)c)def', ['def']],
])('every match of %s contains %j', (pattern, pieces) => {
  expect(toPatternClues(pattern)).toEqual(pieces)
})

test('a longer name is known by its runs of five, whatever its case', () => {
  expect(toClues('GetUser')).toEqual(['getus', 'etuse', 'tuser'])
  expect(toClues('GETUSER')).toEqual(toClues('getUser'))
  expect(toClues('getÜsers')).toEqual(['get', 'ser', 'ers'])
  expect(toPatternClues('requestError|responseError')).toEqual([])
})

const hasAll = (text: string, clues: readonly string[]) =>
  clues.every(
    (piece) => text.toLowerCase().includes(piece.slice(0, 3)) && text.toLowerCase().includes(piece.slice(-3)),
  ) && mayHoldRuns((part) => toSieve(text)[part], toRunHashes(clues))

test('a text that has all pieces of three, but far from each other, is not taken for one with the name', () => {
  const scattered = 'request\nerror\nuesting\nsterile\nteresa\nest_erro\n'

  expect(hasAll(scattered, ['req', 'equ', 'que', 'ues', 'est', 'ste', 'ter', 'err', 'rro', 'ror'])).toBe(true)
  expect(hasAll(scattered, toClues('requestError'))).toBe(false)
  expect(hasAll(`${scattered}a RequestERROR b`, toClues('requestError'))).toBe(true)
})

test('whatever matches has all its clues, so the index never keeps a match away', () => {
  const atom = fc.constantFrom('a', 'b', 'c', 'B', '.', '\\.', '[ab]', '\\w', '(ab|c)', '(?:abc)', 'é', '\\d', '[^a]')
  const repeat = fc.constantFrom('', '', '', '', '', '+', '*', '?', '{0,2}', '{2}', '+?')
  const part = fc.tuple(atom, repeat).map(([one, many]) => one + many)
  const pattern = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 8 }), fc.boolean())
    .map(([parts, isEither]) => (isEither ? `${parts.join('')}|abc` : parts.join('')))
  const line = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '.', '1', 'é', 'É', ' '), maxLength: 20 })

  fc.assert(
    fc.property(pattern, line, fc.boolean(), (text, content, isRegex) => {
      const query = { text, isRegex, isWord: false, isCaseSensitive: false }
      const { clues, findLines } = createMatcher(query)
      const shown = isRegex ? content : content + text.toUpperCase() + content
      if (findLines(shown, 1, () => false).total === 0) return
      expect(hasAll(shown, clues)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
