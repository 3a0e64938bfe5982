import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAuthenticator } from '../../src/identity/authenticate.js'
import { createGiteaTokenReader } from '../../src/identity/gitea-tokens.js'
import { Unauthenticated } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { createGiteaTokenFacts } from '../../src/oauth/gitea-introspection.js'
import { createGiteaClient, type GiteaClient, obtainTokens } from '../support/gitea-oauth-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'

const { alice } = seedPeople
const READ = 'openid profile read:user read:repository read:issue'
const MINUTE = 60_000

let gitea: GiteaUnderTest
let client: GiteaClient
beforeAll(async () => {
  gitea = await startGitea()
  client = await createGiteaClient(gitea)
})
afterAll(() => gitea.close())

let ahead: number
let logLines: string[]
beforeEach(() => {
  ahead = 0
  logLines = []
})

function createDoor(options: { readonly to?: GiteaUnderTest; readonly as?: GiteaClient; further?: string[] } = {}) {
  const { to = gitea, as = client, further = [] } = options
  const clock = { now: () => Date.now() + ahead }
  const application = { clientId: as.clientId, clientSecret: new Secret(as.clientSecret) }
  const log = createLogger('DEBUG', { write: (line) => void logLines.push(line) })
  const facts = createGiteaTokenFacts({ giteaUrl: to.url, application, clock, discoveryTtlMs: 5 * MINUTE })
  const audiences = [as.clientId, ...further]
  const reader = createGiteaTokenReader({ facts, audiences, clock, log, ttlMs: 5 * MINUTE })
  const { authenticate } = createAuthenticator([reader])
  return async (token: string) => authenticate(`Bearer ${token}`, 'request-1')
}

function readSummaries(): Record<string, unknown>[] {
  return logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'oauth_auth_summary')
}

describe('a token that Gitea made for our application', () => {
  test('stands for its person, with what it may do in Gitea, and is the way to Gitea itself', async () => {
    const { access } = await obtainTokens(gitea, client, alice, READ)

    const found = await createDoor()(access)

    expect(found).toMatchObject({
      kind: 'caller',
      caller: { login: 'alice', clientId: 'gitea-token', scopes: new Set(['read:repository']) },
    })
    if (found.kind !== 'caller') throw new Error('no caller')
    expect(found.caller.accountId).toMatch(/^gitea:\d+$/)
    expect(found.caller.permits).toBeUndefined()
    expect(await found.caller.gitea.token()).toBe(access)
  })

  test('may write when Gitea lets it', async () => {
    const writing = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, writing, alice, 'read:user write:repository write:issue')

    expect(await createDoor({ as: writing })(access)).toMatchObject({
      caller: { scopes: new Set(['write:repository']) },
    })
  })

  test('is good without the right to read the account', async () => {
    const narrow = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, narrow, alice, 'read:repository')

    expect(await createDoor({ as: narrow })(access)).toMatchObject({ kind: 'caller', caller: { login: 'alice' } })
  })

  test('tells the log what it is and what became of it, and never itself', async () => {
    const door = createDoor()
    const { access } = await obtainTokens(gitea, client, alice, READ)
    await door(access)
    await door(access)

    expect(readSummaries()).toEqual([
      expect.objectContaining({
        token_type: 'jwt',
        scopes_observed: expect.arrayContaining(['openid', 'read:repository']),
        scopes_effective: ['read:repository'],
        api_probe: 'pass',
        login: 'alice',
        request_id: 'request-1',
      }),
      expect.objectContaining({ api_probe: 'skip:cached', login: 'alice' }),
    ])
    expect(logLines.join('')).not.toContain(access.slice(-20))
  })

  test('ends here when Gitea refuses it, and is told to be refreshed rather than counted as a guess', async () => {
    const ending = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, ending, alice, READ)
    const door = createDoor({ as: ending })
    const found = await door(access)
    if (found.kind !== 'caller') throw new Error('no caller')
    await gitea.revokeGrant(alice.login, ending.clientId)

    await expect(found.caller.gitea.renew(access)).rejects.toThrow(Unauthenticated)
    await expect(found.caller.gitea.renew(access)).rejects.toThrow(/Refresh it, or connect/)
    expect(await door(access)).toMatchObject({ kind: 'ended', problem: expect.stringMatching(/Refresh it/) })
  })

  test('is asked about again after a while, and ends when Gitea does not know it any more', async () => {
    const ending = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, ending, alice, READ)
    const door = createDoor({ as: ending })
    await door(access)
    await gitea.revokeGrant(alice.login, ending.clientId)

    expect(await door(access)).toMatchObject({ kind: 'caller' })
    ahead = 6 * MINUTE
    expect(await door(access)).toMatchObject({ kind: 'ended' })
  })

  test('is over at the time it says itself', async () => {
    const { access } = await obtainTokens(gitea, client, alice, READ)
    const door = createDoor()
    await door(access)

    ahead = 61 * MINUTE
    expect(await door(access)).toMatchObject({ kind: 'ended' })
  })

  test('of a person who may not sign in opens nothing', async () => {
    const login = `disabled-${client.clientId.slice(0, 8)}`
    const person = { login, password: 'some-passw0rd-of-theirs' }
    await gitea.addUser(person)
    const { access } = await obtainTokens(gitea, client, person, READ)
    await gitea.setUserState(login, { prohibitLogin: true })

    expect(await createDoor()(access)).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'gitea_account',
      problem: expect.stringMatching(/disabled/),
    })
    expect(readSummaries()).toEqual([expect.objectContaining({ login, api_probe: 'fail:403' })])
  })
})

