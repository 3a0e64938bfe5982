import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditLog } from '../../src/audit/log.js'
import type { Store } from '../../src/db/open.js'
import { createLogger } from '../../src/lib/logger.js'
import { callOutcome, pendingCall } from './calls.js'
import { createFaulty, FAULTS, type Faulty } from './faults.js'
import { checkAudit, createWorkspace, readRecords, recordCall, type Workspace } from './fixture.js'

let workspace: Workspace

beforeEach(() => {
  workspace = createWorkspace()
})

afterEach(() => {
  workspace.remove()
})

/** More than the free space of any page, so that it needs the disk. */
const LARGE = { arguments: { text: 'x'.repeat(20_000) } }

/** `call status`, or the reason of an event without a call. */
function summarize(store: Store): string[] {
  return readRecords(store).map(({ call, status, reason }) => (call === undefined ? `${reason}` : `${call} ${status}`))
}

describe.each(FAULTS)('when $name', ({ persists, break: breakIt }) => {
  let faulty: Faulty
  let log: AuditLog

  beforeEach(async () => {
    faulty = createFaulty(workspace.store)
    log = workspace.open({ retryMs: 60_000, lazyMs: 60_000 }, faulty.store)
    await log.record(pendingCall('c-running'))
    await log.record(pendingCall('c-done'))
  })

  test('calls are refused, health says so, and outcomes of calls under way are written afterwards', async () => {
    const head = log.head()
    log.recordSoon(callOutcome('c-done', LARGE))
    const mend = breakIt(faulty)

    const refused = await Promise.allSettled([
      log.record(pendingCall('c-1', LARGE)),
      log.record({ type: 'access_denied', reason: 'policy', ...LARGE }),
    ])
    for (const result of refused) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'unavailable', status: 503, message: expect.stringContaining('nothing was done') },
      })
    }
    expect(log.head()).toEqual(head)
    expect(log.health()).toEqual({ ok: false, reason: expect.stringContaining('cannot be written') })
    log.recordSoon(callOutcome('c-running', { status: 'error', ...LARGE }))
    mend()

    await log.record(pendingCall('c-2'))
    expect(log.health()).toEqual({ ok: true })
    const expected = persists
      ? ['c-done success', 'c-1 pending', 'policy', 'c-running error', 'c-2 pending', 'c-1 interrupted']
      : ['c-done success', 'c-running error', 'c-2 pending']
    expect(summarize(workspace.store)).toEqual([
      'c-running pending',
      'c-done pending',
      ...expected,
      'audit_log_was_not_writable',
    ])
    expect(checkAudit(workspace.store, workspace.signer).openCalls).toBe(1)
  })

  test('a restart in the middle of it finds a log that holds', async () => {
    const mend = breakIt(faulty)
    await expect(log.record(pendingCall('c-1', LARGE))).rejects.toMatchObject({ code: 'unavailable' })
    mend()

    const next = workspace.open({}, workspace.reopenStore())
    await recordCall(next, 'c-2')
    await next.close()

    expect(summarize(workspace.store)).toEqual([
      'c-running pending',
      'c-done pending',
      ...(persists ? ['c-1 pending'] : []),
      'c-running interrupted',
      'c-done interrupted',
      ...(persists ? ['c-1 interrupted'] : []),
      'c-2 pending',
      'c-2 success',
    ])
    expect(checkAudit(workspace.store, workspace.signer)).toMatchObject({ openCalls: 0 })
  })

  test('it is tried again and again, and every failure leaves the order as it was', async () => {
    const mend = breakIt(faulty)
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(log.record(pendingCall(`c-${attempt}`, LARGE))).rejects.toMatchObject({ code: 'unavailable' })
      log.recordSoon({ type: 'security_event', reason: `event ${attempt}`, ...LARGE })
    }
    log.recordSoon(callOutcome('c-running'))
    mend()
    await log.close()

    const events = summarize(workspace.store).filter((text) => text.startsWith('event') || text === 'c-running success')
    expect(events).toEqual(['event 0', 'event 1', 'event 2', 'c-running success'])
    checkAudit(workspace.store, workspace.signer)
  })

  test('an outcome that someone waits for is refused, and written afterwards all the same', async () => {
    const mend = breakIt(faulty)
    await expect(log.record(callOutcome('c-done', LARGE))).rejects.toMatchObject({ code: 'unavailable' })
    mend()
    await log.flush()

    expect(summarize(workspace.store).filter((text) => text === 'c-done success')).toHaveLength(1)
    expect(checkAudit(workspace.store, workspace.signer).openCalls).toBe(1)
  })

  test('it recovers by itself when nobody calls', async () => {
    await log.close()
    log = workspace.open({ retryMs: 5 }, faulty.store)
    const mend = breakIt(faulty)
    await expect(log.record(pendingCall('c-1', LARGE))).rejects.toMatchObject({ code: 'unavailable' })
    mend()

    await expect.poll(() => log.health()).toEqual({ ok: true })

    expect(readRecords(workspace.store).at(-1)).toMatchObject({
      type: 'security_event',
      reason: 'audit_log_was_not_writable',
      details: { since: '2026-11-21T12:00:00.000Z', refused: 1, dropped: 0 },
    })
    checkAudit(workspace.store, workspace.signer)
  })
})

test('while nothing can be written, outcomes are all kept, and further events are counted instead', async () => {
  const faulty = createFaulty(workspace.store)
  const log = workspace.open({ retryMs: 60_000, lazyMs: 60_000, checkpointEvery: 100_000 }, faulty.store)
  await log.record(pendingCall('c-1'))
  faulty.failBeforeCommit = true
  await expect(log.record(pendingCall('c-2'))).rejects.toMatchObject({ code: 'unavailable' })

  for (let index = 0; index < 10_500; index++) {
    log.recordSoon({ type: 'security_event', reason: 'sign_in_failed' })
  }
  log.recordSoon(callOutcome('c-1'))
  faulty.failBeforeCommit = false
  await log.flush()

  const records = readRecords(workspace.store)
  expect(records.filter(({ reason }) => reason === 'sign_in_failed')).toHaveLength(10_000)
  expect(records.slice(-2)).toMatchObject([
    { call: 'c-1', status: 'success' },
    { reason: 'audit_log_was_not_writable', details: { refused: 1, dropped: 500 } },
  ])
  expect(checkAudit(workspace.store, workspace.signer).openCalls).toBe(0)
})

test('a fault is logged once with its cause, not at every attempt', async () => {
  const lines: string[] = []
  const logger = createLogger('INFO', { write: (line) => lines.push(line) })
  const faulty = createFaulty(workspace.store)
  const log = workspace.open({ logger, retryMs: 2 }, faulty.store)
  faulty.failBeforeCommit = true
  await expect(log.record(pendingCall('c-1'))).rejects.toMatchObject({ detail: 'disk I/O error' })
  await delay(50)
  faulty.failBeforeCommit = false
  await log.flush()

  const events = lines.map((line) => JSON.parse(line) as { event: string; error?: string })
  expect(events.map(({ event }) => event)).toEqual(['audit_write_failed', 'audit_recovered'])
  expect(events[0]?.error).toBe('disk I/O error')
})
