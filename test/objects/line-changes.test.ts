import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareLines } from '../../src/objects/line-changes.js'

/** What a diff says the text before and the text after are, in its hunks. */
function sidesOf(hunks: readonly string[]): { before: string[]; after: string[] } {
  const lines = hunks.filter((line) => !/^(@@|\\)/.test(line))
  return {
    before: lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1)),
    after: lines.filter((line) => !line.startsWith('-')).map((line) => line.slice(1)),
  }
}

test('writes hunks as git does', () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`).join('')
  const after = before.replace('line 2\n', 'LINE 2\n').replace('line 19\n', '')

  expect(compareLines(before, after, 1000)).toEqual({
    hunks: [
      '@@ -1,5 +1,5 @@',
      ...[' line 1', '-line 2', '+LINE 2', ' line 3', ' line 4', ' line 5'],
      '@@ -16,5 +16,4 @@',
      ...[' line 16', ' line 17', ' line 18', '-line 19', ' line 20'],
    ],
    additions: 1,
    deletions: 2,
  })
  expect(compareLines('', 'a\nb', 1000)?.hunks).toEqual(['@@ -0,0 +1,2 @@', '+a', '+b', '\\ No newline at end of file'])
  expect(compareLines('a\n', '', 1000)).toEqual({ hunks: ['@@ -1 +0,0 @@', '-a'], additions: 0, deletions: 1 })
  expect(compareLines('', '', 1000)).toEqual({ hunks: [], additions: 0, deletions: 0 })
})

test('a diff tells both sides, whatever the texts', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '', '@@ x', '-', '+', '=== y', '\r'), { maxLength: 6 })
  fc.assert(
    fc.property(text, text, (old, now) => {
      const [before, after] = [old, now].map((lines) => lines.map((line) => `${line}\n`).join(''))
      const changes = compareLines(before ?? '', after ?? '', 1000)
      if (before === after) return
      // so few lines are all context of each other
      expect(sidesOf(changes?.hunks ?? [])).toEqual({ before: old, after: now })
    }),
  )
})

test('two texts with nothing in common are given up in time', () => {
  const side = (name: string) => Array.from({ length: 40_000 }, (_, at) => `${name} ${at}\n`).join('')
  const startedAt = performance.now()

  expect(compareLines(side('before'), side('after'), 100)).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(5000)
})