describe('refused is', () => {
  test('a token of another application, unless it is named', async () => {
    const other = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, other, alice, READ)

    expect(await createDoor()(access)).toMatchObject({
      kind: 'refused',
      status: 401,
      reason: 'wrong_audience',
      problem: expect.stringMatching(/OAUTH_EXPECTED_AUDIENCE/),
    })
    expect(await createDoor({ further: [other.clientId] })(access)).toMatchObject({ kind: 'caller' })
  })

  test.each(['openid profile email', 'all', 'read:user offline_access read:repository', 'READ:repository'])(
    'a token that may do everything, however it came to it: %s',
    async (scope) => {
      const wide = await createGiteaClient(gitea)
      const { access } = await obtainTokens(gitea, wide, alice, scope)

      expect(await createDoor({ as: wide })(access)).toMatchObject({
        kind: 'refused',
        status: 403,
        reason: 'full_access',
        problem: expect.stringMatching(/revoke the application, then connect again/),
      })
    },
  )

  test('a token without any right to repositories, with the line that troubleshooting knows', async () => {
    const poor = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, poor, alice, 'openid read:user')

    expect(await createDoor({ as: poor })(access)).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'insufficient_scope',
      problem: expect.stringMatching(/connect again and ask for read:repository/),
    })
    expect(logLines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: 'oauth_token_lacks_api_scope', status: 403, login: 'alice' }),
    )
  })

  test('a refresh token', async () => {
    const { refresh } = await obtainTokens(gitea, client, alice, READ)

    expect(await createDoor()(refresh)).toMatchObject({ kind: 'unknown' })
  })

  test('an ID token', async () => {
    const { id } = await obtainTokens(gitea, client, alice, READ)

    expect(await createDoor()(id ?? '')).toMatchObject({ kind: 'unknown' })
  })

  test('a personal access token, with what to do instead', async () => {
    const token = await gitea.createToken('alice', ['read:repository'])

    expect(await createDoor()(token)).toMatchObject({
      kind: 'unknown',
      problem: expect.stringMatching(/Personal access tokens .* not taken/),
    })
  })

  test.each(['nonsense', 'a.b.c', `${'x'.repeat(43)}`])('what Gitea does not know: %s', async (token) => {
    expect(await createDoor()(token)).toMatchObject({ kind: 'unknown', problem: 'Gitea does not know this token' })
  })
})

describe('Gitea', () => {
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
    const door = createDoor({ to: sandbox, as: own })
    const before = sandbox.requests.length

    await Promise.all(Array.from({ length: 10 }, () => door(access)))
    await door(access)
    expect(sandbox.requests.slice(before).map(({ path }) => path)).toEqual([
      '/.well-known/openid-configuration',
      '/login/oauth/introspect',
      '/api/v1/user',
    ])

    expect(await door('agm_at_something')).toEqual({ kind: 'unknown', reason: 'invalid_token' })
    expect(sandbox.requests.length).toBe(before + 3)
  })

  test.each([
    ['does not answer', { path: '/login/oauth/introspect', destroySocket: true }],
    ['is replaced by a proxy page', { path: '/login/oauth/introspect', html: true }],
    ['has a fault behind its API', { path: '/api/v1/user', status: 500, body: '' }],
  ])('that %s lets nobody in, and is asked again', async (_, fault) => {
    const { access } = await obtainTokens(sandbox, own, alice, READ)
    const door = createDoor({ to: sandbox, as: own })
    sandbox.fault(fault)

    expect(await door(access)).toMatchObject({
      kind: 'refused',
      status: 503,
      reason: 'not_verifiable',
      problem: expect.stringMatching(/Try again/),
    })
    expect(readSummaries()).toEqual([expect.objectContaining({ api_probe: 'skip:error' })])
    sandbox.fault(null)
    expect(await door(access)).toMatchObject({ kind: 'caller' })
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

      expect(await createDoor({ to: sandbox, as: own })(access)).toMatchObject({
        kind: 'caller',
        caller: { login: 'alice', scopes: new Set(['read:repository']) },
      })
      expect(sandbox.requests.map(({ path }) => path)).toContain('/login/oauth/userinfo')
    })

    test('lets nobody in with what it does not know', async () => {
      expect(await createDoor({ to: sandbox, as: own })('nonsense')).toMatchObject({ kind: 'unknown' })
      const token = await sandbox.createToken('alice', ['read:repository'])
      expect(await createDoor({ to: sandbox, as: own })(token)).toMatchObject({ kind: 'unknown' })
    })

    test('lets nobody in who may not sign in', async () => {
      const person = { login: 'leaver', password: 'some-passw0rd-of-theirs' }
      await sandbox.addUser(person)
      const { access } = await obtainTokens(sandbox, own, person, READ)
      await sandbox.setUserState('leaver', { prohibitLogin: true })

      expect((await createDoor({ to: sandbox, as: own })(access)).kind).not.toBe('caller')
    })
  })
})
