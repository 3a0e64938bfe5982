import { afterAll, beforeAll, expect, test } from 'vitest'
import { listActionsJobs } from '../../src/tools/list-actions-jobs.js'
import { listActionsRuns } from '../../src/tools/list-actions-runs.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let run_id: number

const notes = { owner: 'alice', repo: 'field-notes' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  await gitea.addActionRun({
    ...notes,
    workflow: 'spelling.yml',
    message: 'Check the spelling',
    jobs: [{ name: 'links', result: 'failure' }, { name: 'publish' }, { name: 'spell', result: 'success' }],
  })
  const { runs } = (await alice.run(listActionsRuns, notes)).data as { runs: { id: number }[] }
  run_id = runs[0]?.id ?? 0
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

/** Ids and times are different in every Gitea. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/^\d+:/gm, '<n>:')
    .replace(/^Run \d+/, 'Run <n>')
    .replaceAll(/, \d+ s$/gm, ', <n> s')
}

test('lists the jobs of a run', async () => {
  expect(withoutIds(await alice.text(listActionsJobs, { ...notes, run_id }))).toMatchInlineSnapshot(`
    "Run <n> in alice/field-notes: queued spelling.yml #1, <id> Check the spelling
    3 jobs.
    <n>: links failure, <n> s
    <n>: publish queued for a runner with nobody
    <n>: spell success, <n> s"
  `)
})

test('anybody who may see the repository may see them', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  expect(await mallory.text(listActionsJobs, { ...notes, run_id })).toContain('links failure')
  await mallory.close()
})

test('says how to get the next page', async () => {
  expect(await alice.text(listActionsJobs, { ...notes, run_id, limit: 2 })).toContain(
    '3 jobs; 1-2 here, page=2 continues.',
  )
})

test('a run that is not there, or belongs elsewhere, is named', async () => {
  await expect(alice.run(listActionsJobs, { ...notes, run_id: 4711 })).rejects.toThrow(
    'There is no Actions run with the id 4711 in alice/field-notes',
  )
  await expect(alice.run(listActionsJobs, { owner: 'harbor', repo: 'booking', run_id })).rejects.toThrow(
    `There is no Actions run with the id ${run_id} in harbor/booking`,
  )
})
