import { afterAll, beforeAll, expect, test } from 'vitest'
import { getUser } from '../../src/tools/get-user.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
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

test('shows the profile of a person', async () => {
  const profile = { full_name: 'Bob Lindqvist', location: 'Arholma', website: 'https://harbor.example' }
  await sendToGitea(gitea, 'bob', 'PATCH', '/user/settings', { ...profile, description: 'Keeps the\nlamps lit' })

  expect(await alice.text(getUser, { username: 'bob' })).toMatchInlineSnapshot(`
    "bob (Bob Lindqvist), here since <today>
    Says: Keeps the lamps lit
    Location: Arholma
    Website: https://harbor.example"
  `)
})

test('an e-mail address is not shown', async () => {
  const { data, text } = await alice.run(getUser, { username: 'bob' })

  expect(`${text}${JSON.stringify(data)}`).not.toContain('@')
})

test('an organisation has a profile too', async () => {
  expect(await alice.text(getUser, { username: 'harbor' })).toBe('harbor, here since <today>')
})

test('somebody who is not there, or hides, is named', async () => {
  await gitea.addOrganization({ name: 'dockyard', owner: 'bob', visibility: 'private' })

  for (const username of ['nobody', 'dockyard']) {
    await expect(alice.run(getUser, { username })).rejects.toThrow(
      `There is no user or organisation ${username}, or this person may not see it.`,
    )
  }
})

test.each(['bob/booking', '..', ''])('%j is no name', async (username) => {
  await expect(alice.run(getUser, { username })).rejects.toThrow('must be the name of a user or organisation')
})
