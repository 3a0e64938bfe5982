import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/define-job.js'
import type { JobRow, NewJob } from '../../src/jobs/queue.js'
import { createRepositoryRate } from '../../src/jobs/repository-rate.js'
import { HOUR, MINUTE } from '../../src/lib/units.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sampleJob } from '../support/open-jobs.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

/* When a job that is due does not run yet, and when one that runs stops. */

let gitea: GiteaUnderTest
let token: string
const stacks: Stack[] = []
let ahead = 0

beforeAll(async () => {
  gitea = await startGitea()
  token = await gitea.createToken('alice', ['read:user'])
})
afterAll(() => gitea.close())
afterEach(async () => {
  await Promise.all(stacks.splice(0).map((stack) => stack.close()))
})

async function start({
  policy = '',
  job = sampleJob(),
  settings = {},
}: {
  policy?: string
  job?: Job
  settings?: Record<string, string>
}) {
  ahead = 0
  const stack = await startStack(gitea, {
    policy: `tools: {allow: [automation_tidy_up]}\n${policy}`,
    jobs: [job],
    clock: { now: () => Date.now() + ahead },
    settings: { AUTOMATION_ENABLED: 'true', AUTOMATION_TOKEN: token, ...settings },
  })
  stacks.push(stack)
  const { automation } = stack.aegis.app
  if (automation === undefined) throw new Error('automation is off')
  const add = (trigger: NewJob['trigger'], repository = 'harbor/booking') =>
    automation.queue.enqueue({ kind: 'tidy_up', repository, trigger, triggeredBy: 'test' }).id
  const find = (id: string): JobRow => {
    const row = automation.queue.find(id)
    if (row === undefined) throw new Error('the job is gone')
    return row
  }
  return { automation, add, find, stack }
}

/** Quiet hours that hold now and for an hour and more, wherever on the clock that is. */
function quietNow(): string {
  const toTime = (at: number) => new Date(at).toISOString().slice(11, 16)
  return `automation: {quiet_hours: {from: "${toTime(Date.now() - HOUR)}", to: "${toTime(Date.now() + 2 * HOUR)}"}}`
}

test('in quiet hours only what a person asked for runs; the rest runs at their end', async () => {
  const { automation, add, find } = await start({ policy: quietNow() })
  const waiting = (['webhook', 'schedule', 'reconcile'] as const).map((trigger) => add(trigger))
  const byHand = add('manual')
  await automation.runner.idle()

  expect(find(byHand).state).toBe('done')
  for (const id of waiting) {
    expect(find(id)).toMatchObject({
      state: 'ready',
      attempts: 0,
      lastError: 'It waits for the end of the quiet hours.',
    })
    expect(find(id).runAt - Date.now()).toBeGreaterThan(HOUR)
  }

  ahead = 2 * HOUR + MINUTE
  await automation.runner.idle()
  expect(waiting.map((id) => find(id).state)).toEqual(['done', 'done', 'done'])
})

test('a repository has so many jobs an hour; more of them wait, are not lost, and do not hold up others', async () => {
  const { automation, add, find } = await start({ settings: { AUTOMATION_JOBS_PER_HOUR: '2' } })
  const ids = Array.from({ length: 5 }, () => add('webhook'))
  const elsewhere = add('webhook', 'alice/field-notes')
  const byHand = add('manual')
  await automation.runner.idle()

  const states = () => ids.map((id) => find(id).state)
  expect(states().filter((state) => state === 'done')).toHaveLength(2)
  expect([find(elsewhere).state, find(byHand).state]).toEqual(['done', 'done'])
  const waiting = ids.map(find).filter(({ state }) => state === 'ready')
  expect(waiting.map(({ attempts }) => attempts)).toEqual([0, 0, 0])
  expect(waiting[0]?.lastError).toContain('many jobs ran in its repository')

  ahead = HOUR + MINUTE
  await automation.runner.idle()
  expect(states().filter((state) => state === 'done')).toHaveLength(4)
  ahead = 2 * (HOUR + MINUTE)
  await automation.runner.idle()
  expect(states()).toEqual(['done', 'done', 'done', 'done', 'done'])
})

test('the rate counts the last hour, per repository, whatever its case', () => {
  let now = 0
  const rate = createRepositoryRate(2, { now: () => now })
  rate.note('acme/web')
  now += MINUTE
  expect(rate.findFreeAt('acme/web')).toBeUndefined()
  rate.note('Acme/Web')

  expect(rate.findFreeAt('ACME/web')).toBe(HOUR)
  expect(rate.findFreeAt('acme/api')).toBeUndefined()
  now = HOUR
  expect(rate.findFreeAt('acme/web')).toBeUndefined()
  rate.note('acme/web')
  expect(rate.findFreeAt('acme/web')).toBe(HOUR + MINUTE)
})

