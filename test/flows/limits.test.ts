import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { sendMcp } from '../support/mcp-call.js'
import { readAudit } from '../support/read-audit.js'
import { startStack } from '../support/start-stack.js'

let gitea: GiteaSandbox

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
})

afterAll(() => gitea.close())

describe('limits', () => {
  test('calls of one token over the limit are answered 429 with the time to wait, and recorded once', async () => {
    const stack = await startStack(gitea, { settings: { TOKEN_RATE_LIMIT_PER_MINUTE: '3' } })
    const alice = await stack.connect()
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) {
      statuses.push((await stack.call(alice, 'get_me')).status)
    }
    const last = await stack.call(alice, 'get_me')

    expect(statuses).toEqual([200, 200, 200, 429, 429])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(last.body.error?.message).toMatch(/Wait \d+ s/)
    const denied = (await readAudit(stack.aegis)).filter((entry) => entry.reason === 'rate_limited')
    expect(denied).toHaveLength(1)
    await stack.close()
  })

  test('requests of one address over the limit are answered 429, probes are not', async () => {
    const stack = await startStack(gitea, { settings: { RATE_LIMIT_PER_MINUTE: '5' } })
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) {
      statuses.push((await fetch(`${stack.url}/.well-known/oauth-protected-resource`)).status)
    }

    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    expect((await fetch(`${stack.url}/health/live`)).status).toBe(200)
    await stack.close()
  })

  test('an address that guesses tokens is locked out, also for a good token, and told for how long', async () => {
    const stack = await startStack(gitea, { settings: { MAX_AUTH_FAILURES: '3' } })
    const alice = await stack.connect()
    const guesses: number[] = []
    for (let i = 0; i < 4; i++) {
      guesses.push((await sendMcp(stack.url, 'tools/list', {}, { token: `guess-${i}` })).status)
    }

    expect(guesses).toEqual([401, 401, 401, 429])
    const locked = await stack.call(alice, 'get_me')
    expect(locked.status).toBe(429)
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(200)
    expect(await readAudit(stack.aegis)).toContainEqual(expect.objectContaining({ reason: 'auth_rate_limit_exceeded' }))
    await stack.close()
  })

  test('a locked address is told why, until when and what to do, at every door and whatever it presents', async () => {
    const stack = await startStack(gitea, { settings: { MAX_AUTH_FAILURES: '2', AUTH_FAILURE_WINDOW: '7200' } })
    const alice = await stack.connect()
    for (let i = 0; i < 2; i++) {
      await sendMcp(stack.url, 'tools/list', {}, { token: `agm_ak_guess-${i}` })
    }

    const ask = async (path: string, token: string | undefined, method = 'POST') => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      }
      const answer = await fetch(stack.url + path, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) })
      return { status: answer.status, wait: Number(answer.headers.get('retry-after')), text: await answer.text() }
    }
    const doors = [
      ['/mcp', 'POST'],
      ['/mcp/sse', 'GET'],
      ['/mcp/sse', 'POST'],
      ['/mcp/tool/call', 'POST'],
      ['/api/v1/stats', 'GET'],
    ] as const
    for (const [path, method] of doors) {
      const [valid, guess, none] = [
        await ask(path, alice.accessToken, method),
        await ask(path, 'agm_ak_another-guess', method),
        await ask(path, undefined, method),
      ]
      for (const { status, wait, text } of [valid, guess, none]) {
        expect([path, status]).toEqual([path, 429])
        expect(wait).toBeGreaterThan(7100)
        expect(text).toMatch(
          /locked out until 20\d\d-.*because 2 requests from it came with tokens that this server does not know.*Wait.*TRUSTED_PROXIES/,
        )
      }
      const blank = ({ text }: { text: string }) => text.replace(/until \S+|[0-9a-f-]{36}/g, '')
      expect(blank(guess)).toBe(blank(valid))
      expect(blank(none)).toBe(blank(valid))
    }
    expect(stack.aegis.logLines.filter((line) => line.includes('"auth_rate_limit_exceeded"'))).toHaveLength(1)
    await stack.close()
  })

  test('behind a trusted proxy only the client that guesses is locked out, an IPv6 network as one', async () => {
    const settings = { MAX_AUTH_FAILURES: '2', TRUSTED_PROXIES: '127.0.0.1' }
    const stack = await startStack(gitea, { settings })
    const alice = await stack.connect()
    const ask = async (token: string, client: string) => {
      const headers = { 'x-forwarded-for': client }
      return (await sendMcp(stack.url, 'tools/list', {}, { token, headers })).status
    }

    expect(await ask('guess-1', '2001:db8:1:2::a')).toBe(401)
    expect(await ask('guess-2', '2001:db8:1:2::b')).toBe(401)
    expect(await ask(alice.accessToken, '2001:db8:1:2::c')).toBe(429)
    expect(await ask(alice.accessToken, '2001:db8:1:3::c')).toBe(200)
    expect(await ask(alice.accessToken, '192.0.2.1')).toBe(200)
    await stack.close()
  })

  test.each([
    ['no token', undefined, 401, /No access token came with the request\. Sign in again in your client/],
    ['a token nobody knows', 'guess', 401, /not one that this server takes\. Sign in again.*Authorization: Bearer/],
    ['an API key nobody knows', 'agm_ak_guess', 401, /The API key is not one that this server takes: compare it/],
  ])('%s is answered with what to do next', async (_what, token, status, words) => {
    const stack = await startStack(gitea)
    const answer = await sendMcp(stack.url, 'tools/list', {}, token === undefined ? {} : { token })

    expect(answer.status).toBe(status)
    expect(answer.body.error?.message).toMatch(words)
    await stack.close()
  })

  test('a client whose token has ended is not taken for a guesser', async () => {
    const stack = await startStack(gitea, { settings: { MAX_AUTH_FAILURES: '2' } })
    const [ended, other] = [await stack.connect(), await stack.connect()]
    await fetch(`${stack.url}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: ended.accessToken, client_id: ended.clientId }),
    })

    for (let i = 0; i < 5; i++) {
      expect((await stack.call(ended, 'get_me')).status).toBe(401)
    }
    expect((await stack.call(other, 'get_me')).status).toBe(200)
    await stack.close()
  })
})
