import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ExportRequest, exportLines, verifyStored } from '../../src/audit/export.js'
import type { AuditLog } from '../../src/audit/log.js'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { alice, callOutcome, pendingCall } from './calls.js'
import { createWorkspace, recordCall, type Workspace } from './fixture.js'

const START = Date.UTC(2026, 10, 21, 12)

let workspace: Workspace
let log: AuditLog
let now: number

/** 3 finished calls, a refusal by another person in another repository, a reload: 8 entries, a checkpoint at 5. */
beforeEach(async () => {
  workspace = createWorkspace()
  now = START
  log = workspace.open({ lazyMs: 60_000, checkpointEvery: 5, clock: { now: () => now } })
  for (let index = 0; index < 3; index++) {
    await recordCall(log, `c-${index}`)
    await log.flush()
    now += 60_000
  }
  await log.record({
    type: 'access_denied',
    reason: 'policy',
    tool: 'create_issue',
    actor: { account: 'gitea:3', login: 'Bob' },
    target: { repository: 'Octo/Secret' },
  })
  await log.record({ type: 'security_event', reason: 'policy_reloaded' })
})

afterEach(() => {
  workspace.remove()
})

function exportLog(request: Partial<ExportRequest> = {}): string[] {
  return [...exportLines(workspace.store.sqlite, { after: 0, ...request })]
}

function verify(lines: Iterable<string>): Verification {
  return verifyLines(lines, { publicKeys: [workspace.signer.publicKey] })
}

function readSeqs(lines: readonly string[]): number[] {
  return lines.flatMap((line) => (JSON.parse(line) as { seq?: number }).seq ?? [])
}

describe('an export', () => {
  test('begins with where it starts, has a line per entry and checkpoint, and ends with what there should be', () => {
    const lines = exportLog()

    const kinds = lines.map((line) => {
      const { seq, checkpoint } = JSON.parse(line) as { seq?: number; checkpoint?: { size: number } }
      return seq ?? (checkpoint === undefined ? 'frame' : `checkpoint ${checkpoint.size}`)
    })
    expect(kinds).toEqual(['frame', 1, 2, 3, 4, 5, 'checkpoint 5', 6, 7, 8, 'frame'])
    expect(lines[0]).toBe(`{"after":0,"audit_export":1,"chain":"complete","prev_hash":"${'0'.repeat(64)}"}`)
    expect(lines.at(-1)).toBe(
      `{"audit_export_end":1,"checkpoints":1,"entries":8,"head_hash":"${log.head().hash}","last_seq":8}`,
    )
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      ...pendingCall('c-0'),
      seq: 1,
      timestamp: '2026-11-21T12:00:00.000Z',
      entry_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('goes on where an earlier one ended, and the segments verify together', async () => {
    const first = exportLog()
    await recordCall(log, 'c-3')
    await log.close()

    const second = exportLog({ after: 8 })

    expect(readSeqs(second)).toEqual([9, 10])
    expect(verify([...first, ...second])).toMatchObject({ verdict: 'intact', entries: 10, lastSeq: 10, signedUpTo: 10 })
    expect(verify(second)).toMatchObject({ verdict: 'intact', after: 8, entries: 2, isStartSigned: false })
    expect(verify([...second, ...first]).failure?.reason).toContain('does not continue')
    expect(verify([...first, ...exportLog({ after: 9 })]).failure?.reason).toBe(
      'The next segment does not continue this one: this one ends at entry 8, that one continues entry 9.',
    )
  })

  test('can end at the last checkpoint, so that the next segment begins with a signed head', () => {
    const signed = exportLog({ isSignedOnly: true })
    const rest = exportLog({ after: 5 })

    expect(readSeqs(signed)).toEqual([1, 2, 3, 4, 5])
    expect(verify(signed)).toMatchObject({ verdict: 'intact', lastSeq: 5, signedUpTo: 5 })
    expect(verify(rest)).toMatchObject({ verdict: 'intact', after: 5, isStartSigned: true, signedUpTo: 5 })
    expect(verify([...signed, ...rest])).toMatchObject({ verdict: 'intact', lastSeq: 8 })
  })

  test('of nothing new is still an export that says where it stands', () => {
    expect(verify(exportLog({ after: 8 }))).toMatchObject({ verdict: 'intact', entries: 0, lastSeq: 8 })
  })

  test('behind the end of the log is refused with the number of the last entry', () => {
    expect(() => exportLog({ after: 9 })).toThrow('the audit log ends at entry 8')
    expect(() => exportLog({ after: 6, isSignedOnly: true })).toThrow('signed part of the audit log ends at entry 5')
  })

  test('counts an outcome whose pending entry lies in the segment before', () => {
    expect(readSeqs(exportLog({ after: 1 }))[0]).toBe(2)
    expect(verify(exportLog({ after: 1 })).verdict).toBe('intact')
  })

  test('holds no read transaction and no more than a page while it is written out', async () => {
    for (let index = 0; index < 2500; index++) {
      log.recordSoon({ type: 'security_event', reason: `event ${index}` })
    }
    await log.flush()
    const lines = exportLines(workspace.store.sqlite, { after: 0 })
    lines.next()
    lines.next()

    // on the same connection an open reader would make both fail
    await recordCall(log, 'c-later')
    await log.flush()
    expect(workspace.store.sqlite.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }])

    const rest = [...lines]
    expect(readSeqs(rest).at(-1)).toBe(2508)
    expect(verify(exportLog()).verdict).toBe('intact')
  })
})

