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
