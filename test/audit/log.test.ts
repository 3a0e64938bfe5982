import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SignedCheckpoint } from '../../src/audit/checkpoint.js'
import { GENESIS_HASH } from '../../src/audit/record.js'
import type { Store } from '../../src/db/open.js'
import { callOutcome, pendingCall } from './calls.js'
import { checkAudit, createWorkspace, readRecords, recordCall, type Workspace } from './fixture.js'

let workspace: Workspace

beforeEach(() => {
  workspace = createWorkspace()
})

afterEach(() => {
  workspace.remove()
})

/** Counts the commits that go to disk. */
function countCommits(store: Store): { store: Store; count(): number } {
  let commits = 0
  return {
    store: {
      ...store,
      transaction: (work) => {
        commits += 1
        return store.transaction(work)
      },
    },
    count: () => commits,
  }
}

describe('recording', () => {
  test('an entry that was recorded is on disk and says where it stands in the chain', async () => {
    const log = workspace.open()

    const first = await log.record(pendingCall('c-1'))
    const second = await log.record({ type: 'access_denied', reason: 'policy', request_id: 'r-2' })

    const rows = workspace.store.sqlite.prepare('SELECT seq, prev_hash, entry_hash AS hash FROM audit_entry').all()
    expect(rows).toEqual([
      { seq: 1, prev_hash: GENESIS_HASH, hash: first.hash },
      { seq: 2, prev_hash: first.hash, hash: second.hash },
    ])
    expect(log.head()).toEqual(second)
    checkAudit(workspace.store, workspace.signer)
  })

  test('all entries of one turn of the event loop share one commit', async () => {
    const counted = countCommits(workspace.store)
    const log = workspace.open({}, counted.store)

    const appended = await Promise.all(Array.from({ length: 16 }, (_, index) => log.record(pendingCall(`c-${index}`))))

    expect(appended.map(({ seq }) => seq)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
    expect(counted.count()).toBe(1)
  })

  test('an outcome rides with the next commit', async () => {
    const counted = countCommits(workspace.store)
    const log = workspace.open({ lazyMs: 60_000 }, counted.store)
    await log.record(pendingCall('c-1'))

    log.recordSoon(callOutcome('c-1'))
    await log.record(pendingCall('c-2'))

    expect(counted.count()).toBe(2)
    expect(readRecords(workspace.store).map(({ call, status }) => `${call} ${status}`)).toEqual([
      'c-1 pending',
      'c-1 success',
      'c-2 pending',
    ])
    await log.close()
  })

  test('an outcome is written soon even when nothing follows', async () => {
    const log = workspace.open({ lazyMs: 5 })
    await recordCall(log, 'c-1')

    await delay(100)

    expect(readRecords(workspace.store)).toHaveLength(2)
  })

  test('a pending entry names the oldest call that may still be open', async () => {
    const log = workspace.open({ lazyMs: 60_000 })
    await recordCall(log, 'c-1')
    await log.flush()
    await Promise.all([log.record(pendingCall('c-2')), log.record(pendingCall('c-3'))])
    log.recordSoon(callOutcome('c-2'))
    await log.flush()
    await log.record(pendingCall('c-4'))

    const pending = readRecords(workspace.store).filter(({ status }) => status === 'pending')
    expect(pending.map(({ seq, open_since }) => [seq, open_since])).toEqual([
      [1, 1],
      [3, 3],
      [4, 3],
      [6, 4],
    ])
  })

  test('flush writes what waits at once', async () => {
    const log = workspace.open({ lazyMs: 60_000 })
    log.recordSoon({ type: 'security_event', reason: 'policy_reloaded' })

    await log.flush()

    expect(readRecords(workspace.store)).toMatchObject([{ seq: 1, reason: 'policy_reloaded' }])
  })

  test('an outcome without a pending entry, and a second outcome, are refused as a bug', async () => {
    const log = workspace.open()
    await recordCall(log, 'c-1')

    expect(() => log.recordSoon(callOutcome('c-1'))).toThrow('has an outcome already')
    expect(() => log.recordSoon(callOutcome('c-2'))).toThrow('has no pending audit entry')
    await expect(log.record(callOutcome('c-2'))).rejects.toThrow('has no pending audit entry')
    await log.flush()
    expect(() => log.recordSoon(callOutcome('c-1'))).toThrow('has no pending audit entry')
    expect(checkAudit(workspace.store, workspace.signer).entries).toBe(2)
  })

  test('after closing, nothing is recorded any more', async () => {
    const log = workspace.open()
    await log.close()

    await expect(log.record(pendingCall('c-1'))).rejects.toMatchObject({ code: 'unavailable' })
    log.recordSoon({ type: 'security_event', reason: 'late' })
    await log.flush()
    await log.close()

    expect(readRecords(workspace.store)).toEqual([])
  })
})

describe('the stored log', () => {
  test.each(['audit_entry', 'audit_checkpoint'])('%s refuses UPDATE and DELETE', async (table) => {
    const log = workspace.open()
    await recordCall(log, 'c-1')
    await log.close()
    const { sqlite } = workspace.store
    const column = table === 'audit_entry' ? 'body' : 'signature'

    expect(() => sqlite.exec(`UPDATE ${table} SET ${column} = 'x'`)).toThrow('append-only')
    expect(() => sqlite.exec(`DELETE FROM ${table}`)).toThrow('append-only')
    expect(checkAudit(workspace.store, workspace.signer)).toMatchObject({ entries: 2, checkpoints: 1 })
  })

  test('goes on where it ended after a restart', async () => {
    const log = workspace.open()
    await recordCall(log, 'c-1')
    await log.close()

    const next = workspace.open({}, workspace.reopenStore())
    await recordCall(next, 'c-2')
    await next.close()

    expect(checkAudit(workspace.store, workspace.signer)).toMatchObject({ entries: 4, lastSeq: 4, openCalls: 0 })
  })
})

describe('checkpoints', () => {
  test('are signed every so many entries, in the same commit', async () => {
    const counted = countCommits(workspace.store)
    const published: SignedCheckpoint[] = []
    const log = workspace.open({ checkpointEvery: 3, onCheckpoint: (item) => published.push(item) }, counted.store)

    for (let index = 0; index < 7; index++) {
      await log.record({ type: 'security_event', reason: `event ${index}` })
    }

    expect(published.map(({ checkpoint }) => checkpoint.size)).toEqual([3, 6])
    expect(counted.count()).toBe(7)
    expect(checkAudit(workspace.store, workspace.signer)).toMatchObject({ checkpoints: 2, signedUpTo: 6 })
  })

  test('are signed after a while when something is new, and only then', async () => {
    const published: SignedCheckpoint[] = []
    const log = workspace.open({ checkpointIntervalMs: 20, onCheckpoint: (item) => published.push(item) })
    await delay(60)
    expect(published).toEqual([])

    await log.record({ type: 'security_event', reason: 'one' })
    await delay(150)

    expect(published.map(({ checkpoint }) => checkpoint.size)).toEqual([1])
    checkAudit(workspace.store, workspace.signer)
  })

  test('are signed at the end, so that a stopped server leaves nothing unsigned', async () => {
    const log = workspace.open()
    await recordCall(log, 'c-1')

    await log.close()

    expect(checkAudit(workspace.store, workspace.signer)).toMatchObject({ lastSeq: 2, signedUpTo: 2 })
  })

  test('what a crash left unsigned is signed after the restart, though nothing new happens', async () => {
    const log = workspace.open()
    await log.record({ type: 'security_event', reason: 'one' })

    workspace.open({ checkpointIntervalMs: 10 }, workspace.reopenStore())
    await delay(100)

    expect(checkAudit(workspace.store, workspace.signer).signedUpTo).toBe(1)
  })
})

describe('a start after a crash', () => {
  test('closes every call whose outcome the crash swallowed, and only those', async () => {
    const log = workspace.open({ lazyMs: 60_000 })
    await log.record(pendingCall('c-old'))
    for (let index = 0; index < 30; index++) {
      await recordCall(log, `c-${index}`)
    }
    await log.record(pendingCall('c-new'))
    await log.record({ type: 'security_event', reason: 'sign_in' })

    const next = workspace.open({}, workspace.reopenStore())

    const closing = readRecords(workspace.store).filter(({ status }) => status === 'interrupted')
    expect(closing).toMatchObject([
      { call: 'c-old', request_id: 'request-c-old', tool: 'get_file_contents', actor: { login: 'alice' } },
      { call: 'c-new', request_id: 'request-c-new', target: { repository: 'octo/widgets' } },
    ])
    expect(closing[0]?.reason).toContain('not known')
    expect(checkAudit(workspace.store, workspace.signer).openCalls).toBe(0)
    expect(next.health()).toEqual({ ok: true })
  })

  test('finds an open call however far back it began', async () => {
    const log = workspace.open({ checkpointEvery: 100 })
    for (let index = 0; index < 1000; index++) {
      log.recordSoon({ type: 'security_event', reason: `before ${index}` })
    }
    await log.record(pendingCall('c-long'))
    for (let index = 0; index < 1500; index++) {
      await recordCall(log, `c-${index}`)
    }
    await log.flush()

    workspace.open({}, workspace.reopenStore())

    const records = readRecords(workspace.store)
    expect(records.at(-1)).toMatchObject({ call: 'c-long', status: 'interrupted' })
    expect(records.findLast(({ status }) => status === 'pending')?.open_since).toBe(1001)
    expect(checkAudit(workspace.store, workspace.signer).openCalls).toBe(0)
  })

  test('closes an interrupted call once, however often the server starts', async () => {
    await workspace.open().record(pendingCall('c-1'))

    workspace.open({}, workspace.reopenStore())
    workspace.open({}, workspace.reopenStore())

    expect(readRecords(workspace.store)).toHaveLength(2)
  })
})

describe('a start on a damaged log', () => {
  /** As someone with the file could: the triggers go first. */
  function tamper(sql: string): void {
    const { sqlite } = workspace.store
    sqlite.exec('DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete')
    sqlite.exec('DROP TRIGGER audit_checkpoint_no_update; DROP TRIGGER audit_checkpoint_no_delete')
    sqlite.exec(sql)
  }

  test.each([
    ['the last entry was edited', `UPDATE audit_entry SET body = replace(body, 'alice', 'mallory') WHERE seq = 14`],
    ['an unsigned entry was removed', 'DELETE FROM audit_entry WHERE seq = 13'],
    ['the entry under the last checkpoint was edited', `UPDATE audit_entry SET body = body || ' ' WHERE seq = 10`],
    ['the end was cut off below the checkpoint', 'DELETE FROM audit_entry WHERE seq >= 9'],
    ['everything was removed but the checkpoint', 'DELETE FROM audit_entry'],
    ['the checkpoint was edited', 'UPDATE audit_checkpoint SET at = at + 1'],
    ['the checkpoint has an impossible time', 'UPDATE audit_checkpoint SET at = 9000000000000000000'],
  ])('is refused when %s, and nothing is added', async (_name, sql) => {
    const log = workspace.open()
    for (let index = 0; index < 14; index++) {
      await log.record({ type: 'security_event', reason: `event ${index}`, actor: { login: 'alice' } })
    }
    tamper(sql)
    const before = readRecords(workspace.store).length

    const store = workspace.reopenStore()

    expect(() => workspace.open({}, store)).toThrow(/The audit log is damaged.*aegis audit verify/)
    expect(readRecords(store)).toHaveLength(before)
  })
})
