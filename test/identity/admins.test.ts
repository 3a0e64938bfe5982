import { afterAll, beforeAll, expect, test } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { admin, alice, bob, mallory } = seedPeople

let now = Date.now()
let gitea: GiteaSandbox
let stack: Stack<GiteaSandbox>

beforeAll(async () => {
  const clock = { now: () => now }
  gitea = await startGiteaSandbox({ seed: true, clock })
  const { id } = Object(await (await fetch(`${gitea.url}/api/v1/users/mallory`)).json())
  stack = await startStack(gitea, { clock, settings: { ADMIN_USERS: `Alice, gitea:${id}` } })
})
afterAll(async () => {
  await stack.close()
  await gitea.close()
})

async function readStats({ accessToken }: Connection) {
  const response = await fetch(`${stack.url}/api/v1/stats`, { headers: { authorization: `Bearer ${accessToken}` } })
  return { status: response.status, ...Object(await response.json()) }
}

const askedWhoAmI = () => gitea.requests.filter(({ path }) => path === '/api/v1/user').length

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

test('a site administrator of Gitea is an admin here, and is asked about once a minute', async () => {
  const root = await stack.connect(admin)

  const before = askedWhoAmI()
  expect((await readStats(root)).everyone).toBeDefined()
  expect((await readStats(root)).everyone).toBeDefined()
  expect(askedWhoAmI()).toBe(before + 1)
  now += MINUTE
  expect((await readStats(root)).everyone).toBeDefined()
  expect(askedWhoAmI()).toBe(before + 2)
})

test('while Gitea does not say, nobody is a site administrator, and that is not remembered', async () => {
  const root = await stack.connect(admin)
  now += MINUTE
  gitea.fault({ path: '/api/v1/user', status: 503 })

  expect(await readStats(root)).toMatchObject({ status: 200, mine: { calls: 0 } })
  expect((await readStats(root)).everyone).toBeUndefined()
  gitea.fault(null)
  expect((await readStats(root)).everyone).toBeDefined()
})
