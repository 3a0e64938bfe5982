import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../../src/lib/units.js'
import { type Connection, postForm } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { openSse, type SseStream } from '../support/sse-client.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { ask, modern } from './wire.js'

const INITIALIZE = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '1' } }
const clock = {
  ahead: 0,
  now: () => Date.now() + clock.ahead,
}

let gitea: GiteaSandbox
let stack: Stack<GiteaSandbox>
let alice: Connection
let mallory: Connection
const open: SseStream[] = []

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  stack = await startStack(gitea, {
    clock,
    settings: { MAX_SESSIONS_PER_USER: '2', SESSION_IDLE_TIMEOUT_MINUTES: '10' },
  })
  alice = await stack.connect()
  mallory = await stack.connect(seedPeople.mallory)
}, 60_000)

afterEach(async () => {
  for (const stream of open.splice(0)) {
    stream.close()
  }
  await expect.poll(() => countOpen(), { timeout: 20_000 }).toBe(0)
})

afterAll(async () => {
  await stack.close()
  await gitea.close()
})

async function openStream(connection = alice, query = ''): Promise<SseStream> {
  const stream = await openSse(stack.url, connection.accessToken, query)
  open.push(stream)
  return stream
}

async function countOpen(): Promise<number> {
  const answer = await fetch(`${stack.url}/api/v1/stats`, { headers: { authorization: `Bearer ${alice.accessToken}` } })
  return Object(await answer.json()).mine.sessions
}

