// npm run gen: writes what is derived from the code. npm run gen:check: fails when any of it is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { generateConfiguration, generateEnvExample } from './gen/configuration.js'
import { generatePolicySchema } from './gen/policy-schema.js'
import { generateCatalog, generateToolSchemas, generateToolsDoc } from './gen/tools.js'
import { generateVerifier } from './gen/verifier.js'

const GENERATED: readonly (readonly [path: string, generate: () => string | Promise<string>])[] = [
  // first, because the ones below read the catalog
  ['src/tools/catalog.gen.ts', generateCatalog],
  ['.env.example', generateEnvExample],
  ['docs/configuration.md', generateConfiguration],
  ['docs/tools.md', generateToolsDoc],
  ['docs/policy.schema.json', generatePolicySchema],
  ['test/contract/tools.json', generateToolSchemas],
  ['scripts/verify-audit.mjs', generateVerifier],
]

const isCheck = process.argv.includes('--check')
let stale = 0
for (const [path, generate] of GENERATED) {
  const wanted = await generate()
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) {
    continue
  }
  stale += 1
  if (isCheck) {
    console.error(`${path} is stale. Run: npm run gen`)
  } else {
    writeFileSync(path, wanted)
    console.log(`wrote ${path}`)
  }
}
if (stale === 0) {
  console.log(`${GENERATED.length} generated files are current`)
}
process.exitCode = isCheck && stale > 0 ? 1 : 0
