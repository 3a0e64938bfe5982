import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMatcher, type Query } from '../../src/search/matcher.js'
import { toRegexTrigrams, toTrigrams } from '../../src/search/trigrams.js'

const never = () => false

function find(content: string, text: string, options: Partial<Query> = {}, most = 100) {
  const query = { isRegex: false, isWord: false, isCaseSensitive: false, ...options, text }
  return createMatcher(query).findLines(content, most, never)
}

const code = 'func GetUser(id int) {\n\treturn getUser(id)\n}\n// get_user: getUsers, getuser.\n'

test('a text is found as it stands, in any case unless told', () => {
  expect(find(code, 'getUser')).toMatchObject({ lines: [1, 2, 4], total: 3 })
  expect(find(code, 'getUser', { isCaseSensitive: true })).toMatchObject({ lines: [2, 4], total: 2 })
  expect(find('a.b(c)*[d]\\e\n', '.b(c)*[d]\\e').lines).toEqual([1])
  expect(find('a\r\nbc\r\nd', 'bc').lines).toEqual([2])
})

test('a whole word has no letter, digit or underscore beside it', () => {
  expect(find(code, 'getUser', { isWord: true }).lines).toEqual([1, 2, 4])
  expect(find(code, 'user', { isWord: true }).lines).toEqual([])
  expect(find('x größe y\nübergröße\n', 'größe', { isWord: true }).lines).toEqual([1])
  expect(find('a ->b\nx->b\n', '->b', { isWord: true }).lines).toEqual([1, 2])
})

test('a line counts once, and lines beyond those asked for are counted only', () => {
  expect(find('aa aa\naa\nb\naa', 'aa', {}, 2)).toEqual({ lines: [1, 2], total: 3, isLate: false })
  expect(find('aa aa\naa\nb\naa', 'a+', { isRegex: true }, 2)).toEqual({ lines: [1, 2], total: 3, isLate: false })
})

test('a pattern is matched line by line', () => {
  expect(find(code, '^\\s+return \\w+\\(', { isRegex: true }).lines).toEqual([2])
  expect(find(code, 'user\\b', { isRegex: true, isCaseSensitive: true }).lines).toEqual([4])
  expect(find(code, 'get|return', { isRegex: true, isWord: true }).lines).toEqual([2])
  expect(find('one\n\ntwo\n', '^$', { isRegex: true }).lines).toEqual([2])
})

test.each(['(a+)+$', '(a|a)*b', '(.*)*x', '(?:a{0,9}){0,9}c'])(
  'the pattern %s takes time that grows with the text only',
  (pattern) => {
    const startedAt = performance.now()

    find(`${'a'.repeat(2000)}!\n`.repeat(30), pattern, { isRegex: true })

    expect(performance.now() - startedAt).toBeLessThan(3000)
  },
)

test('time that runs out in a file ends it', () => {
  const matcher = createMatcher({ text: 'x$', isRegex: true, isWord: false, isCaseSensitive: false })
  let looks = 0

  const found = matcher.findLines('y\n'.repeat(200_000), 10, () => ++looks === 2)

  expect(found.isLate).toBe(true)
  expect(looks).toBe(2)
})

test.each(['(', '(?=a)b', '(a)\\1', '[z-a]', '\\'])('%s is no pattern of RE2, and that is said', (pattern) => {
  expect(() => find('', pattern, { isRegex: true })).toThrow(/not a regular expression in RE2 syntax/)
})

test('a pattern that is too large is refused', () => {
  expect(() => find('', '(abcdefghij){100}', { isRegex: true })).toThrow(/too large/)
})

test('the pieces that the index is asked for are in the text itself', () => {
  expect(toTrigrams('GetU')).toEqual(['get', 'etu'])
  expect(toTrigrams('ab')).toEqual([])
  // what İ becomes in lower case is not the same everywhere
  expect(toTrigrams('xİabc')).toEqual(['abc'])
  expect(toTrigrams('日本語x')).toEqual(['日本語', '本語x'])
  expect(toTrigrams('abcdefghijklmnopqrstuvwxyz')).toHaveLength(12)
})

test.each([
  ['func \\w+Repo', ['fun', 'unc', 'nc ', 'rep', 'epo']],
  ['foo|bar', []],
  ['(foo|bar)baz', ['baz']],
  ['colou?rs', ['col', 'olo']],
  ['abc+def', ['abc', 'cde', 'def']],
  ['abc*def', ['def']],
  ['abcd{0,3}efg', ['abc', 'efg']],
  ['[abc]def[^\\]]ghi', ['def', 'ghi']],
  ['a\\.b\\.c', ['a.b', '.b.', 'b.c']],
  ['(?i)hello', ['hel', 'ell', 'llo']],
  ['[[:alpha:]]abc', ['abc']],
  ['\\x41bcd\\d\\pLefg', ['bcd', 'efg']],
  ['\\Qa|b\\E', []],
  ['(a(b)\\)c)def', ['def']],
])('every match of %s contains %j', (pattern, pieces) => {
  expect(toRegexTrigrams(pattern)).toEqual(pieces)
})

test('whatever matches has all its pieces, so the index never keeps a match away', () => {
  const atom = fc.constantFrom('a', 'b', 'c', '.', '\\.', '[ab]', '\\w', '(ab|c)', '(?:abc)', 'é', '\\d', '[^a]')
  const repeat = fc.constantFrom('', '', '', '+', '*', '?', '{0,2}', '{2}', '+?')
  const part = fc.tuple(atom, repeat).map(([one, many]) => one + many)
  const pattern = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 8 }), fc.boolean())
    .map(([parts, isEither]) => (isEither ? `${parts.join('')}|abc` : parts.join('')))
  const line = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1', 'é', ' '), maxLength: 20 })

  fc.assert(
    fc.property(pattern, line, (text, content) => {
      const { total } = find(content, text, { isRegex: true })
      const has = toRegexTrigrams(text).every((piece) => content.toLowerCase().includes(piece))
      expect(total === 0 || has).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