test('a client of the first protocol revision works: it is told where to post, and reads its answers on the stream', async () => {
  const stream = await openStream()
  expect(stream.headers['content-type']).toContain('text/event-stream')
  expect(stream.headers['x-accel-buffering']).toBe('no')
  expect(stream.endpoint).toMatch(new RegExp(`^${stack.url}/mcp/sse\\?sessionId=[0-9a-f-]{36}$`))

  const initialized = await stream.ask('initialize', INITIALIZE, 1)
  expect(initialized.result).toMatchObject({ protocolVersion: '2024-11-05', serverInfo: { name: 'aegis-gitea-mcp' } })
  expect((await stream.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202)

  const listed = Object(await stream.ask('tools/list', {}, 2)).result.tools
  expect(listed.map(({ name }: { name: string }) => name)).toContain('get_branch')
  const called = await stream.ask('tools/call', { name: 'get_me', arguments: {} }, 3)
  expect(JSON.stringify(called.result)).toContain('alice')
  const calls = (await readAudit(stack.aegis)).filter((entry) => entry.via === 'sse')
  expect(calls.length).toBeGreaterThan(0)
})

test('the SDK’s own client of that transport works, and the address serves Streamable HTTP as well', async () => {
  const url = new URL(`${stack.url}/mcp/sse`)
  const requestInit = { headers: { Authorization: `Bearer ${alice.accessToken}` } }
  for (const transport of [
    new SSEClientTransport(url, { requestInit }),
    new StreamableHTTPClientTransport(url, { requestInit }),
  ]) {
    const client = new Client({ name: 'sdk', version: '1' })
    // the SDK's classes do not fit its own interface under exactOptionalPropertyTypes
    await client.connect(transport as Parameters<Client['connect']>[0])
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toContain('get_branch')
    const answer = await client.callTool({ name: 'get_me', arguments: {} })
    expect(JSON.stringify(answer.content)).toContain('alice')
    await client.close()
  }
})

test('a request of the newest revision is answered at this address too', async () => {
  const { headers, body } = modern('tools/list')
  const answer = await ask(`${stack.url}/mcp/sse`, {
    headers: { ...headers, authorization: `Bearer ${alice.accessToken}` },
    body,
  })
  expect(answer.status).toBe(200)
  expect(JSON.stringify(answer.messages)).toContain('get_branch')
})

test('nobody gets in without a token, and is told of the document for this very address', async () => {
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${stack.url}/mcp/sse`, { method })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain(
      `resource_metadata="${stack.url}/.well-known/oauth-protected-resource/mcp/sse"`,
    )
  }
})

test('a message of another person to a session is refused, recorded, and does not disturb it', async () => {
  const stream = await openStream()
  const foreign = await stream.post(
    { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'get_me', arguments: {} } },
    { authorization: `Bearer ${mallory.accessToken}` },
  )
  expect(foreign.status).toBe(404)
  expect(
    (await stream.post({ jsonrpc: '2.0', id: 9, method: 'ping' }, { authorization: 'Bearer nonsense' })).status,
  ).toBe(401)

  expect((await stream.ask('ping', {}, 10)).result).toEqual({})
  const entries = await readAudit(stack.aegis)
  expect(entries.some(({ reason }) => reason === 'session_of_another')).toBe(true)
})

test.each([
  ['no JSON', '{"jsonrpc":', {}, 400],
  ['no JSON-RPC', { hello: 'there' }, {}, 400],
  ['several messages at once', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], {}, 400],
  ['another content type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['five megabytes', `"${'x'.repeat(5_000_000)}"`, {}, 413],
  ['a page of somebody else', { jsonrpc: '2.0', id: 1, method: 'ping' }, { origin: 'https://evil.example' }, 403],
] as const)('a message that is %s is refused and the session goes on', async (_what, message, headers, status) => {
  const stream = await openStream()
  expect((await stream.post(message, headers)).status).toBe(status)
  expect((await stream.ask('ping')).result).toEqual({})
})

test('a stream opened from a page of somebody else is refused', async () => {
  const answer = await fetch(`${stack.url}/mcp/sse`, {
    headers: { authorization: `Bearer ${alice.accessToken}`, origin: 'https://evil.example' },
  })
  expect(answer.status).toBe(403)
})

test('what policy, scope or the address leaves out is told as an answer that a model can read', async () => {
  const stream = await openStream(alice, '?readonly=1')
  expect(stream.endpoint).toContain('readonly=1')
  const listed = Object(await stream.ask('tools/list', {}, 1)).result.tools
  expect(listed.map(({ name }: { name: string }) => name)).not.toContain('create_issue')

  const args = { owner: 'harbor', repo: 'booking', title: 'x' }
  const refused = Object(await stream.ask('tools/call', { name: 'create_issue', arguments: args }, 2))
  expect(refused.result).toMatchObject({ isError: true })
  const unscoped = await openStream()
  const asked = Object(await unscoped.ask('tools/call', { name: 'create_issue', arguments: args }, 3))
  expect(asked.result._meta['mcp/www_authenticate'][0]).toContain('insufficient_scope')
})

test('a person may have so many sessions and no more; others are not kept out by that', async () => {
  const used = [await openStream(), await openStream()]
  for (const stream of used) {
    await stream.ask('ping')
  }
  const refused = await fetch(`${stack.url}/mcp/sse`, { headers: { authorization: `Bearer ${alice.accessToken}` } })
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(await refused.text()).toContain('MAX_SESSIONS_PER_USER')

  await openStream(mallory)
})

test('nor more when they are opened all at once', async () => {
  await Promise.allSettled(Array.from({ length: 6 }, () => openStream()))
  expect(await countOpen()).toBe(2)
})

test('a stream that was never used makes room for a new one', async () => {
  const first = await openStream()
  await openStream()
  await openStream()
  expect(await first.next()).toBeUndefined()
})

test('a session ends when it was idle too long', async () => {
  const stream = await openStream()
  await stream.ask('ping')
  clock.ahead += 9 * MINUTE
  await stream.ask('ping', {}, 2)
  clock.ahead += 11 * MINUTE
  const late = await stream.post({ jsonrpc: '2.0', id: 3, method: 'ping' })
  expect(late.status).toBe(404)
  expect(await late.text()).toContain('Open the stream again')
  expect(await stream.next()).toBeUndefined()
})

test('a revoked token ends its session with the next message', async () => {
  const connection = await stack.connect()
  const stream = await openStream(connection)
  await stream.ask('ping')
  await postForm(`${stack.url}/revoke`, { client_id: connection.clientId, token: connection.accessToken })

  const answer = await stream.post({ jsonrpc: '2.0', id: 2, method: 'ping' })
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
  expect(await stream.next()).toBeUndefined()
})

test('everyone sees the figures of their own calls', async () => {
  const before = Date.now() + clock.ahead - HOUR
  const answer = await fetch(`${stack.url}/api/v1/stats`, { headers: { authorization: `Bearer ${alice.accessToken}` } })
  const figures = Object(await answer.json())

  expect(Date.parse(figures.since)).toBeGreaterThan(before)
  expect(figures.everyone).toBeUndefined()
  expect(figures.mine.tools.find(({ tool }: { tool: string }) => tool === 'get_me')).toMatchObject({
    calls: expect.any(Number),
    statuses: { success: expect.any(Number) },
    average_ms: expect.any(Number),
    max_ms: expect.any(Number),
  })
  const other = await fetch(`${stack.url}/api/v1/stats`, {
    headers: { authorization: `Bearer ${mallory.accessToken}` },
  })
  expect(Object(await other.json()).mine).toEqual({ sessions: 0, calls: 0, tools: [] })
})

test('a server that stops ends open streams at once', async () => {
  const other = await startStack(gitea)
  const { accessToken } = await other.connect()
  const stream = await openSse(other.url, accessToken)
  const startedAt = performance.now()
  await other.close()

  expect(await stream.next()).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(4000)
})
