import { expect, test } from 'vitest'
import { createJobChecks } from '../../src/jobs/policy-checks.js'
import { InvalidInput } from '../../src/lib/errors.js'
import { findJobRules, listSchedules } from '../../src/policy/job-rules.js'
import { parsePolicy } from '../../src/policy/load.js'
import { sampleJob } from '../support/open-jobs.js'

const jobs = [sampleJob(), sampleJob({ name: 'label_sync' })]
const known = {
  file: 'policy.yaml',
  toolNames: ['list_issues', ...jobs.map(({ name }) => `automation_${name}`)],
  jobs: createJobChecks(jobs),
}
const load = (text: string) => parsePolicy(text, known)

function problemsOf(text: string): string {
  try {
    load(text)
  } catch (error) {
    if (error instanceof InvalidInput) return error.message
    throw error
  }
  return ''
}

test('the rules for all repositories hold, and those of each entry that matches go over them', () => {
  const policy = load(`
automation:
  jobs:
    tidy_up: {schedule: 0 5 * * *, parameters: {days: 30, labels: [keep]}}
repositories:
  acme/*: {automation: {tidy_up: {parameters: {days: 60}}}}
  acme/web: {automation: {tidy_up: {schedule: 0 7 * * 1}}}
`)

  expect(findJobRules(policy, 'tidy_up', { owner: 'other', name: 'x' })).toEqual({
    schedule: '0 5 * * *',
    parameters: { days: 30, labels: ['keep'] },
  })
  expect(findJobRules(policy, 'tidy_up', { owner: 'Acme', name: 'Web' })).toEqual({
    schedule: '0 7 * * 1',
    parameters: { days: 60, labels: ['keep'] },
  })
  expect(findJobRules(policy, 'label_sync', { owner: 'acme', name: 'web' })).toEqual({
    schedule: undefined,
    parameters: {},
  })
  expect(listSchedules(policy, 'tidy_up')).toEqual(['0 5 * * *', '0 7 * * 1'])
  expect(listSchedules(policy, 'label_sync')).toEqual([])
})

test.each([
  [
    'an unknown job',
    'automation:\n  jobs:\n    tidy_upp: {}\n',
    /policy\.yaml:3:\d+.*There is no job “tidy_upp”\. Did you mean “tidy_up”\?/,
  ],
  [
    'an unknown job of a repository',
    'repositories:\n  acme/web:\n    automation:\n      sweep: {}\n',
    /policy\.yaml:4:\d+.*The jobs are tidy_up, label_sync\./,
  ],
  [
    'a line that is no cron line',
    'automation:\n  jobs:\n    tidy_up:\n      schedule: every morning\n',
    /policy\.yaml:4:\d+.*“every morning” is not a cron line like "0 5 \* \* \*"/,
  ],
  [
    'a parameter that the job does not take',
    'automation:\n  jobs:\n    tidy_up:\n      parameters:\n        weeks: 4\n',
    /policy\.yaml:[45]:\d+.*tidy_up has no parameter “weeks”/,
  ],
  [
    'a parameter of the wrong kind',
    'automation:\n  jobs:\n    tidy_up:\n      parameters:\n        labels: [a]\n        days: soon\n',
    /policy\.yaml:6:\d+.*number/,
  ],
  [
    'a time that is none',
    'automation:\n  quiet_hours:\n    from: 25:00\n    to: "06:00"\n',
    /policy\.yaml:3:\d+.*must be a time like 22:00/,
  ],
  [
    'a place that is none',
    'automation:\n  quiet_hours:\n    from: "22:00"\n    to: "06:00"\n    timezone: Europe/Nowhere\n',
    /policy\.yaml:5:\d+.*“Europe\/Nowhere” is not a time zone; write one like Europe\/Berlin/,
  ],
])('%s is named with its line', (_what, text, expected) => {
  expect(problemsOf(text)).toMatch(expected)
})

test('a policy without jobs has none, and no quiet hours', () => {
  const { automation } = load('defaults: {read: allow}\n')

  expect(automation.quietHours).toBeUndefined()
  expect([...automation.jobs]).toEqual([])
})
