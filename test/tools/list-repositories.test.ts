import { afterAll, beforeAll, expect, test } from 'vitest'
import { listRepositories } from '../../src/tools/list-repositories.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('lists what is the person’s own or comes through a team', async () => {
  expect(await alice.text(listRepositories, {})).toMatchInlineSnapshot(`
    "4 repositories.
    harbor/booking <today>: Booking service for the ferry lines
    alice/field-notes <today>: Notes from the harbours
    harbor/infra (private) <today>: Machines, deployments and what they need to know
    alice/scratch (private) <today>"
  `)
})

test('what is public and not one’s own is not among them', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  expect(await mallory.text(listRepositories, {})).toBe('No repositories.')
  await mallory.close()
})

test('says how to get the next page', async () => {
  expect(await alice.text(listRepositories, { limit: 3 })).toContain('4 repositories; 1-3 here, page=2 continues.')
  expect(await alice.text(listRepositories, { limit: 3, page: 2 })).toContain('4-4 here, the last.')
})

test('leaves out what this connection may not use, without naming it', async () => {
  const mayUseRepository = (_owner: string, name: string) => name !== 'infra'

  const text = await alice.text(listRepositories, {}, { mayUseRepository })

  expect(text).not.toContain('infra')
  expect(text).toContain('1 repository left out: this connection may not use them.')
  expect(text).toContain('3 repositories.')
})

test('what is left out makes no holes in the pages', async () => {
  for (let at = 10; at < 70; at += 1) await gitea.addRepository({ owner: 'bob', name: `archive-${at}` })
  const bob = await createToolRunner(gitea, 'bob')
  const mayUseRepository = (owner: string) => owner !== 'bob'

  const { data } = await bob.run(listRepositories, { limit: 2 }, { mayUseRepository })

  expect(data).toMatchObject({ next: { page: 2, limit: 2 } })
  expect(data.repositories).toHaveLength(2)
  expect((await bob.run(listRepositories, { limit: 2, page: 2 }, { mayUseRepository })).data).toMatchObject({
    repositories: [{ name: 'infra' }],
    total: 3,
  })
  await bob.close()
})

test('a sign-in without the repository scope is told which one is missing', async () => {
  const narrow = await createToolRunner(gitea, 'alice', ['read:user'])

  await expect(narrow.run(listRepositories, {})).rejects.toMatchObject({
    rule: 'gitea.scope',
    message: expect.stringContaining('read:repository'),
  })
  await narrow.close()
})
