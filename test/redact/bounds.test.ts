import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutText } from '../../src/redact/bounds.js'

describe('cutting text', () => {
  it('leaves short text whole', () => {
    expect(cutText('abc', 3)).toEqual({ text: 'abc', left: 0 })
  })

  it('ends after a whole line where that keeps at least half', () => {
    expect(cutText('one\ntwo\nthree\n', 10)).toEqual({ text: 'one\ntwo\n', left: 6 })
    expect(cutText('one\ntwo\n', 4)).toEqual({ text: 'one\n', left: 4 })
  })

  it('cuts inside a line when there is no better place', () => {
    expect(cutText('a\nbcdefghijkl', 10)).toEqual({ text: 'a\nbcdefghi', left: 3 })
  })

  it('never cuts a character in two', () => {
    expect(cutText('ab😀cd', 3)).toEqual({ text: 'ab', left: 4 })
    expect(cutText('ab😀cd', 4)).toEqual({ text: 'ab😀', left: 2 })
  })

  it('keeps to the limit and tells exactly what was left, for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, max) => {
        const cut = cutText(text, max)

        expect(cut.text.length).toBeLessThanOrEqual(Math.max(max, 0))
        expect(cut.text.isWellFormed()).toBe(true)
        expect(text.startsWith(cut.text)).toBe(true)
        expect(cut.text.length + cut.left).toBe(text.length)
      }),
    )
  })
})