test('a job that is cancelled while it runs is stopped within two seconds, and is not tried again', async () => {
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  let stoppedAfter = Number.NaN
  const job = sampleJob({
    run: async ({ signal }) => {
      started()
      const begun = performance.now()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      stoppedAfter = performance.now() - begun
      throw signal.reason
    },
  })
  const { automation, add, find } = await start({ job })
  const id = add('manual')
  automation.runner.wake()
  await running

  // as a command does beside the server
  expect(automation.queue.cancel(id, 'Cancelled by carol.')).toBe(true)
  await automation.runner.idle()

  expect(stoppedAfter).toBeLessThan(2000)
  expect(find(id)).toMatchObject({ state: 'cancelled', lastError: 'Cancelled by carol.', attempts: 1 })
})

test('a server that stops puts back what it had begun, and the attempt does not count', async () => {
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  const job = sampleJob({
    run: async ({ signal }) => {
      started()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      throw signal.reason
    },
  })
  const { automation, add, find } = await start({ job })
  const id = add('webhook')
  automation.runner.wake()
  await running

  await automation.close()

  expect(find(id)).toMatchObject({ state: 'ready', attempts: 0, lastError: 'The server stopped.' })
})

test('a job that takes too long is stopped and tried again', async () => {
  const job = sampleJob({
    deadlineMs: 50,
    run: async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      throw signal.reason
    },
  })
  const { automation, add, find } = await start({ job })
  const id = add('webhook')
  await automation.runner.idle()

  expect(find(id)).toMatchObject({ state: 'ready', attempts: 1, lastError: 'The job did not end within 0.05 s.' })
})

test('a job fails for good after its attempts, each later than the one before', async () => {
  const job = sampleJob({
    maxAttempts: 3,
    run: async () => {
      throw new Error('It rained.')
    },
  })
  const { automation, add, find } = await start({ job })
  const id = add('webhook')
  const waits: number[] = []
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await automation.runner.idle()
    waits.push(find(id).runAt - Date.now() - ahead)
    ahead += HOUR
  }

  expect(find(id)).toMatchObject({ state: 'dead', attempts: 3, lastError: 'It rained.' })
  const [first = 0, second = 0] = waits
  expect(first).toBeGreaterThan(4_000)
  expect(first).toBeLessThanOrEqual(10_000)
  expect(second).toBeGreaterThan(14_000)
  expect(second).toBeLessThanOrEqual(30_000)
})

test('a kind that this version does not have is dead and says so', async () => {
  const { automation, find } = await start({})
  const { id } = automation.queue.enqueue({ kind: 'of_old', trigger: 'manual', triggeredBy: 'test' })
  await automation.runner.idle()

  expect(find(id)).toMatchObject({ state: 'dead', lastError: 'There is no job of_old in this version.' })
})

test('nothing runs while an admin has stopped the server', async () => {
  const { automation, add, find, stack } = await start({})
  stack.aegis.app.gate.panic.turnOn({ level: 'stop', by: 'carol' })
  const id = add('manual')
  automation.runner.wake()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(find(id).state).toBe('ready')

  stack.aegis.app.gate.panic.turnOff('carol')
  await automation.runner.idle()
  expect(find(id).state).toBe('done')
})

test('while a long queue drains, whatever else the server does has its turn', async () => {
  const { automation, add } = await start({})
  for (let at = 0; at < 600; at += 1) add('webhook', `acme/repository-${at}`)
  let turns = 0
  let draining = true
  const turn = () => {
    turns += 1
    if (draining) setImmediate(turn)
  }
  setImmediate(turn)
  await automation.runner.idle()
  draining = false

  expect(automation.queue.counts()).toMatchObject({ ready: 0, done: 600 })
  // four jobs at once: a turn for each four of them
  expect(turns).toBeGreaterThan(100)
})

test('what could not be written with others is written by itself', async () => {
  const job = sampleJob({ run: async () => ({ summary: 'Tidied up.' }) })
  const { automation, add, find, stack } = await start({ job, settings: { AUTOMATION_CONCURRENCY: '3' } })
  // the row of one of them cannot be changed any more
  const ids = ['acme/a', 'acme/b', 'acme/c'].map((repository) => add('webhook', repository))
  stack.aegis.app.store.sqlite.exec(
    `CREATE TRIGGER stuck BEFORE UPDATE ON job WHEN new.state = 'done' AND old.id = '${ids[1]}' BEGIN SELECT raise(ABORT, 'stuck'); END`,
  )
  await automation.runner.idle()

  expect(ids.map((id) => find(id).state)).toEqual(['done', 'running', 'done'])
  stack.aegis.app.store.sqlite.exec('DROP TRIGGER stuck')
  ahead = 2 * MINUTE
  await automation.runner.idle()
  expect(find(ids[1] ?? '')).toMatchObject({ state: 'done', attempts: 2 })
})
