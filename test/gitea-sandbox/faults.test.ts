/** What only the sandbox can do: go wrong on purpose, tell what it saw, follow an injected clock. */
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { call } from '../support/gitea-contract-rest.js'
import { createGiteaClient, obtainTokens, refreshToken } from '../support/gitea-oauth-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { seedPeople } from '../support/seed-gitea.js'

let now = Date.parse('2026-11-02T10:00:00Z')
let gitea: GiteaSandbox

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true, clock: { now: () => now }, tokenLifetimeSeconds: 60 })
})
afterEach(() => gitea.fault(null))
afterAll(() => gitea.close())

const issues = '/repos/harbor/booking/issues'

async function countIssues(): Promise<number> {
  const reply = await call(gitea, `${issues}?state=all&limit=50`, { as: 'alice' })
  return Number(reply.headers.get('x-total-count'))
}

test('a fault lasts for as many matching requests as it says', async () => {
  gitea.fault({ path: '/version', times: 2, status: 503, body: '{"message":"busy"}' })
  const statuses = []
  for (let at = 0; at < 3; at += 1) statuses.push((await call(gitea, '/version')).status)

  expect(statuses).toEqual([503, 503, 200])
  expect((await call(gitea, '/settings/api')).status).toBe(200)
})

test('a fault may wait for its turn, and be an HTML page', async () => {
  gitea.fault({ path: /version/, after: 1, times: 1, html: true })
  const replies = [await call(gitea, '/version'), await call(gitea, '/version'), await call(gitea, '/version')]

  expect(replies.map(({ status }) => status)).toEqual([200, 502, 200])
  expect(replies[1]?.headers.get('content-type')).toBe('text/html')
})

test('a destroyed connection has no effect, a lost reply has', async () => {
  const before = await countIssues()
  const post = (): Promise<unknown> => call(gitea, issues, { as: 'alice', method: 'POST', body: { title: 'Lost' } })

  gitea.fault({ method: 'POST', destroySocket: true, times: 1 })
  await expect(post()).rejects.toThrow('fetch failed')
  expect(await countIssues()).toBe(before)

  gitea.fault({ method: 'POST', loseReply: true, times: 1 })
  await expect(post()).rejects.toThrow('fetch failed')
  expect(await countIssues()).toBe(before + 1)
})

test('a truncated answer ends in the middle', async () => {
  gitea.fault({ path: '/git/trees/', truncate: 100, times: 1 })

  await expect(call(gitea, '/repos/harbor/booking/git/trees/main?recursive=true', { as: 'alice' })).rejects.toThrow()
})

test('a write whose caller goes away still happens, and is recorded as aborted', async () => {
  const before = await countIssues()
  const token = await gitea.createToken('alice', ['all'])
  gitea.fault({ method: 'POST', delayMs: 150, times: 1 })
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
  const sent = request(`${gitea.url}/api/v1${issues}`, { method: 'POST', headers })
  sent.on('error', () => resolve())
  sent.end(JSON.stringify({ title: 'Nobody waits' }))
  setTimeout(() => sent.destroy(), 50)
  await gone

  await expect.poll(countIssues).toBe(before + 1)
  expect(gitea.requests.filter(({ method }) => method === 'POST').at(-1)).toMatchObject({ aborted: true, status: 201 })
})

test('the record tells who asked what', async () => {
  const sudo = { as: 'admin', headers: { sudo: 'alice' } }
  await call(gitea, '/repos/harbor/booking?x=1', sudo)

  expect(gitea.requests.at(-1)).toMatchObject({
    method: 'GET',
    path: '/api/v1/repos/harbor/booking',
    query: 'x=1',
    status: 200,
    login: 'admin',
    sudo: 'alice',
    aborted: false,
  })
})

test('tokens of the same second are the same, later ones are not, and all expire by the clock', async () => {
  const client = await createGiteaClient(gitea)
  const first = await obtainTokens(gitea, client, seedPeople.alice)
  const again = await obtainTokens(gitea, client, seedPeople.alice)
  now += 1000
  const later = await obtainTokens(gitea, client, seedPeople.alice)
  const meWith = async (token: string): Promise<number> =>
    (await fetch(`${gitea.url}/api/v1/user`, { headers: { authorization: `Bearer ${token}` } })).status

  expect(again).toEqual(first)
  expect(later.access).not.toBe(first.access)
  expect(await meWith(first.access)).toBe(200)
  now += 60_000
  expect(await meWith(first.access)).toBe(401)
  expect((await refreshToken(gitea, client, first.refresh)).status).toBe(200)
})

test('two sandboxes know nothing of each other', async () => {
  const other = await startGiteaSandbox()

  expect((await call(other, '/repos/harbor/booking')).status).toBe(404)
  await other.close()
})
