import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, findCanonicalJson } from '../../src/audit/canonical-json.js'

describe('canonical JSON', () => {
  test('writes the example of RFC 8785 §3.2.2 as the RFC does', () => {
    const example = {
      // biome-ignore lint/correctness/noPrecisionLoss: the RFC's own literals
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    }

    expect(canonicalJson(example)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('sorts keys by UTF-16 code units, as in RFC 8785 §3.2.3', () => {
    const unsorted = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 }

    expect(Object.values(JSON.parse(canonicalJson(unsorted)) as object)).toHaveLength(7)
    expect(canonicalJson(unsorted)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
  })

  test('leaves out properties that are undefined', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}')
  })

  test.each([
    ['a lone surrogate', 'x\ud800'],
    ['a key with a lone surrogate', { '\udfff': 1 }],
    ['negative zero', -0],
    ['NaN', Number.NaN],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a date', new Date(0)],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['an undefined array item', [undefined]],
    ['a hole in an array', Array(1)],
    ['nesting that could overflow a reader', JSON.parse('['.repeat(65) + ']'.repeat(65))],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })

  test('reads back as the same data, whatever the data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalJson(JSON.parse(JSON.stringify(value)), () => 0)

        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(findCanonicalJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test.each([
    ['a space', '{"a": 1}'],
    ['another order', '{"b":1,"a":2}'],
    ['a nested other order', '{"a":[{"b":1,"a":2}]}'],
    ['a repeated key', '{"a":1,"a":1}'],
    ['another spelling of a number', '{"a":1.0}'],
    ['another spelling of a string', '{"a":"\\u0041"}'],
    ['an escaped lone surrogate', '{"a":"\\ud800"}'],
    ['negative zero', '-0'],
    ['too deep nesting', '['.repeat(65) + ']'.repeat(65)],
    ['very deep nesting', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['no JSON at all', '{'],
  ])('does not read %s', (_name, text) => {
    expect(findCanonicalJson(text)).toBeUndefined()
  })

  test('reads keys that look like numbers in the order of their text', () => {
    expect(findCanonicalJson('{"10":1,"9":2}')).toEqual({ 9: 2, 10: 1 })
    expect(findCanonicalJson('{"9":2,"10":1}')).toBeUndefined()
  })
})
