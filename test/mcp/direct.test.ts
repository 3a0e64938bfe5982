import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { readAudit } from '../support/read-audit.js'
import { type Stack, startStack } from '../support/start-stack.js'

const POLICY = `defaults:
  read: allow
  write: allow
tools:
  deny: [list_tags]
`
const WRITES = { WRITE_MODE: 'true', WRITE_REPOSITORY_WHITELIST: 'harbor/booking' }

let gitea: GiteaSandbox
let stack: Stack<GiteaSandbox>
let alice: Connection

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  stack = await startStack(gitea, { policy: POLICY, settings: WRITES })
  alice = await stack.connect()
}, 60_000)

afterAll(async () => {
  await stack.close()
  await gitea.close()
})

function post(body: unknown, headers: Record<string, string> = {}, token = alice.accessToken): Promise<Response> {
  return fetch(`${stack.url}/mcp/tool/call`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

test('anybody may see which tools this server has at all, without those that policy closes', async () => {
  const answer = await fetch(`${stack.url}/mcp/tools`)
  const { tools }: { tools: Record<string, unknown>[] } = Object(await answer.json())
  const names = tools.map(({ name }) => name)

  expect(answer.status).toBe(200)
  expect(names).toContain('get_file_contents')
  expect(names).toContain('create_issue')
  expect(names).not.toContain('list_tags')
  expect(tools.find(({ name }) => name === 'get_branch')).toEqual({
    name: 'get_branch',
    title: expect.any(String),
    description: expect.any(String),
    inputSchema: expect.objectContaining({
      type: 'object',
      properties: expect.objectContaining({ owner: expect.anything() }),
    }),
  })
})

test('without write mode the public list has no tool that writes', async () => {
  const reading = await startStack(gitea)
  const { tools }: { tools: { name: string }[] } = Object(await (await fetch(`${reading.url}/mcp/tools`)).json())
  await reading.close()

  expect(tools.map(({ name }) => name)).toContain('list_tags')
  expect(tools.map(({ name }) => name)).not.toContain('create_issue')
})

test('a call answers with data, under the name that the caller gave it, and is recorded as direct', async () => {
  const answer = await post({
    tool: 'get_branch',
    arguments: { owner: 'harbor', repo: 'booking', branch: 'main' },
    correlation_id: 'build-17',
  })
  const body = Object(await answer.json())

  expect(answer.status).toBe(200)
  expect(body).toMatchObject({ success: true, error: null, correlation_id: 'build-17' })
  expect(body.result).toMatchObject({ name: 'main' })
  const entries = await readAudit(stack.aegis)
  const own = entries.filter((entry) => JSON.stringify(entry).includes('build-17'))
  expect(own.length).toBeGreaterThan(0)
})

test('arguments may be left out, and without a name of its own a call has that of the request', async () => {
  const answer = await post({ tool: 'list_repositories' }, { 'x-request-id': 'request-0042' })
  expect(await answer.json()).toMatchObject({ success: true, correlation_id: 'request-0042' })
})

test.each([
  ['no token', 401, {}, { authorization: '' }],
  ['an unknown tool', 404, { tool: 'merge_everything', arguments: {} }, {}],
  [
    'wrong arguments',
    400,
    { tool: 'get_branch', arguments: { owner: 'harbor', branch: 'main', repo: 'booking', x: 1 } },
    {},
  ],
  [
    'a repository that is not there',
    404,
    { tool: 'get_branch', arguments: { owner: 'harbor', repo: 'none', branch: 'main' } },
    {},
  ],
  ['a tool that policy closes', 403, { tool: 'list_tags', arguments: { owner: 'harbor', repo: 'booking' } }, {}],
  ['a missing scope', 403, { tool: 'create_issue', arguments: { owner: 'harbor', repo: 'booking', title: 'x' } }, {}],
  ['a body that is no JSON', 400, '{"tool":', {}],
  ['a body that is no call', 400, [], {}],
  ['an unknown field', 400, { tool: 'get_me', args: {} }, {}],
  ['a form', 415, 'tool=get_me', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a page of somebody else', 403, { tool: 'get_me' }, { origin: 'https://evil.example' }],
  ['a body of five megabytes', 413, { tool: 'x'.repeat(5_000_000) }, {}],
] as const)('%s is answered with %i and says what to change', async (_what, status, body, headers) => {
  const answer = await post(body, headers)
  const told = Object(await answer.json())

  expect(answer.status).toBe(status)
  expect(told).toMatchObject({ success: false, result: null, error: expect.any(String) })
  expect(told.error.length).toBeGreaterThan(20)
  expect(told.correlation_id).not.toBe('')
})

test('what a program must do next is in the headers: sign in, or ask for more scope', async () => {
  const missing = await fetch(`${stack.url}/mcp/tool/call`, { method: 'POST' })
  expect(missing.headers.get('www-authenticate')).toMatch(/^Bearer resource_metadata="[^"]+", scope="read:repository"$/)

  const scope = await post({ tool: 'create_issue', arguments: { owner: 'harbor', repo: 'booking', title: 'x' } })
  expect(scope.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  expect(scope.headers.get('www-authenticate')).toContain('scope="read:repository write:repository"')
})

test('a token that may write writes only where the write list says', async () => {
  const writer = await stack.connect(undefined, { scope: 'read:repository write:repository' })
  const create = (owner: string, repo: string) =>
    post({ tool: 'create_issue', arguments: { owner, repo, title: 'From a script' } }, {}, writer.accessToken)

  const done = await create('harbor', 'booking')
  expect([done.status, Object(await done.json()).success]).toEqual([200, true])
  const refused = await create('alice', 'field-notes')
  expect(refused.status).toBe(403)
  expect(Object(await refused.json())).toMatchObject({ error_code: 'write_mode' })
})

test('a caller that calls too often is told how long to wait', async () => {
  const slow = await startStack(gitea, { settings: { TOKEN_RATE_LIMIT_PER_MINUTE: '1' } })
  const { accessToken } = await slow.connect()
  const call = () =>
    fetch(`${slow.url}/mcp/tool/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: '{"tool":"get_me"}',
    })
  expect((await call()).status).toBe(200)
  const second = await call()
  await slow.close()

  expect(second.status).toBe(429)
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('the lines of the setup guide work as they are written there', async () => {
  const list = await fetch(`${stack.url}/mcp/tools`, { headers: { authorization: `Bearer ${alice.accessToken}` } })
  expect(Array.isArray(Object(await list.json()).tools)).toBe(true)

  const health = Object(await (await fetch(`${stack.url}/health`)).json())
  expect(health.status).toBe('healthy')

  const challenge = await fetch(`${stack.url}/mcp/tool/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"tool":"list_repositories","arguments":{}}',
  })
  expect(challenge.status).toBe(401)

  const repositories = await post({ tool: 'list_repositories', arguments: {} })
  expect(Object(await repositories.json()).success).toBe(true)

  const file = await post({
    tool: 'get_file_contents',
    arguments: { owner: 'harbor', repo: 'booking', filepath: 'README.md' },
  })
  expect([file.status, Object(await file.json()).success]).toEqual([200, true])
})

test('calls are counted under the names that dashboards of the Python original read', async () => {
  await post({ tool: 'get_me' })
  const text = await (await fetch(`${stack.url}/metrics`)).text()

  expect(text).toMatch(/^aegis_http_requests_total\{method="POST",path="\/mcp\/tool\/call",status="200"\} \d+$/m)
  expect(text).toMatch(/^aegis_tool_calls_total\{tool="get_me",status="success"\} \d+$/m)
  expect(text).toMatch(/^aegis_tool_duration_seconds_sum\{tool="get_me"\} [\d.]+$/m)
  expect(text).toMatch(/^aegis_tool_duration_seconds_count\{tool="get_me"\} \d+$/m)
})
