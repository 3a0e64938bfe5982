import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEffectLedger } from '../../src/jobs/effects.js'
import type { ClaimedJob, NewJob } from '../../src/jobs/queue.js'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/units.js'
import { type OpenJobs, openJobs } from '../support/open-jobs.js'

let now = Date.parse('2026-11-21T12:00:00Z')
let jobs: OpenJobs

beforeEach(() => {
  jobs = openJobs('defaults: {read: allow, write: deny}\n', undefined, { now: () => now })
})
afterEach(() => jobs.close())

function add(more: Partial<NewJob> = {}): string {
  const wanted = { kind: 'tidy_up', repository: 'acme/web', trigger: 'webhook', triggeredBy: 'd-1' } as const
  return jobs.queue.enqueue({ ...wanted, ...more }).id
}

function claim(leaseMs = MINUTE): ClaimedJob {
  const held = jobs.queue.claim(leaseMs)
  if (held === undefined) throw new Error('nothing is due')
  return held
}

const report = { summary: 'Done.', effects: [] }

test('the job that is due longest is taken first, and one of a repository at a time', () => {
  const later = add({ runAt: now - SECOND })
  const first = add({ runAt: now - MINUTE })
  const elsewhere = add({ repository: 'acme/api', runAt: now })
  add({ repository: 'ACME/Web', runAt: now + HOUR })

  expect(claim().id).toBe(first)
  expect(claim().id).toBe(elsewhere)
  expect(jobs.queue.claim(MINUTE)).toBeUndefined()
  now += HOUR
  // both leases ended meanwhile: the oldest is taken up again
  expect([claim().id, claim().id]).toEqual([first, elsewhere])
  expect(jobs.queue.find(later)?.state).toBe('ready')
})

test('a worker whose lease has ended may not say how the job went: another one has it', () => {
  add()
  const slow = claim(MINUTE)
  now += 2 * MINUTE

  const second = claim(MINUTE)

  expect(second).toMatchObject({ id: slow.id, attempts: 2 })
  expect(jobs.queue.holds(slow)).toBe(false)
  expect(jobs.queue.renew(slow, MINUTE)).toBe(false)
  expect(jobs.queue.finish(slow, report)).toBe(false)
  expect(jobs.queue.retry(slow, now, 'too late')).toBe(false)
  expect(jobs.queue.holds(second)).toBe(true)
  expect(jobs.queue.finish(second, report)).toBe(true)
  expect(jobs.queue.find(slow.id)).toMatchObject({ state: 'done', finishedAt: now })
})

test('a lease that is renewed does not end', () => {
  add()
  const held = claim(MINUTE)
  now += 50 * SECOND
  expect(jobs.queue.renew(held, MINUTE)).toBe(true)
  now += 50 * SECOND

  expect(jobs.queue.claim(MINUTE)).toBeUndefined()
  expect(jobs.queue.finish(held, report)).toBe(true)
})

test('what an earlier process held is taken back at once at the next start', () => {
  add()
  const held = claim(HOUR)

  expect(jobs.queue.reclaim()).toBe(1)

  expect(claim()).toMatchObject({ id: held.id, attempts: 2 })
})

test('jobs under the same key are one while it waits; the next one after it began is another', () => {
  const dedupeKey = 'tidy_up:acme/web'
  const first = jobs.queue.enqueue({
    kind: 'tidy_up',
    repository: 'acme/web',
    trigger: 'webhook',
    triggeredBy: 'd-1',
    dedupeKey,
  })
  const twin = jobs.queue.enqueue({
    kind: 'tidy_up',
    repository: 'acme/web',
    trigger: 'webhook',
    triggeredBy: 'd-2',
    dedupeKey,
  })
  const held = claim()
  const next = add({ dedupeKey })

  expect(twin).toEqual({ id: first.id, isNew: false })
  expect(next).not.toBe(first.id)
  // the one that waits does the work of the one that failed
  expect(jobs.queue.retry(held, now + MINUTE, 'Gitea was down.')).toBe(true)
  expect(jobs.queue.find(held.id)).toMatchObject({
    state: 'cancelled',
    lastError: 'A newer job does the same. Gitea was down.',
  })
  expect(claim().id).toBe(next)
})

test('a job whose worker died gives way to one that waits under its key', () => {
  const dedupeKey = 'tidy_up:acme/web'
  const died = add({ dedupeKey })
  claim(MINUTE)
  const next = add({ dedupeKey })
  now += 2 * MINUTE

  expect(claim().id).toBe(next)
  expect(jobs.queue.find(died)).toMatchObject({ state: 'cancelled', lastError: 'A newer job does the same.' })
})

test('a job that failed waits for its next attempt; one that was postponed has not used one up', () => {
  const failing = add()
  jobs.queue.retry(claim(), now + MINUTE, 'Gitea was down.')
  expect(jobs.queue.find(failing)).toMatchObject({ state: 'ready', attempts: 1, lastError: 'Gitea was down.' })
  expect(jobs.queue.claim(MINUTE)).toBeUndefined()
  expect(jobs.queue.nextRunAt()).toBe(now + MINUTE)
  now += MINUTE

  const again = claim()
  expect(again).toMatchObject({ id: failing, attempts: 2 })
  jobs.queue.postpone(again, now + MINUTE, 'Not now.')

  expect(jobs.queue.find(failing)).toMatchObject({ state: 'ready', attempts: 1, runAt: now + MINUTE })
})

