import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IssuerSettings } from '../../src/config/issuers-file.js'
import type { Authentication } from '../../src/identity/authenticate.js'
import { createExternalIssuerReader } from '../../src/identity/external-issuers.js'
import type { PersonAccess } from '../../src/identity/person-access.js'
import { systemClock } from '../../src/lib/clock.js'
import { UpstreamTimeout } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import { createSigningKey, type KeycloakIssuer, startKeycloakIssuer } from '../support/keycloak-issuer.js'
import { type ProviderIssuer, startProviderIssuer } from '../support/provider-issuer.js'

const MINUTE = 60_000
const AUDIENCE = 'aegis'
const start = Date.parse('2026-11-21T09:00:00Z')

let now: number
const clock = { now: () => now }
let keycloak: KeycloakIssuer
let gitea: { people: Map<string, string>; isDown: boolean; asked: string[]; hasWay: boolean }
let logLines: string[]
beforeEach(async () => {
  now = start
  keycloak = await startKeycloakIssuer(clock)
  gitea = { people: new Map([['alice', 'gitea:2']]), isDown: false, asked: [], hasWay: true }
  logLines = []
})
afterEach(() => keycloak.close())

const credential = { token: async () => 'service-token', renew: async () => 'service-token' }
const people: PersonAccess = {
  findPerson: async (login) => {
    gitea.asked.push(login)
    if (gitea.isDown) {
      throw new UpstreamTimeout('Gitea did not answer in time.')
    }
    const accountId = gitea.people.get(login)
    return accountId === undefined ? undefined : { accountId, login }
  },
  open: () => (gitea.hasWay ? { gitea: credential } : undefined),
}

function toSettings(overrides: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    issuer: keycloak.issuer,
    audiences: [AUDIENCE],
    loginClaim: 'preferred_username',
    loginDomain: undefined,
    scopes: new Map([
      ['mcp:execute', 'read:repository'],
      ['mcp:write', 'write:repository'],
    ]),
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    isPrimary: false,
    ...overrides,
  }
}

function createReader(...issuers: readonly IssuerSettings[]) {
  const log = createLogger('DEBUG', { write: (line) => void logLines.push(line) })
  const reader = createExternalIssuerReader({
    issuers: issuers.length === 0 ? [toSettings()] : issuers,
    people,
    clock,
    log,
    ttlMs: 5 * MINUTE,
  })
  return async (token: string): Promise<Authentication | undefined> => reader.read(token, 'request-1')
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

describe('a token of a Keycloak realm', () => {
  test('stands for the person whose login it names, with what its scope is good for', async () => {
    const read = createReader()

    const found = await read(await keycloak.createToken())

    expect(found).toEqual({
      kind: 'caller',
      caller: {
        accountId: 'gitea:2',
        login: 'alice',
        clientId: `issuer:${new URL(keycloak.issuer).host}:claude`,
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

    const found = await read(await keycloak.createToken({ claims: { scope: 'mcp:execute mcp:write' } }))

    expect(found).toMatchObject({ caller: { scopes: new Set(['read:repository', 'write:repository']) } })
  })

  test('is looked up once while it is used, and asked about again later', async () => {
    const read = createReader()
    const token = await keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })

    await Promise.all(Array.from({ length: 10 }, () => read(token)))
    await read(token)
    expect(gitea.asked).toEqual(['alice'])
    expect(keycloak.asked).toEqual({ discovery: 1, keys: 1 })

    now += 6 * MINUTE
    expect(await read(token)).toMatchObject({ kind: 'caller' })
    expect(gitea.asked).toEqual(['alice', 'alice'])
  })

  test('ends on time although it was found good a moment before', async () => {
    const read = createReader()
    const token = await keycloak.createToken({ claims: { exp: start / 1000 + 30 } })
    expect(await read(token)).toMatchObject({ kind: 'caller' })

    now += 89_000
    expect(await read(token)).toMatchObject({ kind: 'caller' })
    now += 1000
    expect(await read(token)).toMatchObject({ kind: 'ended', problem: expect.stringMatching(/expired.*Refresh/) })
  })

  test('of a person whom Gitea forgot meanwhile opens nothing after a while', async () => {
    const read = createReader()
    const token = await keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })
    await read(token)
    gitea.people.clear()

    now += 6 * MINUTE
    expect(await read(token)).toMatchObject({ kind: 'refused', status: 403, reason: 'unknown_person' })
  })
})

