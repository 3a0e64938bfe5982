import { expect, test } from 'vitest'
import { createLogReaderFrom, createLogReaderOfEnd, type LogReader } from '../../src/tools/log-reader.js'

const plain = (text: string) => text

function read(reader: LogReader, lines: readonly string[]): LogReader {
  for (const line of lines) reader.add(line)
  return reader
}

test('of several steps that failed it is the last one that did work, not the cleaning up', () => {
  const lines = [
    '⭐ Run Main lint, may fail',
    'a blank too many',
    '  ❌  Failure - Main lint, may fail',
    '⭐ Run Main test',
    'expected 2, got 3',
    '  ❌  Failure - Main test [4.1s]',
    '⭐ Run Post checkout',
    'cannot remove',
    '  ❌  Failure - Post checkout',
    '🏁  Job failed',
  ]

  expect(read(createLogReaderOfEnd(true, 5000), lines).finish(plain)).toEqual({
    text: '⭐ Run Main test\nexpected 2, got 3\n  ❌  Failure - Main test [4.1s]',
    step: 'test',
    startLine: 4,
    endLine: 6,
    totalLines: 10,
    cutChars: 0,
  })
})

test('a step that fails in the last line, and one that has no beginning', () => {
  const { text, step } = read(createLogReaderOfEnd(true, 5000), ['one', '  ❌  Failure - Pre setup']).finish(plain)

  expect([text, step]).toEqual(['one\n  ❌  Failure - Pre setup', 'setup'])
})

test('of a long step the end is shown', () => {
  const lines = [
    '⭐ Run Main test',
    ...Array.from({ length: 20_000 }, (_, at) => `row ${at}`),
    '  ❌  Failure - Main test',
  ]
  const part = read(createLogReaderOfEnd(true, 400), lines).finish(plain)

  expect(part.endLine).toBe(20_002)
  expect(part.startLine).toBeGreaterThan(19_900)
  expect(part.text).toMatch(/row 19999\n {2}❌ {2}Failure - Main test$/)
})

test('a log of a million lines is read in bounded memory', () => {
  const reader = createLogReaderOfEnd(true, 8000)
  const before = process.memoryUsage().heapUsed
  for (let at = 1; at <= 1_000_000; at += 1) reader.add(`${at} ${'x'.repeat(90)}`)

  expect(process.memoryUsage().heapUsed - before).toBeLessThan(40_000_000)
  expect(reader.finish(plain)).toMatchObject({ endLine: 1_000_000, totalLines: 1_000_000 })
})

test('a secret that begins before what is shown, or ends after it, is recognised', () => {
  const lines = Array.from({ length: 300 }, (_, at) => `row ${at + 1}`)
  lines[99] = 'BEGIN KEY'
  lines[104] = 'END KEY'
  const mask = (text: string) =>
    text.replace(/BEGIN KEY[\s\S]*?END KEY/, (key) => `[masked]${'\n'.repeat(key.split('\n').length - 1)}`)

  expect(read(createLogReaderFrom(103, 300), lines).finish(mask).text).not.toMatch(/row 10[345]\b|KEY/)
  expect(read(createLogReaderFrom(90, 200), lines).finish(mask).text).not.toMatch(/row 10[234]\b|KEY/)
})

test('a text that is withheld as a whole shows what is said instead', () => {
  expect(read(createLogReaderOfEnd(false, 500), ['a', 'b', 'c']).finish(() => '[withheld]')).toMatchObject({
    text: '[withheld]',
    totalLines: 3,
  })
})
