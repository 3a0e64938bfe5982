import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.js'
import { credential, MINUTE, start, useIssuerGround } from '../support/issuer-ground.js'
import { startKeycloakIssuer } from '../support/keycloak-issuer.js'
import { type ProviderIssuer, startProviderIssuer } from '../support/provider-issuer.js'

const { ground, clock, toSettings, createReader } = useIssuerGround()

describe('a token of a Keycloak realm', () => {
  test('stands for the person whose login it names, with what its scope is good for', async () => {
    const read = createReader()

    const found = await read(await ground.keycloak.createToken())

    expect(found).toEqual({
      kind: 'caller',
      caller: {
        accountId: 'gitea:2',
        login: 'alice',
        clientId: `issuer:${new URL(ground.keycloak.issuer).host}:claude`,
        clientName: 'claude',
        scopes: new Set(['read:repository']),
        tokenHint: expect.stringMatching(/^[\da-f]{12}$/),
        grant: { readOnly: false, repositories: null, expiresAt: null },
        gitea: credential,
      },
    })
  })

  test('may write when its scope says so', async () => {
    const read = createReader()

    const found = await read(await ground.keycloak.createToken({ claims: { scope: 'mcp:execute mcp:write' } }))

    expect(found).toMatchObject({ caller: { scopes: new Set(['read:repository', 'write:repository']) } })
  })

  test('is looked up once while it is used, and asked about again later', async () => {
    const read = createReader()
    const token = await ground.keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })

    await Promise.all(Array.from({ length: 10 }, () => read(token)))
    await read(token)
    expect(ground.gitea.asked).toEqual(['alice'])
    expect(ground.keycloak.asked).toEqual({ discovery: 1, keys: 1 })

    ground.now += 6 * MINUTE
    expect(await read(token)).toMatchObject({ kind: 'caller' })
    expect(ground.gitea.asked).toEqual(['alice', 'alice'])
  })

  test('ends on time although it was found good a moment before', async () => {
    const read = createReader()
    const token = await ground.keycloak.createToken({ claims: { exp: start / 1000 + 30 } })
    expect(await read(token)).toMatchObject({ kind: 'caller' })

    ground.now += 89_000
    expect(await read(token)).toMatchObject({ kind: 'caller' })
    ground.now += 1000
    expect(await read(token)).toMatchObject({ kind: 'ended', problem: expect.stringMatching(/expired.*Refresh/) })
  })

  test('of a person whom Gitea forgot meanwhile opens nothing after a while', async () => {
    const read = createReader()
    const token = await ground.keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })
    await read(token)
    ground.gitea.people.clear()

    ground.now += 6 * MINUTE
    expect(await read(token)).toMatchObject({ kind: 'refused', status: 403, reason: 'unknown_person' })
  })
})

describe('a genuine token is refused, and not counted as a guess,', () => {
  test.each<[string, Record<string, unknown>, object]>([
    ['for another audience', { aud: 'account' }, { status: 401, reason: 'wrong_audience' }],
    ['for no audience', { aud: undefined }, { status: 401, reason: 'wrong_audience' }],
    ['for the audience in other letters', { aud: 'Aegis' }, { status: 401, reason: 'wrong_audience' }],
    ['that is not valid yet', { nbf: start / 1000 + 90 }, { status: 401, reason: 'invalid_claims' }],
    ['that never ends', { exp: undefined }, { status: 401, reason: 'invalid_claims' }],
    ['without a scope that is mapped', { scope: 'profile email' }, { status: 403, reason: 'insufficient_scope' }],
    ['with a scope in other letters', { scope: 'MCP:EXECUTE' }, { status: 403, reason: 'insufficient_scope' }],
    ['with a scope that is no text', { scope: { 'mcp:execute': 1 } }, { status: 403, reason: 'insufficient_scope' }],
    ['that is an ID token', { typ: 'ID' }, { status: 401, reason: 'wrong_token_type' }],
    ['that is an ID token by its hash', { at_hash: 'x' }, { status: 401, reason: 'wrong_token_type' }],
    ['that is a logout notice', { events: {} }, { status: 401, reason: 'wrong_token_type' }],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, { status: 401, reason: 'wrong_token_type' }],
    [
      'that is an ID token of Cognito',
      { token_use: 'id', typ: undefined },
      { status: 401, reason: 'wrong_token_type' },
    ],
  ])('%s', async (_, claims, expected) => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ claims }))).toMatchObject({ kind: 'refused', ...expected })
    expect(ground.gitea.asked).toEqual([])
  })

  test.each(['logout+jwt', 'dpop+jwt', 'id+jwt'])('of the type %s', async (typ) => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ header: { typ } }))).toMatchObject({
      kind: 'refused',
      reason: 'wrong_token_type',
    })
  })

  test.each(['at+jwt', 'application/at+jwt', 'JWT', 'AT+JWT'])('but not of the type %s', async (typ) => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ header: { typ } }))).toMatchObject({ kind: 'caller' })
  })

  test('that ended, and is told to be refreshed', async () => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ claims: { exp: start / 1000 - 61 } }))).toMatchObject({
      kind: 'ended',
    })
  })

  test('but not for a clock that is a little wrong, either way', async () => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ claims: { exp: start / 1000 - 50 } }))).toMatchObject({
      kind: 'caller',
    })
    expect(await read(await ground.keycloak.createToken({ claims: { nbf: start / 1000 + 50 } }))).toMatchObject({
      kind: 'caller',
    })
  })
})

