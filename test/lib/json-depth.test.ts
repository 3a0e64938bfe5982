import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isNestedDeeper } from '../../src/lib/json-depth.js'

const isDeeper = (json: string, max: number) => isNestedDeeper(Buffer.from(json), max)

function measureDepth(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map((inner) => measureDepth(inner)))
    : 0
}

it('counts arrays and objects that are open at once', () => {
  expect(isDeeper('[{"a":[1]},{}]', 3)).toBe(false)
  expect(isDeeper('[{"a":[1]},{}]', 2)).toBe(true)
  expect(isDeeper('['.repeat(2_000_000), 100)).toBe(true)
})

it('is not misled by brackets in strings, nor by escaped quotes', () => {
  expect(isDeeper(String.raw`{"[[[\"[[[\\":"]\\\"{{{"}`, 1)).toBe(false)
  expect(isDeeper(String.raw`{"\\":[[]]}`, 2)).toBe(true)
})

it('agrees with a walk over the parsed value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value)
      const depth = measureDepth(JSON.parse(json))
      expect([isDeeper(json, depth), isDeeper(json, depth - 1)]).toEqual([false, depth > 0])
    }),
  )
})
