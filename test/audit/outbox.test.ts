import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOutboxCollector, leaveEvent } from '../../src/audit/outbox.js'
import { openStoreBeside } from '../../src/db/open.js'
import { createFaulty } from './faults.js'
import { checkAudit, createWorkspace, type Workspace } from './fixture.js'

const AT = Date.UTC(2026, 10, 21, 11)

let workspace: Workspace
beforeEach(() => {
  workspace = createWorkspace()
})
afterEach(() => workspace.remove())

/** What a command does beside the server. */
function leave(reason: string, details = {}): void {
  const beside = openStoreBeside(workspace.path, { readonly: false })
  beside.transaction(() => leaveEvent(beside, { reason, by: 'carol', at: AT, details }))
  beside.close()
}

const readReasons = () =>
  workspace.store.sqlite
    .prepare<[], { body: string }>('SELECT body FROM audit_entry ORDER BY seq')
    .all()
    .map(({ body }) => JSON.parse(body).reason)

const countLeft = () => workspace.store.sqlite.prepare('SELECT count(*) FROM audit_outbox').pluck().get()

test('what a command left becomes an entry that says who did it and when, once', async () => {
  const audit = workspace.open()
  const collect = createOutboxCollector(workspace.store, audit)
  leave('panic_on', { level: 'stop' })

  expect(await collect()).toHaveLength(1)
  expect(await collect()).toHaveLength(0)

  const body = workspace.store.sqlite.prepare<[], { body: string }>('SELECT body FROM audit_entry').get()?.body ?? ''
  expect(JSON.parse(body)).toMatchObject({
    type: 'security_event',
    reason: 'panic_on',
    via: 'command',
    details: { level: 'stop', by: 'carol', at: '2026-11-21T11:00:00.000Z' },
  })
  await audit.close()
  checkAudit(workspace.store, workspace.signer)
})

test('what was left while the log could not be written, or no server ran, is written afterwards, in order', async () => {
  leave('first')
  const faulty = createFaulty(workspace.store)
  const audit = workspace.open({}, faulty.store)
  const collect = createOutboxCollector(workspace.store, audit)
  faulty.failBeforeCommit = true
  leave('second')

  await expect(collect()).rejects.toThrow()
  expect(countLeft()).toBe(2)
  faulty.failBeforeCommit = false
  await collect()

  expect(readReasons().filter((reason) => reason === 'first' || reason === 'second')).toEqual(['first', 'second'])
  expect(countLeft()).toBe(0)
  await audit.close()
})
