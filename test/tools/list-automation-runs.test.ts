import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAutomationRuns } from '../../src/tools/list-automation-runs.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { type OpenJobs, openJobs } from '../support/open-jobs.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

const POLICY =
  'defaults: {read: allow, write: deny}\nrepositories: {harbor/booking: {tools: {allow: [automation_tidy_up]}}}\n'
const booking = { owner: 'harbor', repo: 'booking' }

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner
let jobs: OpenJobs

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  jobs = openJobs(POLICY)
  const at = Date.now()
  jobs.queue.enqueue({ kind: 'tidy_up', repository: 'harbor/booking', trigger: 'webhook', triggeredBy: 'delivery-1' })
  const held = jobs.queue.claim(60_000)
  if (held !== undefined) jobs.queue.end(held, 'dead', 'Gitea said no.')
  jobs.queue.enqueue({
    kind: 'tidy_up',
    repository: 'Harbor/Booking',
    trigger: 'manual',
    triggeredBy: 'alice',
    dryRun: true,
    runAt: at + 60_000,
  })
  jobs.queue.enqueue({ kind: 'tidy_up', repository: 'harbor/charts', trigger: 'manual', triggeredBy: 'alice' })
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
  jobs.close()
})

/** Ids and times are different in every run. */
function toStable(text: string): string {
  return text
    .replaceAll(/^[0-9a-f]{10}:/gm, '<id>:')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d|<today>(?: \d\d:\d\d)?/g, '<time>')
}

test('lists the runs of a repository, newest first, in a line each, and the jobs allowed there', async () => {
  const text = toStable(await alice.text(listAutomationRuns, booking, { automation: jobs.port }))

  expect(text.split('\n').sort()).toMatchInlineSnapshot(`
    [
      "2 runs of automations in harbor/booking.",
      "<id>: dead tidy_up (webhook delivery-1) <time>: Gitea said no.",
      "<id>: ready tidy_up (manual alice, dry run) <time>, due <time>",
      "Jobs allowed here: tidy_up.",
    ]
  `)
})

test('takes only those of a job or in a state', async () => {
  const dead = await alice.run(listAutomationRuns, { ...booking, state: 'dead' }, { automation: jobs.port })
  const none = await alice.text(listAutomationRuns, { ...booking, job: 'label_sync' }, { automation: jobs.port })

  expect(dead.data).toMatchObject({
    runs: [{ state: 'dead', note: 'Gitea said no.', triggered_by: 'delivery-1' }],
    total: 1,
  })
  expect(none).toContain('No runs of automations in harbor/booking.')
})

test('pages through them', async () => {
  const first = await alice.run(listAutomationRuns, { ...booking, limit: 1 }, { automation: jobs.port })
  const second = await alice.run(listAutomationRuns, { ...booking, limit: 1, page: 2 }, { automation: jobs.port })

  expect(first.data).toMatchObject({ first: 1, total: 2, next: { page: 2, limit: 1 } })
  expect(second.data).toMatchObject({ first: 2, total: 2 })
  expect(second.data).not.toHaveProperty('next')
})

test('who may only read sees that runs were, not what came of them', async () => {
  const readable = { owner: 'alice', repo: 'field-notes' }
  jobs.queue.enqueue({
    kind: 'tidy_up',
    repository: 'alice/field-notes',
    trigger: 'webhook',
    triggeredBy: 'delivery-2',
  })

  const { data } = await mallory.run(listAutomationRuns, readable, { automation: jobs.port })

  expect(data).toMatchObject({ runs: [{ job: 'tidy_up', trigger: 'webhook' }] })
  expect(JSON.stringify(data)).not.toContain('delivery-2')
})

test('a repository that Gitea does not show has no runs to see', async () => {
  await expect(
    mallory.run(listAutomationRuns, { owner: 'harbor', repo: 'infra' }, { automation: jobs.port }),
  ).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('runs before the repository was made were about another one of that name', async () => {
  const old = openJobs(POLICY, undefined, { now: () => Date.parse('2001-01-01') })
  old.queue.enqueue({ kind: 'tidy_up', repository: 'harbor/booking', trigger: 'manual', triggeredBy: 'somebody' })

  const { data } = await alice.run(listAutomationRuns, booking, { automation: old.port })

  expect(data).toMatchObject({ runs: [], total: 0 })
  old.close()
})

test('says so where automation is off', async () => {
  await expect(alice.run(listAutomationRuns, booking)).rejects.toThrow('AUTOMATION_ENABLED=true')
})
