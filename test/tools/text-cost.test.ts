import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { cutLines } from '../../src/tools/lines.js'
import { surelyFits, toTextCost } from '../../src/tools/text-cost.js'

const MAX_CHARS = 20_000
const MOST_TOKENS = 5000

const texts: [string, string][] = [
  ['code', readFileSync('src/oauth/provider.ts', 'utf8').repeat(4)],
  ['a lock file', readFileSync('package-lock.json', 'utf8').slice(0, 200_000)],
  ['hex', Array.from({ length: 900 }, () => randomBytes(32).toString('hex')).join('\n')],
  ['base64', Array.from({ length: 900 }, () => randomBytes(48).toString('base64')).join('\n')],
  ['one long line of base64', randomBytes(60_000).toString('base64')],
  ['Chinese', '如果审计日志无法写入，则拒绝该调用，并在健康检查中说明原因。\n'.repeat(900)],
  ['Russian', 'Если журнал аудита не может быть записан, вызов отклоняется.\n'.repeat(900)],
  [
    'a log',
    Array.from({ length: 2000 }, (_, n) => `2026-11-21T10:00:${n % 60}.${n}Z step ${n} took ${n * 13} ms`).join('\n'),
  ],
]

test.each(texts)('a page of %s stays within 5,000 tokens', (_kind, text) => {
  const page = cutLines(text, 1, Number.POSITIVE_INFINITY, MAX_CHARS - 600)

  expect(countTokens(page.text)).toBeLessThanOrEqual(MOST_TOKENS)
  expect(page.text.length).toBeGreaterThan(4000)
})

test('a page of prose or code uses most of its room', () => {
  const page = cutLines(readFileSync('src/oauth/provider.ts', 'utf8').repeat(4), 1, Number.POSITIVE_INFINITY, MAX_CHARS)

  expect(countTokens(page.text)).toBeGreaterThan(3500)
})

test('no text costs less than its length, and short ones are known to fit without looking', () => {
  for (const [, text] of texts) {
    expect(toTextCost(text)).toBeGreaterThanOrEqual(text.length)
    expect(surelyFits(text.slice(0, 6500).length, MAX_CHARS)).toBe(true)
    expect(countTokens(text.slice(0, 6500))).toBeLessThanOrEqual(MOST_TOKENS)
  }
})
