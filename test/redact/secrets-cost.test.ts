import { describe, expect, it } from 'vitest'
import { SECRET_RULES } from '../../src/redact/rules.js'
import { createRedactor } from '../../src/redact/secrets.js'
import { keyLine } from './key-text.js'

const mask = createRedactor('mask')

describe('the cost', () => {
  const PLAIN = 'plain words without anything to look at, again and again\n'
  const fill = (unit: string, size: number) => unit.repeat(Math.ceil(size / unit.length))
  const timeOf = (text: string) => {
    const start = performance.now()
    mask(text)
    return performance.now() - start
  }
  /** Texts that make a rule try again and again: its beginnings side by side, almost its example, … */
  const hostile = ({ example, keywords }: (typeof SECRET_RULES)[number]) => [
    keywords.join(''),
    keywords.map((keyword) => `${keyword}=`).join(''),
    keywords.map((keyword) => `${keyword} : `).join(''),
    keywords.map((keyword) => `${keyword}${'a'.repeat(4000)}`).join(''),
    keywords.map((keyword) => `${keyword}\n${keyLine}\n`).join(''),
    example,
    example.slice(0, -1),
    `${example.slice(0, -8)} `,
  ]

  it('of a megabyte made to be slow stays within a bounded factor of plain text, for every rule', {
    timeout: 120_000,
  }, () => {
    const plain = Math.min(...Array.from({ length: 5 }, () => timeOf(fill(PLAIN, 1_000_000))))

    for (const rule of SECRET_RULES) {
      const [worst = ''] = hostile(rule)
        .map((unit) => ({ unit, ms: timeOf(fill(unit, 50_000)) }))
        .sort((a, b) => b.ms - a.ms)
        .map(({ unit }) => unit)

      // quadratic work on a megabyte would be a factor of many thousands
      expect(timeOf(fill(worst, 1_000_000)) / plain, `${rule.name}: ${worst.slice(0, 60)}`).toBeLessThan(1000)
    }
  })
})
