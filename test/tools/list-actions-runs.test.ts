import { afterAll, beforeAll, expect, test } from 'vitest'
import { listActionsRuns } from '../../src/tools/list-actions-runs.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner

const notes = { owner: 'alice', repo: 'field-notes' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  await gitea.addActionRun({
    ...notes,
    workflow: 'spelling.yml',
    message: 'Check the spelling',
    jobs: [
      { name: 'spell', result: 'success' },
      { name: 'links', result: 'failure' },
    ],
  })
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
})

/** Ids are different in every Gitea. */
function withoutIds(text: string): string {
  return text.replaceAll(/^\d+:/gm, '<n>:')
}

test('lists runs in a line each', async () => {
  expect(withoutIds(await alice.text(listActionsRuns, notes))).toMatchInlineSnapshot(`
    "1 run in alice/field-notes.
    <n>: failure spelling.yml #1, push main <id> <today>: Check the spelling"
  `)
})

test('who does not own the repository sees the runs put together from their jobs, and why', async () => {
  const { data } = await mallory.run(listActionsRuns, notes)

  expect(await mallory.text(listActionsRuns, notes)).toMatchInlineSnapshot(`
    "1 run in alice/field-notes.
    failure spelling.yml #1, push main <id> <today>: Check the spelling (spell success, links failure)
    Gitea lists runs by id only for owners of the repository, and from 1.25 on: these are put together from the jobs that ran."
  `)
  expect(data).toMatchObject({ has_ids: false, runs: [{ number: 1, status: 'failure' }] })
})

test('a repository without runs says so', async () => {
  expect(await alice.text(listActionsRuns, { owner: 'alice', repo: 'scratch' })).toBe('No runs in alice/scratch.')
})

test('says how to get the next page', async () => {
  await gitea.addActionRun({
    ...notes,
    workflow: 'tides.yml',
    message: 'Compute the tides',
    jobs: [{ name: 'tides', result: 'success' }],
  })
  // a push runs every workflow there is
  const first = await alice.text(listActionsRuns, { ...notes, limit: 1 })
  expect(first).toMatch(/^\d runs in alice\/field-notes; 1-1 here, page=2 continues\./)
  expect(await mallory.text(listActionsRuns, { ...notes, limit: 1 })).toContain('; 1-1 here, page=2 continues.')
})

test('a repository this person may not see is not there', async () => {
  await expect(mallory.run(listActionsRuns, { owner: 'harbor', repo: 'infra' })).rejects.toThrow(
    'There is no repository harbor/infra with Actions',
  )
})
