import { verifyStored } from '../../src/audit/export.js'
import { openStoreBeside } from '../../src/db/open.js'

/** How fast the log that the benchmark has just written is verified. */
export function measureVerify(databasePath: string): string {
  const store = openStoreBeside(databasePath, { readonly: true })
  const startedAt = performance.now()
  const result = verifyStored(store.sqlite, { publicKeys: [] })
  const seconds = (performance.now() - startedAt) / 1000
  store.close()
  const verdict = result.failure === undefined ? 'holds' : `BROKEN: ${result.failure.reason}`
  return `audit verify: ${result.entries} entries in ${seconds.toFixed(2)} s, ${(result.entries / seconds).toFixed(0)} a second, the chain ${verdict}`
}
