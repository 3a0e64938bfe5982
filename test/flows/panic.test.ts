import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { callTool, type Gate } from '../../src/gate/call.js'
import type { Caller } from '../../src/identity/caller.js'
import { createCallId } from '../../src/lib/ids.js'
import { runAegis } from '../cli/run-aegis.js'
import { buildCaller } from '../support/build-caller.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { listToolNames, sendMcp } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { openSse } from '../support/sse-client.js'
import { type Stack, startStack } from '../support/start-stack.js'

const POLICY = 'defaults: { read: allow, write: allow }\n'
const READ = ['list_issues', { owner: 'harbor', repo: 'booking' }] as const
const WRITE = ['create_issue', { owner: 'harbor', repo: 'booking', title: 'Made in panic' }] as const

let stack: Stack<GiteaSandbox>
let alice: Connection

beforeAll(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }), {
    policy: POLICY,
    settings: { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' },
  })
  alice = await stack.connect(undefined, { scope: 'read:repository write:repository' })
})
afterEach(() => panic('off'))
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

/** The command, as an admin types it beside the running server. */
async function panic(...args: string[]): Promise<void> {
  const { code, stderr } = await runAegis(['panic', ...args, '--by', 'carol'], {
    cwd: stack.folder,
    env: { DATABASE_PATH: stack.aegis.databasePath },
  })
  expect(stderr).toBe('')
  expect(code).toBe(0)
}

async function callDirect([tool, args]: readonly [string, object]) {
  const response = await fetch(`${stack.url}/mcp/tool/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.accessToken}` },
    body: JSON.stringify({ tool, arguments: args }),
  })
  return { status: response.status, body: Object(await response.json()) }
}

const refresh = () =>
  fetch(`${stack.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: alice.refreshToken,
      client_id: alice.clientId,
    }),
  })

const readHealth = async () => {
  const response = await fetch(`${stack.url}/health`)
  return { status: response.status, body: Object(await response.json()) }
}

const countRequests = () => stack.gitea.requests.length

describe('read-only', () => {
  it('every door reads and refuses to write, with the reason and who to ask, and Gitea is not asked', async () => {
    await panic('on', '--reason', 'strange comments appear')
    const said = /read-only for now.*Reason: strange comments appear\. .*carol/

    expect(await stack.call(alice, ...READ)).toMatchObject({ isError: false })
    const asked = countRequests()
    expect(await stack.call(alice, ...WRITE)).toMatchObject({ isError: true, text: expect.stringMatching(said) })
    expect(await callDirect(WRITE)).toMatchObject({
      status: 403,
      body: { success: false, error_code: 'panic', error: expect.stringMatching(said) },
    })
    const stream = await openSse(stack.url, alice.accessToken)
    const [name, args] = WRITE
    const { result } = await stream.ask('tools/call', { name, arguments: args })
    expect(JSON.stringify(result)).toMatch(said)
    stream.close()
    expect(countRequests()).toBe(asked)
  })

  it('only tools that read are listed, and all of them again afterwards', async () => {
    const before = await listToolNames(stack.url, alice.accessToken)
    await panic('on')
    const during = await listToolNames(stack.url, alice.accessToken)
    await panic('off')

    expect(before).toContain('create_issue')
    expect(during).toContain('list_issues')
    expect(during.filter((name) => !stack.aegis.app.gate.tools.get(name)?.effect.startsWith('read'))).toEqual([])
    expect(await listToolNames(stack.url, alice.accessToken)).toEqual(before)
  })

  it('a client that listens is told that its list has changed', async () => {
    const told: string[] = []
    const client = new Client(
      { name: 'listener', version: '1' },
      {
        versionNegotiation: { mode: { pin: '2026-07-28' } },
        listChanged: { tools: { autoRefresh: false, onChanged: () => void told.push('tools') } },
      },
    )
    const headers = { authorization: `Bearer ${alice.accessToken}` }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${stack.url}/mcp`), { requestInit: { headers } }))
    try {
      await panic('on')
      await expect.poll(() => told, { timeout: 5000 }).toEqual(['tools'])
      await panic('off')
      await expect.poll(() => told, { timeout: 5000 }).toEqual(['tools', 'tools'])
    } finally {
      await client.close()
    }
  })

  it('people sign in as before', async () => {
    await panic('on')
    expect((await stack.connect()).accessToken).not.toBe('')
  })

  it('ends on the next request', async () => {
    await panic('on')
    await panic('off')
    expect(await stack.call(alice, WRITE[0], { ...WRITE[1], title: 'After the panic' })).toMatchObject({
      isError: false,
    })
  })
})

