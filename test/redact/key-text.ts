import { fake } from '../../src/redact/rules/secret-rule.js'

export const dashes = '-'.repeat(5)
export const begin = `${dashes}BEGIN PRIVATE KEY${dashes}`
export const end = `${dashes}END PRIVATE KEY${dashes}`
export const keyLine = fake(64)
