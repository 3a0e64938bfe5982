import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createJsonSieve } from '../../src/webhooks/json-sieve.js'

const BOUNDS = { maxStringBytes: 8, maxItems: 3, maxDepth: 20, maxBytes: 100_000 }

/** Through the sieve in pieces of these sizes, in turn. */
function sieve(text: string, sizes: readonly number[] = [text.length * 4 + 1], bounds = BOUNDS): string | undefined {
  const made = createJsonSieve(bounds)
  const bytes = Buffer.from(text)
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    made.push(bytes.subarray(at, at + size))
    at += size
  }
  return made.end()
}

/** What is left, as one would say it: strings by whole characters, arrays by their first items. */
function shorten(value: unknown): unknown {
  if (typeof value === 'string') {
    let bytes = 0
    let kept = ''
    for (const character of value) {
      if (bytes >= BOUNDS.maxStringBytes) break
      bytes += Buffer.byteLength(JSON.stringify(character)) - 2
      kept += character
    }
    return kept
  }
  if (Array.isArray(value)) {
    return value.slice(0, BOUNDS.maxItems).map(shorten)
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shorten(item)]))
    : value
}

// keys short enough to stay different from each other
const documents = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a"b\\c\n{[,]}', 'ééééééééééé', '\u0001\u0002\u0003'),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 7 }),
    fc.dictionary(
      fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '"', '{', ',') }),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value

test('what passes is the same document with long strings and arrays cut short, however it arrives', () => {
  fc.assert(
    fc.property(
      documents,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.boolean(),
      (value, sizes, isPretty) => {
        const text = JSON.stringify(value, null, isPretty ? 2 : 0)

        expect(JSON.parse(sieve(text, sizes) ?? '')).toEqual(JSON.parse(JSON.stringify(shorten(value))))
      },
    ),
    { numRuns: 2000 },
  )
})

test('characters that are escaped or of several bytes are never cut in two', () => {
  expect(sieve('"\\u00e9\\u00e9\\u00e9"', [1])).toBe('"\\u00e9\\u00e9"')
  expect(sieve('"1234567€€"', [1])).toBe('"1234567€"')
  expect(sieve('"1234567\\n\\n"', [1])).toBe('"1234567\\n"')
})

test('what is nested too deep or stays too large is given up', () => {
  expect(sieve('['.repeat(21) + ']'.repeat(21))).toBeUndefined()
  expect(sieve('['.repeat(20) + ']'.repeat(20))).toHaveLength(40)
  expect(sieve('{"a":"12345678","b":"12345678"}', [3], { ...BOUNDS, maxBytes: 20 })).toBeUndefined()
})

test('brackets that do not match reach the parser, which refuses them', () => {
  for (const text of [']]]', '{"a":[1,2,3,4}', '"open', '[1,2,3,4', '}{', '', '[,,,,]']) {
    expect(() => JSON.parse(sieve(text, [1]) ?? '')).toThrow(SyntaxError)
  }
})