describe('a person is named by their claim, and by nothing else:', () => {
  const withDomain = () => toSettings({ loginClaim: 'email', loginDomain: 'ferries.example' })

  test('a domain is taken off where it is the one that is written', async () => {
    const read = createReader(withDomain())

    expect(await read(await keycloak.createToken())).toMatchObject({ caller: { login: 'alice' } })
    expect(await read(await keycloak.createToken({ claims: { email: 'alice@FERRIES.example' } }))).toMatchObject({
      caller: { login: 'alice' },
    })
  })

  test.each([
    ['another domain', 'alice@evil.example'],
    ['no domain', 'alice'],
    ['two', 'alice@ferries.example@evil.example'],
    ['two the other way round', 'alice@evil.example@ferries.example'],
    ['a longer domain', 'alice@x.ferries.example'],
    ['no login', '@ferries.example'],
  ])('with %s it is nobody', async (_, email) => {
    const read = createReader(withDomain())

    expect(await read(await keycloak.createToken({ claims: { email } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'no_login',
      problem: expect.stringMatching(/claim email is not a Gitea login followed by @ferries\.example/),
    })
    expect(gitea.asked).toEqual([])
  })

  test.each([
    ['missing', undefined],
    ['a list', ['alice']],
    ['an object', { alice: true }],
    ['a number', 2],
    ['empty', ''],
    ['an address', 'alice@ferries.example'],
    ['a path', '../admin'],
    ['two words', 'alice bob'],
    ['of another script', 'аlice'],
    ['longer than Gitea allows', 'a'.repeat(41)],
    ['with a line break', 'alice\n'],
  ])('a claim that is %s is nobody', async (_, login) => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ claims: { preferred_username: login } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'no_login',
    })
    expect(gitea.asked).toEqual([])
  })

  test('a claim with the name of something that every object has is none', async () => {
    const read = createReader(toSettings({ loginClaim: 'constructor' }))

    expect(await read(await keycloak.createToken())).toMatchObject({ reason: 'no_login' })
  })

  test('a login without an account is told so', async () => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ claims: { preferred_username: 'zoe' } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'unknown_person',
      problem: expect.stringMatching(/zoe signed in, and nobody of this name/),
    })
  })

  test('a person to whom no way leads is told what opens one', async () => {
    gitea.hasWay = false
    const read = createReader()

    expect(await read(await keycloak.createToken())).toMatchObject({
      status: 403,
      problem: expect.stringMatching(/Connect once .* or ask the admin to set GITEA_TOKEN/),
    })
  })

  test('while Gitea does not say who has that login, nobody has', async () => {
    gitea.isDown = true
    const read = createReader()
    const token = await keycloak.createToken()

    expect(await read(token)).toMatchObject({ kind: 'refused', status: 503 })
    gitea.isDown = false
    expect(await read(token)).toMatchObject({ kind: 'caller' })
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

    expect(await read(await keycloak.createToken({ claims }))).toMatchObject({ kind: 'refused', ...expected })
    expect(gitea.asked).toEqual([])
  })

  test.each(['logout+jwt', 'dpop+jwt', 'id+jwt'])('of the type %s', async (typ) => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ header: { typ } }))).toMatchObject({
      kind: 'refused',
      reason: 'wrong_token_type',
    })
  })

  test.each(['at+jwt', 'application/at+jwt', 'JWT', 'AT+JWT'])('but not of the type %s', async (typ) => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ header: { typ } }))).toMatchObject({ kind: 'caller' })
  })

  test('that ended, and is told to be refreshed', async () => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ claims: { exp: start / 1000 - 61 } }))).toMatchObject({
      kind: 'ended',
    })
  })

  test('but not for a clock that is a little wrong, either way', async () => {
    const read = createReader()

    expect(await read(await keycloak.createToken({ claims: { exp: start / 1000 - 50 } }))).toMatchObject({
      kind: 'caller',
    })
    expect(await read(await keycloak.createToken({ claims: { nbf: start / 1000 + 50 } }))).toMatchObject({
      kind: 'caller',
    })
  })
})

