import { type IncomingHttpHeaders, request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { createGiteaClient, obtainTokens } from '../support/gitea-oauth-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { callTool, sendMcp } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const BOOKING = { owner: 'harbor', repo: 'booking' }
const JSON_ROUTES = ['/mcp', '/register', '/token', '/oauth/token', '/revoke']
/** What only a programmer should see. */
const INSIDES = /\n\s+at |node_modules|\.[mc]?[jt]s:\d|SQLITE|ZodError|TypeError|RangeError|undefined/

let stack: Stack<GiteaSandbox>
let alice: Connection

beforeAll(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }), { settings: { MAX_AUTH_FAILURES: '1000' } })
  alice = await stack.connect()
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('a body that is not what it should be', () => {
  test.each(JSON_ROUTES)('is refused by %s in JSON, whatever is wrong with it', async (path) => {
    const bodies = ['', '{', 'null', '[]', '"text"', '{"a":1}garbage', '\u0000\u0001', '%ff=%', 'a=1&a=2', '<xml/>']
    const types = [
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/xml',
    ]
    for (const body of bodies) {
      for (const type of types) {
        const answer = await ask('POST', path, { headers: { ...bearer(), 'content-type': type }, body })
        expect({ body, type, status: answer.status }).toMatchObject({ status: expect.toSatisfy(isClientError) })
        expect(answer.json).toMatchObject({ error: expect.anything() })
      }
    }
  })

  test.each(JSON_ROUTES)('is refused by %s when it is larger than anything meant for it', async (path) => {
    const body = JSON.stringify({ padding: 'x'.repeat(5 * 1024 * 1024) })

    const answer = await ask('POST', path, { headers: { ...bearer(), 'content-type': 'application/json' }, body })

    expect(answer.status).toBe(413)
    expect(answer.json).toMatchObject({ error: expect.anything() })
  })
})

describe('a request in another’s name', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '[::1'])(
    'is refused when it was sent to the host %j',
    async (host) => {
      for (const path of ['/', '/mcp', '/authorize', '/.well-known/oauth-authorization-server']) {
        const answer = await ask('GET', path, { headers: { ...bearer(), host } })
        expect(answer).toMatchObject({ status: 403, json: { error: 'forbidden' } })
      }
    },
  )

  test('from a page of another origin gets neither an answer nor leave to ask', async () => {
    const origin = 'https://evil.example'

    const preflight = await ask('OPTIONS', '/mcp', { headers: { origin, 'access-control-request-method': 'POST' } })
    const call = await callTool(stack.url, alice.accessToken, 'get_me', {}, { headers: { origin } })

    expect([preflight.status, call.status]).toEqual([403, 403])
    expect([preflight.headers['access-control-allow-origin'], call.headers.get('access-control-allow-origin')]).toEqual(
      [undefined, null],
    )
  })

  test('does not shake off a lockout with invented addresses, nor rename us with an invented host', async () => {
    const guarded = await startStack(stack.gitea, { settings: { MAX_AUTH_FAILURES: '3' } })
    const answers = []
    for (let guess = 0; guess < 4; guess++) {
      const headers = {
        'x-forwarded-for': `203.0.113.${guess}`,
        'x-real-ip': `203.0.113.${guess}`,
        forwarded: `for=203.0.113.${guess};host=evil.example`,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
      }
      answers.push(await sendMcp(guarded.url, 'tools/list', {}, { token: `guess-${guess}`, headers }))
    }

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429])
    expect(answers[0]?.headers.get('www-authenticate')).toContain(`"${guarded.url}/.well-known/`)
    const addresses = (await readAudit(guarded.aegis)).flatMap(({ details }) => Object(details).ip ?? [])
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']))
    await guarded.close()
  })
})

