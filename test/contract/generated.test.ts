import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generateConfiguration, generateEnvExample } from '../../scripts/gen/configuration.js'
import { generatePolicySchema } from '../../scripts/gen/policy-schema.js'
import { generateCatalog, generateToolSchemas, generateToolsDoc } from '../../scripts/gen/tools.js'
import { generateVerifier } from '../../scripts/gen/verifier.js'
import { envSections } from '../../src/config/env.js'

test.each([
  ['src/tools/catalog.gen.ts', generateCatalog],
  ['.env.example', generateEnvExample],
  ['docs/configuration.md', generateConfiguration],
  ['docs/tools.md', generateToolsDoc],
  ['docs/policy.schema.json', generatePolicySchema],
  ['test/contract/tools.json', generateToolSchemas],
  ['scripts/verify-audit.mjs', generateVerifier],
])('%s is what npm run gen writes', async (path, generate) => {
  expect(readFileSync(path, 'utf8')).toBe(await generate())
})

test('every setting says what it does', () => {
  const silent = Object.values(envSections).flatMap((section) =>
    Object.entries(section)
      .filter(([, schema]) => (schema.description ?? '') === '')
      .map(([name]) => name),
  )

  expect(silent).toEqual([])
})
