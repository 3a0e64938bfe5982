import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchRepositories } from '../../src/tools/search-repositories.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
})

test('finds by name and by description whatever this person may see', async () => {
  expect(await alice.text(searchRepositories, { query: 'harbour' })).toMatchInlineSnapshot(`
    "1 repository matching "harbour".
    alice/field-notes <today>: Notes from the harbours"
  `)
})

test('a repository of others is found when it is public, and no private one', async () => {
  expect(await mallory.text(searchRepositories, { query: 'ferry' })).toContain('harbor/booking')
  expect(await mallory.text(searchRepositories, { query: 'infra' })).toBe('No repositories matching "infra".')
})

test('says how to get the next page', async () => {
  for (const at of [1, 2, 3]) await gitea.addRepository({ owner: 'alice', name: `buoy-${at}` })

  expect(await alice.text(searchRepositories, { query: 'buoy', limit: 2 })).toContain(
    '3 repositories matching "buoy"; 1-2 here, page=2 continues.',
  )
  expect(await alice.text(searchRepositories, { query: 'buoy', limit: 2, page: 2 })).toContain('3-3 here, the last.')
})

test('leaves out what this connection may not use, without naming it', async () => {
  const mayUseRepository = (_owner: string, name: string) => name !== 'infra'

  expect(await alice.text(searchRepositories, { query: 'infra' }, { mayUseRepository })).toBe(
    'No repositories matching "infra".\n1 repository left out: this connection may not use them.',
  )
})
