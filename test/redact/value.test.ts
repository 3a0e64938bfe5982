import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fake } from '../../src/redact/rules/secret-rule.js'
import { createRedactor } from '../../src/redact/secrets.js'
import { redactValue } from '../../src/redact/value.js'

const mask = createRedactor('mask')
const token = `ghp_${fake(36)}`

describe('data', () => {
  it('is redacted in every string and every key, however deep', () => {
    expect(redactValue({ a: [{ b: `x ${token} y` }, 7, true, null], [token]: 'value' }, mask)).toEqual({
      value: {
        a: [{ b: 'x [secret masked: github-token] y' }, 7, true, null],
        '[secret masked: github-token]': 'value',
      },
      found: [{ rule: 'github-token', count: 2 }],
    })
  })

  it('is judged together with its key, as the same line of text would be', () => {
    const { value } = redactValue(
      { password: `${fake(8)}!`, api_key: fake(24), passwords: [`${fake(9)}?`], path: 'src/token.ts', tokens: 12 },
      mask,
    )

    expect(value).toEqual({
      password: '[secret masked: password]',
      api_key: '[secret masked: secret-value]',
      passwords: ['[secret masked: password]'],
      path: 'src/token.ts',
      tokens: 12,
    })
  })

  it('loses no entry when two keys are masked alike', () => {
    const other = `ghp_${'A1'.repeat(18)}`

    expect(Object.values(redactValue({ [token]: 1, [other]: 2 }, mask).value ?? {})).toEqual([1, 2])
  })

  it('is withheld string by string when secrets block', () => {
    expect(redactValue({ a: `x ${token}`, b: 'y' }, createRedactor('block')).value).toEqual({
      a: '[withheld because it contains secrets: github-token]',
      b: 'y',
    })
  })

  it('is untouched when redaction is off', () => {
    expect(redactValue({ a: token, password: `${fake(8)}!` }, createRedactor('off')).value).toEqual({
      a: token,
      password: `${fake(8)}!`,
    })
  })

  it('is bounded in the length of strings, after redaction', () => {
    const { value } = redactValue({ text: `${'a'.repeat(30)} ${token} tail` }, mask, { maxString: 40 })

    expect(value).toEqual({ text: `${'a'.repeat(30)} [secret m[… 25 more characters]` })
  })

  it('is bounded in depth and number, and says so in place', () => {
    expect(redactValue({ a: { b: { c: 1 } } }, mask, { maxDepth: 2 }).value).toEqual({
      a: { b: '[left out: too deep]' },
    })
    expect(redactValue([1, 2, 3, 4, 5], mask, { maxNodes: 4 }).value).toEqual([1, 2, 3, '[left out: 2 more]'])
    expect(redactValue({ a: 1, b: 2, c: 3 }, mask, { maxNodes: 2 }).value).toEqual({ a: 1, '[left out]': '2 more' })
  })

  it('that refers to itself comes to an end', () => {
    const loop: Record<string, unknown> = { name: 'x' }
    loop.self = loop

    expect(JSON.stringify(redactValue(loop, mask).value)).toContain('[left out: too deep]')
  })

  it('keeps what JSON holds and leaves out the rest', () => {
    const odd = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')
    const { value } = redactValue({ odd, f: () => 1, u: undefined, n: Number.NaN, big: 10n, list: [undefined] }, mask)

    expect(JSON.stringify(value)).toBe(
      '{"odd":{"__proto__":{"polluted":true},"a":1},"n":null,"big":"10","list":[null]}',
    )
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('without secrets is the same data, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (given) => {
        fc.pre(mask(JSON.stringify(given)).found.length === 0)

        expect(JSON.stringify(redactValue(given, mask).value)).toBe(JSON.stringify(given))
      }),
    )
  })

  it('never holds a secret that was put into it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.string(), (given, key) => {
        const { value } = redactValue({ given, [`${key} ${token}`]: [given, { [key]: `${key} ${token}` }] }, mask)

        expect(JSON.stringify(value)).not.toContain(token)
      }),
    )
  })
})
