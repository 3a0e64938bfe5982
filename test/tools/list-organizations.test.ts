import { afterAll, beforeAll, expect, test } from 'vitest'
import { listOrganizations } from '../../src/tools/list-organizations.js'
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

test('lists the organisations this person is in', async () => {
  expect(await alice.text(listOrganizations, {})).toMatchInlineSnapshot(`
    "1 organisation of this person.
    harbor"
  `)
})

test('a hidden one is marked, and a next page announced', async () => {
  await gitea.addOrganization({ name: 'dockyard', owner: 'alice', visibility: 'private' })

  expect(await alice.text(listOrganizations, {})).toBe('2 organisations of this person.\ndockyard (private)\nharbor')
  expect(await alice.text(listOrganizations, { limit: 1 })).toBe(
    '2 organisations of this person; 1-1 here, page=2 continues.\ndockyard (private)',
  )
})

test('somebody in none is told so', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  expect(await mallory.text(listOrganizations, {})).toBe('No organisations of this person.')
  await mallory.close()
})

test('names the right that the sign-in lacks', async () => {
  const narrow = await createToolRunner(gitea, 'alice', ['read:user', 'read:repository'])

  await expect(narrow.run(listOrganizations, {})).rejects.toThrow(/needs the Gitea scope .*read:organization/)
  await narrow.close()
})
