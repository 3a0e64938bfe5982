import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAutomationJob } from '../../src/tools/run-automation-job.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { type OpenJobs, openJobs, sampleJob } from '../support/open-jobs.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  harbor/booking: {tools: {allow: [automation_tidy_up], approve: [automation_ask_first]}}
`
const booking = { owner: 'harbor', repo: 'booking' }

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner
let jobs: OpenJobs

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  jobs = openJobs(POLICY, [sampleJob(), sampleJob({ name: 'ask_first' })])
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
  jobs.close()
})

const run = (person: ToolRunner, args: Record<string, unknown>) =>
  person.run(runAutomationJob, { ...booking, job: 'tidy_up', ...args }, { automation: jobs.port })

test('puts a run into the queue in the name of who asked, and wakes the worker', async () => {
  const wakes = jobs.countWakes()

  const { data, text } = await run(alice, { parameters: { days: 7 } })
  const { id } = Object(data.run)

  expect(text.replaceAll(id, '<id>').replaceAll(/\d{4}(-\d\d)+ \d\d:\d\d/g, '<time>')).toMatchInlineSnapshot(`
    "Asked for.
    <id>: ready tidy_up (manual alice) <time>"
  `)
  expect(jobs.queue.find(id)).toMatchObject({
    kind: 'tidy_up',
    repository: 'harbor/booking',
    trigger: 'manual',
    triggeredBy: 'alice',
    dryRun: false,
    parameters: '{"days":7}',
  })
  expect(jobs.countWakes()).toBe(wakes + 1)
})

test('one that waits and is the same stands for it; with other parameters, or dry, it is another', async () => {
  const first = await run(alice, { parameters: { days: 8 } })
  const again = await run(alice, { parameters: { days: 8 } })
  const other = await run(alice, { parameters: { days: 9 } })
  const dry = await run(alice, { parameters: { days: 8 }, dry_run: true })

  const [id, twin, ...others] = [first, again, other, dry].map(({ data }) => Object(data.run).id)
  expect(twin).toBe(id)
  expect(again.data.is_new).toBe(false)
  expect(new Set([id, ...others]).size).toBe(3)
  expect(jobs.queue.find(others[1])).toMatchObject({ dryRun: true })
})

test('who may not change the repository starts nothing there, dry or not', async () => {
  for (const dry_run of [true, false]) {
    await expect(run(mallory, { dry_run })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'Gitea does not let mallory change harbor/booking, so no job is started there.',
    })
  }
})

test('a job that the policy does not allow there is refused with its rule and the remedy', async () => {
  await expect(run(alice, { owner: 'alice', repo: 'field-notes' })).rejects.toMatchObject({
    code: 'forbidden',
    rule: 'defaults.write',
    message: expect.stringContaining('automation_tidy_up in repositories.alice/field-notes.tools.allow'),
  })
  await expect(run(alice, { job: 'ask_first' })).rejects.toThrow('A job cannot wait for an approval')
})

test('an unknown job is named with its neighbours, wrong parameters with those it takes', async () => {
  await expect(run(alice, { job: 'tidy_upp' })).rejects.toThrow('There is no job “tidy_upp”. Did you mean tidy_up?')
  await expect(run(alice, { parameters: { days: 0 } })).rejects.toThrow(/days: .*It takes days, labels\./)
  await expect(run(alice, { parameters: { weeks: 2 } })).rejects.toThrow(/weeks.*It takes days, labels\./)
})