describe('a filtered export', () => {
  test.each([
    ['a login, without regard to case', { user: 'bob' }, [7]],
    ['an account', { user: 'gitea:2' }, [1, 2, 3, 4, 5, 6]],
    ['a tool', { tool: 'create_issue' }, [7]],
    ['a repository, without regard to case', { repository: 'octo/secret' }, [7]],
    ['a type', { type: 'security_event' }, [8]],
    ['a beginning', { since: '2026-11-21T12:02:00.000Z' }, [5, 6, 7, 8]],
    ['an end, which is not included', { until: '2026-11-21T12:01:00.000Z' }, [1, 2]],
    [
      'several at once',
      { user: 'alice', since: '2026-11-21T12:01:00.000Z', until: '2026-11-21T12:02:00.000Z' },
      [3, 4],
    ],
    ['nobody', { user: 'nobody' }, []],
  ] as const)('by %s holds the entries that match', (_name, filter, seqs) => {
    const lines = exportLog({ filter })

    expect(readSeqs(lines)).toEqual(seqs)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ chain: 'filtered', filter })
    expect(verify(lines)).toMatchObject({ verdict: 'filtered', entries: seqs.length })
  })

  test('shows a changed entry, but cannot show a missing one, and says so', () => {
    const lines = exportLog({ filter: { user: 'alice' } })
    const edited = lines.with(3, (lines[3] ?? '').replace('alice', 'mallo'))

    expect(verify(edited)).toMatchObject({ verdict: 'broken', failure: { seq: 3, line: 4 } })
    expect(verify(lines.with(3, lines[2] ?? '')).failure?.reason).toContain('repeated, or out of order')
    expect(verify(lines.toSpliced(3, 1)).failure?.reason).toContain('some are missing')
  })

  test('holds no checkpoints, so that nothing in it looks signed', () => {
    const complete = exportLog()
    const checkpoint = complete[6] ?? ''
    const lines = exportLog({ filter: { user: 'gitea:2' } })

    expect(checkpoint).toContain('"checkpoint"')
    expect(lines).not.toContain(checkpoint)
    expect(verify(lines.toSpliced(6, 0, checkpoint)).verdict).toBe('broken')
  })

  test('cannot be passed off as a complete one, nor be put together with one', () => {
    const lines = exportLog({ filter: { user: 'alice', since: '2026-11-21T12:01:00.000Z' } })
    const [header = ''] = exportLog()

    expect(verify(lines.with(0, header)).failure?.reason).toBe('Entries 1 to 2 are missing.')
    expect(verify([...exportLog(), ...lines]).failure?.reason).toContain('stands alone')
    expect(verify([...lines, ...exportLog()]).failure?.reason).toContain('stands alone')
  })

  test('with an empty filter is a complete one', () => {
    expect(exportLog({ filter: {} })).toEqual(exportLog())
  })
})

describe('the stored log', () => {
  function tamper(sql: string): void {
    const { sqlite } = workspace.store
    const triggers = sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all() as string[]
    for (const name of triggers) {
      sqlite.exec(`DROP TRIGGER ${name}`)
    }
    sqlite.exec(sql)
  }

  test.each([
    ['an entry is edited', `UPDATE audit_entry SET body = replace(body, 'alice', 'mallory') WHERE seq = 4`, 4],
    ['only the hash column is edited', `UPDATE audit_entry SET entry_hash = '${'a'.repeat(64)}' WHERE seq = 4`, 4],
    ['only the link column is edited', `UPDATE audit_entry SET prev_hash = '${'a'.repeat(64)}' WHERE seq = 4`, 4],
    ['an entry is removed', 'DELETE FROM audit_entry WHERE seq = 4', 4],
    ['the first entry is removed', 'DELETE FROM audit_entry WHERE seq = 1', 1],
    ['the entry under a checkpoint is removed', 'DELETE FROM audit_entry WHERE seq = 5', 5],
    ['the end is cut off', 'DELETE FROM audit_entry WHERE seq > 3', 4],
    ['everything is removed but the checkpoint', 'DELETE FROM audit_entry', 1],
    ['an entry is put in', `INSERT INTO audit_entry VALUES (0, '', '${'a'.repeat(64)}', '{}')`, 1],
    ['an entry is appended', `INSERT INTO audit_entry VALUES (9, '', '${'a'.repeat(64)}', '{}')`, 9],
    [
      'two entries change places',
      'UPDATE audit_entry SET seq = -seq WHERE seq IN (2, 3); UPDATE audit_entry SET seq = seq + 5 WHERE seq < 0',
      2,
    ],
    ['a checkpoint is edited', 'UPDATE audit_checkpoint SET at = at - 1', 5],
  ])('is not intact when %s', (_name, sql, seq) => {
    tamper(sql)

    const result = verifyStored(workspace.store.sqlite, { publicKeys: [workspace.signer.publicKey] })

    expect(result).toMatchObject({ verdict: 'broken', failure: { seq } })
  })

  test('is verified with its checkpoints, and tells how much of it is not signed yet', async () => {
    await log.record(pendingCall('c-9', { actor: alice }))
    log.recordSoon(callOutcome('c-9'))
    await log.flush()

    expect(verifyStored(workspace.store.sqlite, { publicKeys: [workspace.signer.publicKey] })).toMatchObject({
      verdict: 'intact',
      entries: 10,
      checkpoints: 2,
      signedUpTo: 10,
    })
  })
})
