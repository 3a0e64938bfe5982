import { expect } from 'vitest'
import { verifyStored } from '../../src/audit/export.js'
import type { RunningAegis } from './start-aegis.js'

/** Entries of the audit log as objects, oldest first. */
export async function readAudit({ app }: RunningAegis): Promise<Record<string, unknown>[]> {
  await app.gate.audit.flush()
  return app.store.sqlite
    .prepare<[], { body: string }>('SELECT body FROM audit_entry ORDER BY seq')
    .all()
    .map(({ body }) => JSON.parse(body))
}

/** The invariant of every story: whatever happened, the chain holds and every call that began has an end. */
export async function checkAudit({ app }: RunningAegis): Promise<void> {
  await app.gate.audit.flush()
  const result = verifyStored(app.store.sqlite, { publicKeys: [] })
  expect(result.failure).toBeUndefined()
  expect(result.openCalls).toBe(0)
}
