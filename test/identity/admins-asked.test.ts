import { afterAll, beforeAll, expect, test } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { admin } = seedPeople

let now = Date.now()
let gitea: GiteaSandbox
let stack: Stack<GiteaSandbox>

beforeAll(async () => {
  const clock = { now: () => now }
  gitea = await startGiteaSandbox({ seed: true, clock })
  stack = await startStack(gitea, { clock })
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

test('Gitea is asked once a minute whether somebody is its administrator', async () => {
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