describe('stop', () => {
  it('every door refuses every call, open streams too, and Gitea is not asked', async () => {
    const stream = await openSse(stack.url, alice.accessToken)
    await panic('on', '--stop', '--reason', 'a stolen laptop')
    const asked = countRequests()
    const said = /stopped this server.*Reason: a stolen laptop\. .*carol/
    const [name, args] = READ

    expect(await stack.call(alice, name, args)).toMatchObject({ isError: true, text: expect.stringMatching(said) })
    expect(await callDirect(READ)).toMatchObject({ status: 503, body: { error: expect.stringMatching(said) } })
    expect(JSON.stringify(await stream.ask('tools/call', { name, arguments: args }))).toMatch(said)
    expect(await listToolNames(stack.url, alice.accessToken)).toEqual([])
    // the list asks whether the sign-in still stands
    expect(countRequests()).toBe(asked + 1)
    await expect(openSse(stack.url, alice.accessToken)).rejects.toThrow('503')
    stream.close()
  })

  it('a client that asks what there is gets the reason at once', async () => {
    await panic('on', '--stop', '--reason', 'a stolen laptop')
    const { body } = await sendMcp(stack.url, 'server/discover', {}, { token: alice.accessToken })
    expect(String(body.result?.instructions)).toMatch(/^An admin has stopped this server.*stolen laptop/)
  })

  it('nobody signs in and no token is issued; both go on afterwards with the tokens from before', async () => {
    await panic('on', '--stop', '--reason', 'a secret of the company')
    const page = await fetch(`${stack.url}/authorize?client_id=x`)
    const token = await refresh()
    const registration = await fetch(`${stack.url}/register`, { method: 'POST', body: '{}' })
    const callback = await fetch(`${stack.url}/oauth/callback?code=x&state=y`)
    const words = await Promise.all([page, token, registration, callback].map((answer) => answer.text()))

    expect([page, token, registration, callback].map(({ status }) => status)).toEqual([503, 503, 503, 503])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(words[0]).toContain('Nobody can sign in now')
    expect(JSON.parse(words[1] ?? '')).toMatchObject({ error: 'temporarily_unavailable' })
    // whoever has not signed in is not told why
    expect(words.join()).not.toContain('secret of the company')
    expect((await fetch(`${stack.url}/.well-known/oauth-authorization-server`)).status).toBe(200)

    await panic('off')
    const again = await refresh()
    expect(again.status).toBe(200)
    alice = { ...alice, ...(await toTokens(again)) }
    expect(await stack.call(alice, ...READ)).toMatchObject({ isError: false })
  })

  it('a token can still be given up', async () => {
    const bob = await stack.connect()
    await panic('on', '--stop')
    const revoked = await fetch(`${stack.url}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: bob.accessToken, client_id: bob.clientId }),
    })
    expect(revoked.status).toBe(200)
    await panic('off')
    expect((await stack.call(bob, ...READ)).status).toBe(401)
  })
})

describe('while it is on', () => {
  it('the server stays healthy for its orchestrator, and says the level to everybody and the reason to nobody', async () => {
    await panic('on', '--stop', '--reason', 'not for everybody')
    const { status, body } = await readHealth()

    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'healthy', panic: { level: 'stop', since: expect.stringMatching(/^20/) } })
    expect(JSON.stringify(body)).not.toMatch(/not for everybody|carol/)
    expect((await fetch(`${stack.url}/health/live`)).status).toBe(200)
    await expect.poll(readMetric, { timeout: 5000 }).toEqual(['{level="read_only"} 0', '{level="stop"} 1'])

    await panic('off')
    expect((await readHealth()).body.panic).toEqual({ level: 'off' })
    await expect.poll(readMetric, { timeout: 5000 }).toEqual(['{level="read_only"} 0', '{level="stop"} 0'])
  })

  it('order and refusals are in the audit log and the log, with who gave it', async () => {
    await panic('on', '--reason', 'for the record')
    await stack.call(alice, ...WRITE)
    const find = async (reason: string) =>
      (await readAudit(stack.aegis)).findLast((entry) => entry.reason === reason) ?? {}

    await expect
      .poll(() => find('panic_on'), { timeout: 5000 })
      .toMatchObject({
        type: 'security_event',
        via: 'command',
        details: { level: 'read_only', reason: 'for the record', by: 'carol' },
      })
    const refused = (await readAudit(stack.aegis)).findLast(({ type }) => type === 'access_denied')
    expect(refused).toMatchObject({ tool: 'create_issue', decision: { rule: 'panic.read_only' } })
    expect(stack.aegis.logLines.join('')).toMatch(/for the record.*panic_on|panic_on.*for the record/)
  })
})

describe('the gate', () => {
  /** A call of the gate by itself, with a permission check that `meanwhile` happens in. */
  const write = (meanwhile: () => Promise<void>) => {
    const caller: Caller = buildCaller({
      accountId: 'gitea:99',
      permits: async () => {
        await meanwhile()
        return { effect: 'allow', rule: 'test', reason: 'test' }
      },
    })
    const gate: Gate = stack.aegis.app.gate
    return callTool(gate, {
      tool: WRITE[0],
      args: { ...WRITE[1], title: `By the gate ${createCallId()}` },
      caller,
      id: createCallId(),
      requestId: 'r',
      address: '127.0.0.1',
      via: 'job',
      signal: new AbortController().signal,
    })
  }

  it('asks nothing about a call that the order refuses', async () => {
    await panic('on')
    let asked = 0
    const refused = await write(async () => {
      asked += 1
    })
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'panic', status: 403 } })
    expect(asked).toBe(0)
  })

  it('refuses a write that was still being decided when the order came', async () => {
    expect(await write(() => panic('on'))).toMatchObject({
      ok: false,
      refusal: { code: 'panic', rule: 'panic.read_only' },
    })
  })

  it('lets a write finish that was under way', async () => {
    stack.gitea.fault({ method: 'POST', path: '/api/v1/repos/harbor/booking/issues', delayMs: 500, times: 1 })
    const [name, args] = WRITE
    const running = stack.call(alice, name, { ...args, title: 'Under way' })
    await expect.poll(() => stack.gitea.requests.at(-1)?.method).toBe('POST')
    await panic('on', '--stop')
    expect(await running).toMatchObject({ isError: false })
  })
})

async function readMetric(): Promise<string[]> {
  const text = await (await fetch(`${stack.url}/metrics`)).text()
  return [...text.matchAll(/^aegis_panic(.*)$/gm)].map(([, rest = '']) => rest)
}

async function toTokens(response: Response): Promise<Pick<Connection, 'accessToken' | 'refreshToken'>> {
  const { access_token, refresh_token } = Object(await response.json())
  return { accessToken: String(access_token), refreshToken: String(refresh_token) }
}
