import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/define-job.js'
import { createMarks } from '../../src/jobs/marks.js'
import { createJobChecks } from '../../src/jobs/policy-checks.js'
import { createScheduler, type Scheduler } from '../../src/jobs/schedule.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { DAY, HOUR, MINUTE } from '../../src/lib/units.js'
import { parsePolicy } from '../../src/policy/load.js'
import { type OpenJobs, openJobs, sampleJob } from '../support/open-jobs.js'

const MORNING = '0 5 * * *'
const policyOf = (automation: string) =>
  parsePolicy(`automation: ${automation}\n`, {
    file: 'policy.yaml',
    toolNames: ['automation_tidy_up'],
    jobs: createJobChecks([sampleJob()]),
  })

let now = 0
let open: OpenJobs
let fired: string[]
let schedulers: Scheduler[]

beforeEach(() => {
  now = Date.parse('2026-11-21T04:30:00Z')
  open = openJobs('defaults: {read: allow}\n', undefined, { now: () => now })
  fired = []
  schedulers = []
})
afterEach(() => {
  for (const scheduler of schedulers) scheduler.close()
  open.close()
})

/** A server with this policy; the marks of the one before it are there. */
function start(
  automation = `{jobs: {tidy_up: {schedule: ${MORNING}}}}`,
  jobs: readonly Job[] = [sampleJob()],
): Scheduler {
  let policy = policyOf(automation)
  const scheduler = createScheduler({
    jobs,
    marks: createMarks(open.store, { now: () => now }),
    clock: { now: () => now },
    log: createSilentLogger(),
    policy: () => policy,
    fire: (job, line, dueAt) => {
      fired.push(`${job.name} ${line} ${new Date(dueAt).toISOString()}`)
    },
  })
  schedulers.push(scheduler)
  policy = policyOf(automation)
  return scheduler
}

test('a line runs when it is due, once', () => {
  const scheduler = start()
  scheduler.tick()
  now += 29 * MINUTE
  scheduler.tick()
  expect(fired).toEqual([])
  now += MINUTE
  scheduler.tick()
  scheduler.tick()
  now += MINUTE
  scheduler.tick()

  expect(fired).toEqual(['tidy_up 0 5 * * * 2026-11-21T05:00:00.000Z'])
})

test('a line that is new begins now: nothing that it would have been due for before is made up for', () => {
  now = Date.parse('2026-11-21T05:00:30Z')
  const scheduler = start()
  scheduler.tick()
  now += MINUTE
  scheduler.tick()

  expect(fired).toEqual([])
  now = Date.parse('2026-11-22T05:00:00Z')
  scheduler.tick()
  expect(fired).toHaveLength(1)
})

test('what was due while the server was down is made up for once', () => {
  start('{jobs: {tidy_up: {schedule: "*/10 * * * *"}}}').tick()
  now += 5 * HOUR

  const restarted = start('{jobs: {tidy_up: {schedule: "*/10 * * * *"}}}')
  restarted.tick()
  restarted.tick()

  expect(fired).toHaveLength(1)
})

test('nothing runs twice after a restart', () => {
  const first = start()
  first.tick()
  now = Date.parse('2026-11-21T05:00:10Z')
  first.tick()
  start().tick()
  now += MINUTE
  start().tick()

  expect(fired).toHaveLength(1)
})

test('what was due long ago is not made up for', () => {
  start().tick()
  now = Date.parse('2026-12-21T04:00:00Z')
  start().tick()

  // of the last two days there is one
  expect(fired).toEqual(['tidy_up 0 5 * * * 2026-12-19T05:00:00.000Z'])
})

test('in quiet hours nothing begins, and at their end it is made up for', () => {
  const scheduler = start(`{quiet_hours: {from: "22:00", to: "06:00"}, jobs: {tidy_up: {schedule: ${MORNING}}}}`)
  now -= DAY / 2
  scheduler.tick()
  now = Date.parse('2026-11-21T05:30:00Z')
  scheduler.tick()
  expect(fired).toEqual([])
  now = Date.parse('2026-11-21T06:00:00Z')
  scheduler.tick()

  expect(fired).toEqual(['tidy_up 0 5 * * * 2026-11-21T05:00:00.000Z'])
})

test('a clock that was set back starts nothing twice', () => {
  const scheduler = start()
  scheduler.tick()
  now += HOUR
  scheduler.tick()
  now -= HOUR
  scheduler.tick()
  now += HOUR / 4
  scheduler.tick()

  expect(fired).toHaveLength(1)
})
