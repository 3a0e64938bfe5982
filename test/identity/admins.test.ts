import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { admin, alice, bob, mallory } = seedPeople

let gitea: GiteaUnderTest
let stack: Stack

beforeAll(async () => {
  gitea = await startGitea()
  const { id } = Object(await (await fetch(`${gitea.url}/api/v1/users/mallory`)).json())
  stack = await startStack(gitea, { settings: { ADMIN_USERS: `Alice, gitea:${id}` } })
})
afterAll(async () => {
  await stack.close()
  await gitea.close()
})

async function readStats({ accessToken }: Connection) {
  const response = await fetch(`${stack.url}/api/v1/stats`, { headers: { authorization: `Bearer ${accessToken}` } })
  return Object(await response.json())
}

test('people whom ADMIN_USERS names, by login in any case or by account id, see everyone’s figures; others their own', async () => {
  const his = await stack.connect(bob)
  await stack.call(his, 'get_me')

  const forAlice = await readStats(await stack.connect(alice))
  const forMallory = await readStats(await stack.connect(mallory))
  const forBob = await readStats(his)

  for (const { everyone, mine } of [forAlice, forMallory]) {
    expect(mine.calls).toBe(0)
    expect(everyone).toMatchObject({ sessions: 0, calls: 1, tools: [{ tool: 'get_me', calls: 1 }] })
  }
  expect(forBob.mine.calls).toBe(1)
  expect(forBob.everyone).toBeUndefined()
})

test('a site administrator of Gitea who signed in is an admin here', async () => {
  const { everyone, mine } = await readStats(await stack.connect(admin))

  expect(mine.calls).toBe(0)
  expect(everyone).toBeDefined()
})
