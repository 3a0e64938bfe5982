import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import { createApprovals } from '../../src/gate/approvals.js'
import { HOUR } from '../../src/lib/units.js'
import { buildCaller } from '../support/build-caller.js'
import { createTempFolder } from '../support/temp-folder.js'

function open() {
  const clock = { at: 1_800_000_000_000, now: () => clock.at }
  const store = openStore({ path: join(createTempFolder(), 'aegis.db'), migrationsPath: 'migrations' })
  const approvals = createApprovals(store, clock)
  const take = (canonicalArgs = '{"title":"x"}', login = 'alice') =>
    approvals.take({
      caller: buildCaller({ login, accountId: `gitea:${login}` }),
      tool: 'create_issue',
      canonicalArgs,
      summary: canonicalArgs,
      rule: 'defaults.write',
    })
  return { approvals, clock, take, store }
}

describe('a call that needs a yes', () => {
  test('waits, runs once after it was approved, and needs another yes for the next time', () => {
    const { approvals, take, store } = open()

    const first = take()
    expect(first.status).toBe('waiting')
    expect(take()).toEqual(first)
    approvals.decide(first.id, 'approved', 'bob')
    expect(take()).toEqual({ status: 'approved', id: first.id, decidedBy: 'bob' })
    const again = take()
    expect(again.status).toBe('waiting')
    expect(again.id).not.toBe(first.id)
    store.close()
  })

  test('is approved for these arguments and this person only', () => {
    const { approvals, take, store } = open()
    const { id } = take()
    approvals.decide(id, 'approved', 'bob')

    expect(take('{"title":"y"}').status).toBe('waiting')
    expect(take('{"title":"x"}', 'mallory').status).toBe('waiting')
    store.close()
  })

  test('that was denied stays denied until the request expires', () => {
    const { approvals, take, clock, store } = open()
    const { id } = take()
    approvals.decide(id, 'denied', 'bob')

    expect(take()).toEqual({ status: 'denied', id })
    clock.at += 8 * 24 * HOUR
    expect(take().status).toBe('waiting')
    store.close()
  })

  test('may be used for an hour after the yes, not later', () => {
    const { approvals, take, clock, store } = open()
    const { id } = take()
    approvals.decide(id, 'approved', 'bob')
    clock.at += HOUR

    expect(take().status).toBe('waiting')
    store.close()
  })

  test('cannot be answered twice, and an unknown request is said to be one', () => {
    const { approvals, take, store } = open()
    const { id } = take()
    approvals.decide(id, 'denied', 'bob')

    expect(() => approvals.decide(id, 'approved', 'bob')).toThrow(/is denied/)
    expect(() => approvals.decide('nope', 'approved', 'bob')).toThrow(/no approval request nope/)
    store.close()
  })
})
