import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createGiteaClient, type GiteaClient, obtainTokens } from '../support/gitea-oauth-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { createGiteaTokenDoor } from '../support/gitea-token-door.js'
import { seedPeople } from '../support/seed-gitea.js'

const { alice } = seedPeople
const READ = 'openid profile read:user read:repository read:issue'

let sandbox: GiteaSandbox
let own: GiteaClient
beforeAll(async () => {
  sandbox = await startGiteaSandbox({ seed: true })
  own = await createGiteaClient(sandbox)
})
afterEach(() => sandbox.fault(null))
afterAll(() => sandbox.close())

test('is asked once for a token that is used a lot, and never for tokens of this server', async () => {
  const { access } = await obtainTokens(sandbox, own, alice, READ)
  const door = createGiteaTokenDoor(sandbox, own)
  const before = sandbox.requests.length

  await Promise.all(Array.from({ length: 10 }, () => door.present(access)))
  await door.present(access)
  expect(sandbox.requests.slice(before).map(({ path }) => path)).toEqual([
    '/.well-known/openid-configuration',
    '/login/oauth/introspect',
    '/api/v1/user',
  ])

  expect(await door.present('agm_at_something')).toEqual({ kind: 'unknown', reason: 'invalid_token' })
  expect(sandbox.requests.length).toBe(before + 3)
})

test.each([
  ['does not answer', { path: '/login/oauth/introspect', destroySocket: true }],
  ['is replaced by a proxy page', { path: '/login/oauth/introspect', html: true }],
  ['has a fault behind its API', { path: '/api/v1/user', status: 500, body: '' }],
])('that %s lets nobody in, and is asked again', async (_, fault) => {
  const { access } = await obtainTokens(sandbox, own, alice, READ)
  const door = createGiteaTokenDoor(sandbox, own)
  sandbox.fault(fault)

  expect(await door.present(access)).toMatchObject({
    kind: 'refused',
    status: 503,
    reason: 'not_verifiable',
    problem: expect.stringMatching(/Try again/),
  })
  expect(door.readSummaries()).toEqual([expect.objectContaining({ api_probe: 'skip:error' })])
  sandbox.fault(null)
  expect(await door.present(access)).toMatchObject({ kind: 'caller' })
})

describe('without introspection', () => {
  const userinfo = () => `${sandbox.url}/login/oauth/userinfo`
  beforeEach(() =>
    sandbox.fault({
      path: '/.well-known/openid-configuration',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ issuer: sandbox.url, userinfo_endpoint: userinfo() }),
    }),
  )

  test('names the person by userinfo, who may only read, because nobody knows what else', async () => {
    const { access } = await obtainTokens(sandbox, own, alice, READ)

    expect(await createGiteaTokenDoor(sandbox, own).present(access)).toMatchObject({
      kind: 'caller',
      caller: { login: 'alice', scopes: new Set(['read:repository']) },
    })
    expect(sandbox.requests.map(({ path }) => path)).toContain('/login/oauth/userinfo')
  })

  test('lets nobody in with what it does not know', async () => {
    expect(await createGiteaTokenDoor(sandbox, own).present('nonsense')).toMatchObject({ kind: 'unknown' })
    const token = await sandbox.createToken('alice', ['read:repository'])
    expect(await createGiteaTokenDoor(sandbox, own).present(token)).toMatchObject({ kind: 'unknown' })
  })

  test('lets nobody in who may not sign in', async () => {
    const person = { login: 'leaver', password: 'some-passw0rd-of-theirs' }
    await sandbox.addUser(person)
    const { access } = await obtainTokens(sandbox, own, person, READ)
    await sandbox.setUserState('leaver', { prohibitLogin: true })

    expect((await createGiteaTokenDoor(sandbox, own).present(access)).kind).not.toBe('caller')
  })
})