describe('a token that its issuer did not sign is nothing,', () => {
  const expectForged = async (token: string) => {
    const read = createReader()
    expect(await read(token)).toEqual({ kind: 'unknown', problem: expect.any(String) })
    expect(gitea.asked).toEqual([])
  }

  test('with claims that were changed', async () => {
    const [header, payload, signature] = (await keycloak.createToken()).split('.')
    const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())

    await expectForged(`${header}.${encode({ ...claims, preferred_username: 'admin' })}.${signature}`)
  })

  test.each(['none', 'None', 'NONE', 'nOnE'])('without a signature (alg %s)', async (alg) => {
    const [, payload, signature] = (await keycloak.createToken()).split('.')

    await expectForged(`${encode({ alg, typ: 'JWT' })}.${payload}.`)
    await expectForged(`${encode({ alg, typ: 'JWT' })}.${payload}.${signature}`)
  })

  test.each(['pem', 'jwk', 'modulus'])('with the public key used as a shared secret (%s)', async (form) => {
    const { published, kid } = keycloak.currentKey()
    const key = await importJWK(published, 'RS256', { extractable: true })
    const secret =
      form === 'pem' && !(key instanceof Uint8Array)
        ? await exportSPKI(key)
        : form === 'jwk'
          ? JSON.stringify(published)
          : Buffer.from(published.n ?? '', 'base64url')
    const [, payload] = (await keycloak.createToken()).split('.')
    const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}`

    await expectForged(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)
  })

  test('with a key of its own under the name of the issuer’s', async () => {
    const { kid } = keycloak.currentKey()

    await expectForged(await keycloak.createToken({ key: await createSigningKey(kid) }))
  })

  test('with a key that it brings along', async () => {
    const own = await createSigningKey('own')

    await expectForged(
      await keycloak.createToken({
        key: own,
        header: { jwk: own.published, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/x' },
      }),
    )
  })

  test('with an extension that must be understood', async () => {
    const [, payload, signature] = (await keycloak.createToken()).split('.')
    const header = { alg: 'RS256', kid: 'key-1', crit: ['mine'], mine: true }

    await expectForged(`${encode(header)}.${payload}.${signature}`)
    await expectForged(`${encode({ ...header, crit: ['b64'], b64: false })}.${payload}.${signature}`)
  })

  test('with another way of signing than is allowed for its issuer', async () => {
    const read = createReader(toSettings({ algorithms: ['ES256'] }))

    expect(await read(await keycloak.createToken())).toMatchObject({
      kind: 'unknown',
      problem: expect.stringMatching(/Taken are: ES256/),
    })
  })
})

describe('tokens of others', () => {
  test('of an issuer that is not written are told who is, and hear nothing of themselves', async () => {
    const read = createReader()
    const token = await keycloak.createToken({ claims: { iss: 'https://evil.example/"><script>' } })

    expect(await read(token)).toEqual({
      kind: 'unknown',
      problem: `The token is of an issuer that is not taken here. Taken are: ${keycloak.issuer}`,
    })
    expect(keycloak.asked.discovery).toBe(0)
    expect(logLines.join('')).not.toContain('evil')
  })

  test.each([
    ['with a slash more', (issuer: string) => `${issuer}/`],
    ['in capitals', (issuer: string) => issuer.toUpperCase()],
    ['as a list', (issuer: string) => [issuer]],
  ])('that write the issuer %s are not its tokens', async (_, change) => {
    const read = createReader()
    const found = await read(await keycloak.createToken({ claims: { iss: change(keycloak.issuer) } }))

    expect(found === undefined || found.kind === 'unknown').toBe(true)
    expect(keycloak.asked.discovery).toBe(0)
  })

  test.each(['agm_at_whatever', 'a.b', 'a.b.c.d.e', 'not.a.token', '..', `${'x'.repeat(4000)}.y.z`])(
    'that are none of this kind are left to the next reader: %s',
    async (token) => {
      expect(await createReader()(token)).toBeUndefined()
    },
  )

  test('of one issuer are not good as those of another beside it', async () => {
    const other = await startKeycloakIssuer(clock)
    const read = createReader(toSettings(), toSettings({ issuer: other.issuer, audiences: ['other'] }))

    expect(await read(await keycloak.createToken())).toMatchObject({ kind: 'caller' })
    expect(await read(await other.createToken({ claims: { aud: 'other' } }))).toMatchObject({ kind: 'caller' })
    expect(await read(await other.createToken())).toMatchObject({ reason: 'wrong_audience' })
    expect(await read(await other.createToken({ claims: { iss: keycloak.issuer } }))).toMatchObject({
      kind: 'unknown',
    })
    await other.close()
  })
})

describe('the keys of an issuer', () => {
  test('are noticed to have changed by the first token with a new one', async () => {
    const read = createReader()
    const old = await keycloak.createToken()
    expect(await read(old)).toMatchObject({ kind: 'caller' })

    await keycloak.rotate()
    now += 31_000
    expect(await read(await keycloak.createToken())).toMatchObject({ kind: 'caller' })
    expect(keycloak.asked.keys).toBe(2)
  })

  test('that were withdrawn open nothing once what was known of them is old', async () => {
    const read = createReader()
    const old = await keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })
    await read(old)
    await keycloak.rotate()

    now += 6 * MINUTE
    expect(await read(old)).toMatchObject({ kind: 'unknown', problem: expect.stringMatching(/key that its issuer/) })
  })

  test('are not asked for again and again by tokens with made-up names of keys', async () => {
    const read = createReader()
    await read(await keycloak.createToken())
    const made = await createSigningKey('made-up')
    for (let i = 0; i < 40; i += 1) {
      now += 1000
      const token = await keycloak.createToken({ key: { ...made, kid: `made-up-${i}` } })
      expect(await read(token)).toMatchObject({ kind: 'unknown' })
    }

    expect(keycloak.asked.keys).toBeLessThanOrEqual(3)
  })

  test.each(['down', 'redirect', 'huge', 'no keys', 'other issuer', 'page'] as const)(
    'are not believed when the issuer is in trouble (%s), and it is told so',
    async (trouble) => {
      keycloak.setTrouble(trouble)
      const read = createReader()

      const found = await read(await keycloak.createToken())
      expect(found).toMatchObject({
        kind: 'refused',
        status: 503,
        reason: 'not_verifiable',
        problem: expect.stringMatching(/does not tell its keys now.*aegis doctor/),
      })

      keycloak.setTrouble('none')
      now += 31_000
      expect(await read(await keycloak.createToken())).toMatchObject({ kind: 'caller' })
    },
  )

  test('of an issuer that is down are asked for twice a minute, however many tokens come', async () => {
    keycloak.setTrouble('down')
    const read = createReader()
    for (let i = 0; i < 20; i += 1) {
      now += 1000
      expect(await read(await keycloak.createToken({ claims: { jti: String(i) } }))).toMatchObject({ status: 503 })
    }

    expect(keycloak.asked.discovery).toBe(1)
  })

  test('are used on for a while when the issuer goes down, and not longer', async () => {
    const read = createReader()
    await read(await keycloak.createToken())
    keycloak.setTrouble('down')

    now += 4 * MINUTE
    expect(await read(await keycloak.createToken({ claims: { jti: 'later' } }))).toMatchObject({ kind: 'caller' })
    now += 2 * MINUTE
    expect(await read(await keycloak.createToken())).toMatchObject({ kind: 'refused', status: 503 })
  })
})

test('no token and none of its claims reach the log', async () => {
  const read = createReader()
  const token = await keycloak.createToken({ claims: { aud: 'secret-audience', email: 'private@ferries.example' } })
  await read(token)

  expect(logLines.join('')).toContain('issuer_token_refused')
  expect(logLines.join('')).not.toContain(token)
  expect(logLines.join('')).not.toContain(token.split('.')[2])
  expect(logLines.join('')).not.toMatch(/secret-audience|private@/)
})

describe('a certified provider', () => {
  const RESOURCE = 'https://mcp.example.org/mcp'
  let provider: ProviderIssuer
  beforeEach(async () => {
    provider = await startProviderIssuer('alice')
    now = systemClock.now()
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
