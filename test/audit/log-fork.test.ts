import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditLog } from '../../src/audit/log.js'
import type { AuditEvent } from '../../src/audit/record.js'
import { createLogger } from '../../src/lib/logger.js'
import { callOutcome, pendingCall } from './calls.js'
import { createWorkspace, readRecords, type Workspace } from './fixture.js'

let workspace: Workspace

beforeEach(() => {
  workspace = createWorkspace()
})

afterEach(() => {
  workspace.remove()
})

describe('when someone else writes to the chain', () => {
  async function forkChain(log: AuditLog): Promise<void> {
    await log.record(pendingCall('c-1'))
    const other = new Database(workspace.path)
    other
      .prepare(
        `INSERT INTO audit_entry (seq, prev_hash, entry_hash, body)
         SELECT 2, entry_hash, 'f', '{}' FROM audit_entry WHERE seq = 1`,
      )
      .run()
    other.close()
  }

  test('nothing more is written, for good', async () => {
    const log = workspace.open()
    await forkChain(log)

    await expect(log.record(pendingCall('c-2'))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(log.record(pendingCall('c-3'))).rejects.toMatchObject({ code: 'unavailable' })
    log.recordSoon(callOutcome('c-1'))
    await log.flush()

    expect(log.health()).toEqual({ ok: false, reason: expect.stringContaining('changed by something other') })
    expect(readRecords(workspace.store)).toHaveLength(2)
    expect(log.head().seq).toBe(1)
  })

  test('what could not be written is in the server log in full', async () => {
    const lines: string[] = []
    const logger = createLogger('INFO', { write: (line) => lines.push(line) })
    const log = workspace.open({ logger })
    await forkChain(log)
    log.recordSoon(callOutcome('c-1'))

    await expect(log.close()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('could not be written: 1.'),
    })

    const written = lines.map((line) => JSON.parse(line) as { event: string; entry?: AuditEvent })
    expect(written.find(({ event }) => event === 'audit_entry_not_written')?.entry).toEqual(callOutcome('c-1'))
  })
})