test('a dead job keeps its reason and lives again when a person says so, with all its attempts', () => {
  const id = add()
  jobs.queue.end(claim(), 'dead', 'The policy denies it.')
  expect(jobs.queue.find(id)).toMatchObject({ state: 'dead', attempts: 1, lastError: 'The policy denies it.' })

  expect(jobs.queue.revive(id)).toBe(true)
  expect(jobs.queue.find(id)).toMatchObject({ state: 'ready', attempts: 0, runAt: now, finishedAt: null })
  expect(jobs.queue.revive(id)).toBe(false)
})

test('a cancelled job does not run, and one that runs is not its worker’s any more', () => {
  const waiting = add({ repository: 'acme/api', runAt: now + HOUR })
  add()
  const held = claim()

  expect(jobs.queue.cancel(waiting, 'Not wanted.')).toBe(true)
  expect(jobs.queue.cancel(held.id, 'Not wanted.')).toBe(true)

  expect(jobs.queue.cancel(held.id, 'Again.')).toBe(false)
  expect(jobs.queue.holds(held)).toBe(false)
  expect(jobs.queue.finish(held, report)).toBe(false)
  expect(jobs.queue.counts()).toEqual({ ready: 0, running: 0, done: 0, dead: 0, cancelled: 2 })
  expect(jobs.queue.find(held.id)).toMatchObject({ state: 'cancelled', lastError: 'Not wanted.' })
})

test('what is held back is due later and in its old order; what a person asked for is not', () => {
  const until = now + HOUR
  const first = add()
  now += 1
  const second = add({ trigger: 'schedule' })
  const byHand = add({ trigger: 'manual', repository: 'acme/api' })
  const elsewhere = add({ repository: 'acme/docs' })
  const muchLater = add({ runAt: until + HOUR })

  expect(jobs.queue.holdBack({ until, reason: 'Later.', repository: 'ACME/web' })).toBe(2)
  expect(jobs.queue.find(elsewhere)?.runAt).toBe(now)
  expect(jobs.queue.holdBack({ until, reason: 'Quiet.' })).toBe(1)
  expect(jobs.queue.holdBack({ until, reason: 'Quiet.' })).toBe(0)

  const taken = claim()
  expect(taken.id).toBe(byHand)
  jobs.queue.finish(taken, report)
  expect(jobs.queue.claim(MINUTE)).toBeUndefined()
  expect(jobs.queue.find(muchLater)?.runAt).toBe(until + HOUR)
  now = until
  const order = [claim(), claim()].map((held) => {
    jobs.queue.finish(held, report)
    return held.id
  })
  expect(order).toEqual([first, elsewhere])
  expect(claim().id).toBe(second)
})

test('runs are listed newest first, by what is asked for, a page at a time', () => {
  const ids = [1, 2, 3].map((at) => {
    now += MINUTE
    return add({ triggeredBy: `d-${at}` })
  })
  add({ repository: 'acme/api', kind: 'label_sync' })

  const filter = { repository: 'Acme/WEB' }
  expect(jobs.queue.list({ ...filter, limit: 2 }).map(({ id }) => id)).toEqual([ids[2], ids[1]])
  expect(jobs.queue.list({ ...filter, limit: 2, offset: 2 }).map(({ id }) => id)).toEqual([ids[0]])
  expect(jobs.queue.count(filter)).toBe(3)
  expect(jobs.queue.count({ kind: 'label_sync' })).toBe(1)
  expect(jobs.queue.count({ triggeredBy: 'd-2' })).toBe(1)
  expect(jobs.queue.count({ state: 'dead' })).toBe(0)
  expect(jobs.queue.count({ ...filter, since: now })).toBe(1)
  expect(jobs.queue.count({})).toBe(4)
})

test('ended jobs go after their time, with what they changed; dead ones stay', () => {
  const effects = createEffectLedger(jobs.store, { now: () => now })
  const done = add()
  jobs.queue.finish(claim(), report)
  const dead = add()
  jobs.queue.end(claim(), 'dead', 'No.')
  for (const id of [done, dead]) effects.begin(`of:${id}`, id, 'create_issue')
  now += 91 * DAY

  expect(jobs.queue.sweep(now - 90 * DAY)).toBe(1)

  expect(jobs.queue.find(done)).toBeUndefined()
  expect(jobs.queue.find(dead)?.state).toBe('dead')
  expect(effects.find(`of:${done}`)).toBeUndefined()
  expect(effects.find(`of:${dead}`)?.state).toBe('begun')
})

test('a job is in the queue only when what put it there is', () => {
  expect(() =>
    jobs.store.transaction(() => {
      add()
      throw new Error('the delivery could not be written')
    }),
  ).toThrow('the delivery')
  expect(jobs.queue.counts().ready).toBe(0)
})