describe('a token that was not made here for this', () => {
  test.each([
    ['a personal access token of Gitea', () => stack.gitea.createToken('alice', ['all'])],
    ['an OAuth token of Gitea', createGiteaToken],
    ['our own refresh token', async () => alice.refreshToken],
    ['an unsigned JWT', async () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'],
    ['more than any token', async () => 'x'.repeat(10_000)],
  ])('opens nothing and goes nowhere: %s', async (_what, create) => {
    const token = await create()
    const seen = stack.gitea.requests.length

    const answer = await callTool(stack.url, token, 'get_me')

    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(stack.gitea.requests.length).toBe(seen)
    const written = [...stack.aegis.logLines, JSON.stringify(await readAudit(stack.aegis))]
    expect(written.some((text) => text.includes(token))).toBe(false)
  })

  test('opens nothing when it was made for another resource', async () => {
    const { accessToken } = await stack.connect()
    stack.aegis.app.store.sqlite.exec(
      `UPDATE oauth_state SET payload = json_set(payload, '$.aud', 'https://other.example/mcp')
       WHERE kind = 'AccessToken' AND rowid = (SELECT max(rowid) FROM oauth_state WHERE kind = 'AccessToken')`,
    )

    expect((await callTool(stack.url, accessToken, 'get_me')).status).toBe(401)
    expect((await callTool(stack.url, alice.accessToken, 'get_me')).status).toBe(200)
  })

  test('is not looked for in address, body, cookie or another scheme, and the address is not logged', async () => {
    const token = alice.accessToken
    const json = { 'content-type': 'application/json' }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const basic = Buffer.from(`alice:${token}`).toString('base64')

    const answers = [
      await ask('POST', `/mcp?access_token=${token}&token=${token}`, { headers: json, body: '{}' }),
      await ask('POST', '/mcp', { headers: form, body: `access_token=${token}` }),
      await ask('POST', '/mcp', { headers: { ...json, cookie: `access_token=${token}` }, body: '{}' }),
      await ask('POST', '/mcp', { headers: { ...json, 'x-api-key': token }, body: '{}' }),
      await ask('POST', '/mcp', { headers: { ...json, authorization: `Basic ${basic}` }, body: '{}' }),
      await ask('POST', '/mcp', { headers: { ...json, authorization: `token ${token}` }, body: '{}' }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401])
    expect(stack.aegis.logLines.some((line) => line.includes(token))).toBe(false)
  })
})

describe('arguments made to hurt', () => {
  test.each([
    ['a value of megabytes', () => ({ ...BOOKING, repo: 'x'.repeat(4_000_000) })],
    ['a name of megabytes', () => ({ ...BOOKING, ['x'.repeat(4_000_000)]: 1 })],
    ['a hundred thousand names', () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`name${i}`, i]))],
    ['text that would break out of a log line', () => ({ ...BOOKING, 'a\n{"level":"fatal"}\u001b[2J': 1 })],
  ])('%s: the answer and the entry about it stay small', async (_what, create) => {
    const answer = await stack.call(alice, 'list_issues', create())

    expect(answer).toMatchObject({ status: 200, isError: true })
    expect(answer.text.length).toBeLessThan(2000)
    const entry = (await readAudit(stack.aegis)).at(-1)
    expect(entry).toMatchObject({ type: 'access_denied', tool: 'list_issues' })
    expect(JSON.stringify(entry).length).toBeLessThan(10_000)
  })

  test.each(['2026-07-28', '2025-11-25'])('nesting without end is refused under %s', async (version) => {
    for (const deep of ['['.repeat(1_900_000), `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`]) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":${deep}}}`
      const headers = { ...bearer(), 'content-type': 'application/json', 'mcp-protocol-version': version }
      expect(await ask('POST', '/mcp', { headers, body })).toMatchObject({
        status: 400,
        json: { error: { message: 'The request body is nested deeper than 100 levels.' } },
      })
    }
  })

  test('keys that name the machinery change nothing in it', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const args = JSON.parse(`{"owner":"harbor","repo":"booking","${key}":{"polluted":"yes","isAdmin":true}}`)
      await stack.call(alice, 'list_issues', args)
      await ask('POST', '/register', {
        headers: { 'content-type': 'application/json' },
        body: `{"redirect_uris":["https://client.example/cb"],"${key}":{"polluted":"yes"}}`,
      })
      await ask('GET', `/authorize?${key}=polluted&${key}[polluted]=yes`)
    }

    expect(Object(Object.create({})).polluted).toBeUndefined()
    expect((await stack.call(alice, 'list_issues', BOOKING)).isError).toBe(false)
  })
})

test('an answer about a person may not be kept by anything on the way', async () => {
  const call = await stack.call(alice, 'get_me')
  const token = await ask('POST', '/token')

  expect([call.headers.get('cache-control'), token.headers['cache-control']]).toEqual(['no-store', 'no-store'])
})

describe('addresses', () => {
  test.each([
    '/nothing',
    '//mcp',
    '/mcp/../health',
    '/%6dcp',
    '/mcp%2f',
    '/mcp;jsessionid=1',
    '/health/../metrics',
    '/.well-known/..%2f..%2fetc/passwd',
    '/../../etc/passwd',
    '/%',
    '/%c0%ae%c0%ae/',
    '/%00',
    '/.env',
    '/dist/aegis.mjs',
    '/interaction/x/../../health',
  ])('%s leads nowhere, and says so in JSON', async (path) => {
    const answer = await ask('GET', path, { headers: bearer() })

    expect(answer.status).toBe(404)
    expect(answer.json).toEqual({ error: 'not_found', error_description: expect.any(String) })
  })

  test.each(['/mcp', '/mcp/', '/MCP', 'http://evil.example/mcp'])('%s is no way around the sign-in', async (path) => {
    expect((await ask('GET', path)).status).toBe(401)
  })

  test.each(['/interaction/%', '/interaction/%ff', '/authorize/%00', '/oauth/callback?state=%ff', '/authorize?%ff=%'])(
    '%s gets a page that says what to do',
    async (path) => {
      const answer = await ask('GET', path)

      expect(answer.status).toBe(400)
      expect(answer.headers['content-type']).toContain('text/html')
    },
  )

  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'])(
    '%s is a method of none of them',
    async (method) => {
      for (const path of ['/', '/health', '/authorize', '/interaction/x', ...JSON_ROUTES]) {
        const answer = await ask(method, path, { headers: bearer() })
        expect([path, answer.status]).toEqual([path, path === '/mcp' ? 405 : 404])
      }
    },
  )
})

function bearer(): Record<string, string> {
  return { authorization: `Bearer ${alice.accessToken}` }
}

async function createGiteaToken(): Promise<string> {
  const client = await createGiteaClient(stack.gitea)
  return (await obtainTokens(stack.gitea, client, seedPeople.alice)).access
}

function isClientError(status: unknown): boolean {
  return typeof status === 'number' && status >= 400 && status < 500
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly json: unknown
}

/** One request with the path as it is written. Whatever the answer is, it may not show the insides. */
async function ask(
  method: string,
  path: string,
  { headers = {}, body = '' }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(stack.url)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) }
  const sent = request({ hostname, port, method, path, headers: { ...headers, ...length } }, async (response) => {
    const text = await readText(response)
    const isJson = response.headers['content-type']?.startsWith('application/json') === true
    expect(text).not.toMatch(INSIDES)
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      json: isJson ? JSON.parse(text) : undefined,
    })
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}
