import { expect, test } from 'vitest'
import { createJobs, DEFAULT_JOB_SETTINGS } from '../../src/jobs/catalog.js'
import { createJobChecks, toCron } from '../../src/jobs/policy-checks.js'
import { sampleJob } from '../support/open-jobs.js'

const checks = createJobChecks([sampleJob()])

test.each(['0 5 * * *', '*/15 * * * *', '0 0 5 * * *', '@daily', '0 9 * * MON', '0 0 L * *'])(
  'the cron line %s can be used',
  (line) => {
    expect(checks.findScheduleProblem(line)).toBeUndefined()
  },
)

test.each(['', 'daily', '5 * *', '61 * * * *', '* * * * * * * *', '0 5 * * NOP'])(
  'the line “%s” is none, and that is said with an example of one',
  (line) => {
    expect(checks.findScheduleProblem(line)).toContain(`“${line}” is not a cron line like "0 5 * * *"`)
  },
)

test('a line that is never due is one that can never have been meant', () => {
  expect(checks.findScheduleProblem('0 0 30 2 *')).toBe('“0 0 30 2 *” is never due')
})

test('times are UTC, wherever the server is', () => {
  expect(toCron('0 5 * * *').nextRun(new Date('2026-07-01T12:00:00Z'))?.toISOString()).toBe('2026-07-02T05:00:00.000Z')
})

test('parameters are checked by the job itself, each problem with the way to it', () => {
  expect(checks.findParameterProblems('tidy_up', { days: 7, labels: ['keep'] })).toEqual([])
  expect(checks.findParameterProblems('tidy_up', { weeks: 1 })).toEqual([
    { path: [], text: 'tidy_up has no parameter “weeks”' },
  ])
  expect(checks.findParameterProblems('tidy_up', { labels: ['a', 2] })).toEqual([
    { path: ['labels', 1], text: expect.stringContaining('string') },
  ])
})

test('every job has a name of its own, tools and parameters that are described, and runs with none set', () => {
  const jobs = createJobs(DEFAULT_JOB_SETTINGS)

  expect(new Set(jobs.map(({ name }) => name)).size).toBe(jobs.length)
  expect(jobs.map(({ name }) => name)).toEqual(jobs.map(({ name }) => name).toSorted())
  for (const job of jobs) {
    expect(job.name).toMatch(/^[a-z]+(_[a-z]+)+$/)
    expect(job.parameters.safeParse({}).error, job.name).toBeUndefined()
    const undescribed = Object.entries(job.parameters.shape).filter(
      ([, field]) => !('description' in field) || (field.description ?? '') === '',
    )
    expect([job.name, undescribed.map(([name]) => name)]).toEqual([job.name, []])
  }
})
