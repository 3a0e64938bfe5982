import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMatcher, type Query } from '../../src/search/matcher.js'

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
  const matcher = createMatcher({ text: '[x]$', isRegex: true, isWord: false, isCaseSensitive: false })
  let looks = 0

  const found = matcher.findLines('y\n'.repeat(200_000), 10, () => ++looks === 2)

  expect(found.isLate).toBe(true)
  expect(looks).toBe(2)
})

test.each(['(', '(?=a)b', '(a)\\1', '[z-a]', '\\'])('%s is no pattern of RE2, and that is said', (pattern) => {
  expect(() => find('', pattern, { isRegex: true })).toThrow(/not a regular expression in RE2 syntax/)
})

test('a pattern is looked for on the lines that have what it needs, and finds what it finds on each line by itself', () => {
  const unit = fc.constantFrom('a', 'b', 'c', 'A', 'é', ' ', '\n', '\n')
  const content = fc.string({ unit, maxLength: 60 })
  const pattern = fc.constantFrom(
    'abc',
    'ab+c',
    'a?bc',
    '^a',
    'c$',
    'b\\b',
    '^$',
    'a.c|b',
    'aé',
    'A[bc]{2}',
    'b *c',
    'x',
  )

  fc.assert(
    fc.property(
      content,
      pattern,
      fc.boolean(),
      fc.integer({ min: 0, max: 3 }),
      (shown, text, isCaseSensitive, most) => {
        const all = (shown.endsWith('\n') ? shown.slice(0, -1) : shown).split('\n')
        const numbers = all.flatMap((line, at) =>
          find(line, text, { isRegex: true, isCaseSensitive }).total > 0 ? [at + 1] : [],
        )
        const found = find(shown, text, { isRegex: true, isCaseSensitive }, most)
        expect(found).toEqual({ lines: numbers.slice(0, most), total: numbers.length, isLate: false })
      },
    ),
    { numRuns: 1000 },
  )
})

test('a pattern that is too large is refused', () => {
  expect(() => find('', '(abcdefghij){100}', { isRegex: true })).toThrow(/too large/)
})
