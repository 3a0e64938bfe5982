import { expect } from 'vitest'
import { fake } from '../../src/redact/rules/secret-rule.js'

let made = 0

/** A token of GitHub's form, another one each time. */
export function makeSecret(): string {
  made += 1
  return `ghp_${String(made).padStart(4, '9')}${fake(32)}`
}

/** No eight characters of it are anywhere. */
export function expectNothingOf(secret: string, ...texts: readonly string[]): void {
  for (const text of texts) {
    for (let at = 4; at + 8 <= secret.length; at += 1) {
      expect(text.includes(secret.slice(at, at + 8))).toBe(false)
    }
  }
}