describe('tokens of others', () => {
  test('of an issuer that is not written are told who is, and hear nothing of themselves', async () => {
    const read = createReader()
    const token = await ground.keycloak.createToken({ claims: { iss: 'https://evil.example/"><script>' } })

    expect(await read(token)).toEqual({
      kind: 'unknown',
      problem: `The token is of an issuer that is not taken here. Taken are: ${ground.keycloak.issuer}`,
    })
    expect(ground.keycloak.asked.discovery).toBe(0)
    expect(ground.logLines.join('')).not.toContain('evil')
  })

  test.each([
    ['with a slash more', (issuer: string) => `${issuer}/`],
    ['in capitals', (issuer: string) => issuer.toUpperCase()],
    ['as a list', (issuer: string) => [issuer]],
  ])('that write the issuer %s are not its tokens', async (_, change) => {
    const read = createReader()
    const found = await read(await ground.keycloak.createToken({ claims: { iss: change(ground.keycloak.issuer) } }))

    expect(found === undefined || found.kind === 'unknown').toBe(true)
    expect(ground.keycloak.asked.discovery).toBe(0)
  })

  test.each(['agm_at_whatever', 'a.b', 'a.b.c.d.e', 'not.a.token', '..', `${'x'.repeat(4000)}.y.z`])(
    'that are none of this kind are left to the next reader: %s',
    async (token) => {
      expect(await createReader()(token)).toBeUndefined()
    },
  )

  test('without an issuer, as Gitea makes them, are left to the next reader', async () => {
    expect(await createReader()(await ground.keycloak.createToken({ claims: { iss: undefined } }))).toBeUndefined()
  })

  test('of one issuer are not good as those of another beside it', async () => {
    const other = await startKeycloakIssuer(clock)
    const read = createReader(toSettings(), toSettings({ issuer: other.issuer, audiences: ['other'] }))

    expect(await read(await ground.keycloak.createToken())).toMatchObject({ kind: 'caller' })
    expect(await read(await other.createToken({ claims: { aud: 'other' } }))).toMatchObject({ kind: 'caller' })
    expect(await read(await other.createToken())).toMatchObject({ reason: 'wrong_audience' })
    expect(await read(await other.createToken({ claims: { iss: ground.keycloak.issuer } }))).toMatchObject({
      kind: 'unknown',
    })
    await other.close()
  })
})

test('no token and none of its claims reach the log', async () => {
  const read = createReader()
  const token = await ground.keycloak.createToken({
    claims: { aud: 'secret-audience', email: 'private@ferries.example' },
  })
  await read(token)

  expect(ground.logLines.join('')).toContain('issuer_token_refused')
  expect(ground.logLines.join('')).not.toContain(token)
  expect(ground.logLines.join('')).not.toContain(token.split('.')[2])
  expect(ground.logLines.join('')).not.toMatch(/secret-audience|private@/)
})

describe('a certified provider', () => {
  const RESOURCE = 'https://mcp.example.org/mcp'
  let provider: ProviderIssuer
  beforeEach(async () => {
    provider = await startProviderIssuer('alice')
    ground.now = systemClock.now()
  })
  afterEach(() => provider.close())

  test('makes tokens that open what they are for, and nothing else', async () => {
    const read = createReader(toSettings({ issuer: provider.issuer, audiences: [RESOURCE], loginClaim: 'gitea_login' }))

    expect(await read(await provider.requestToken(RESOURCE, 'mcp:execute'))).toMatchObject({
      kind: 'caller',
      caller: {
        login: 'alice',
        clientId: `issuer:${new URL(provider.issuer).host}:build-bot`,
        scopes: new Set(['read:repository']),
      },
    })
    expect(await read(await provider.requestToken('https://other.example/mcp', 'mcp:execute'))).toMatchObject({
      kind: 'refused',
      reason: 'wrong_audience',
    })
  })
})
