import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DAY } from '../../src/lib/units.js'
import { runAegis } from '../cli/run-aegis.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { callTool, sendMcp } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { openSse } from '../support/sse-client.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { alice, mallory } = seedPeople
const TOKEN_SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']
const POLICY = 'defaults:\n  read: allow\n  write: allow\n'
const WRITES = { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' }
const ISSUE = { owner: 'harbor', repo: 'booking', title: 'Foghorn' }

const clock = {
  ahead: 0,
  now: () => Date.now() + clock.ahead,
}

let gitea: GiteaUnderTest
let stack: Stack
beforeAll(async () => {
  gitea = await startGitea()
  const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, TOKEN_SCOPES)
  stack = await startStack(gitea, { clock, settings: { GITEA_TOKEN, ...WRITES }, policy: POLICY })
  // keys of people who signed in can be made without asking Gitea who they are
  for (const person of [alice, mallory]) {
    await stack.connect(person)
  }
}, 60_000)
afterEach(() => {
  clock.ahead = 0
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await gitea.close()
})

interface MadeKey {
  readonly key: string
  readonly id: string
  readonly hint: string
}

/** `aegis keys <args>` beside the running server, for one that makes a key. */
async function makeKey(args: readonly string[], at: Stack = stack): Promise<MadeKey> {
  const run = await runAegis(['keys', ...args], { cwd: at.folder, env: { DATABASE_PATH: at.aegis.databasePath } })
  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^agm_ak_[\w-]{43}\n$/) })
  const key = run.stdout.trim()
  const id = /Its id is (\w+)/.exec(run.stderr)?.[1] ?? ''
  return { key, id, hint: `${key.slice(0, 8)}...${key.slice(-4)}` }
}

function generate(...options: string[]): Promise<MadeKey> {
  return makeKey(['generate', '--user', alice.login, ...options])
}

/** A direct call, as scripts make one. */
async function callDirectly(url: string, tool: string, args: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ tool, arguments: args }),
  })
  return { status: answer.status, headers: answer.headers, body: Object(await answer.json()) }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('an API key', () => {
  test('opens every door as the person it stands for, and no more than they may', async () => {
    const { key, id, hint } = await generate('--name', 'Workspace')

    const mcp = await callTool(stack.url, key, 'get_me')
    const direct = await callDirectly(`${stack.url}/mcp/tool/call`, 'get_me', {}, bearer(key))
    const stream = await openSse(stack.url, key)
    const listed = await stream.ask('tools/call', { name: 'get_me', arguments: {} })
    stream.close()
    const others = await makeKey(['generate', '--user', mallory.login])
    const closed = await callTool(stack.url, others.key, 'get_file_tree', { owner: 'harbor', repo: 'infra' })

    expect(mcp.text).toContain('alice')
    expect(direct).toMatchObject({ status: 200, body: { success: true, result: { login: 'alice' } } })
    expect(JSON.stringify(listed)).toContain('alice')
    expect(closed).toMatchObject({ isError: true, text: expect.stringContaining('mallory may not read it') })
    expect(await readAudit(stack.aegis)).toContainEqual(
      expect.objectContaining({
        tool: 'get_me',
        status: 'success',
        actor: expect.objectContaining({ login: 'alice', client: `key:${id}`, client_name: 'Workspace' }),
      }),
    )
    const line = stack.aegis.logLines.find((each) => each.includes('"api_authentication"') && each.includes(hint))
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      status: 'success',
      client_ip: '127.0.0.1',
      user_agent: expect.any(String),
      key_hint: hint,
    })
  })

  test('that only reads is told which scope it lacks', async () => {
    const { key } = await generate()

    const { status, headers, body } = await callDirectly(
      `${stack.url}/mcp/tool/call`,
      'create_issue',
      ISSUE,
      bearer(key),
    )

    expect(status).toBe(403)
    expect(headers.get('www-authenticate')).toContain('write:repository')
    expect(body.error).toContain('write:repository')
  })

  test('writes when it was made for that, in the person’s name, and not when it was kept to reading', async () => {
    const scopes = ['--scopes', 'write:repository']
    const [writer, reader] = [await generate(...scopes), await generate(...scopes, '--read-only')]

    const made = await callTool(stack.url, writer.key, 'create_issue', ISSUE)
    const refused = await callTool(stack.url, reader.key, 'create_issue', { ...ISSUE, title: 'Whistle' })

    expect(made.isError).toBe(false)
    expect(refused.isError).toBe(true)
    expect((await callTool(stack.url, reader.key, 'get_me')).isError).toBe(false)
  })

  test('made for one repository reaches no other', async () => {
    const { key } = await generate('--repositories', 'Harbor/Booking')

    const inside = await callTool(stack.url, key, 'get_repository_info', { owner: 'harbor', repo: 'booking' })
    const outside = await callTool(stack.url, key, 'get_repository_info', { owner: 'harbor', repo: 'infra' })

    expect([inside.isError, outside.isError]).toEqual([false, true])
  })

  test('ends at its time, and says what to do', async () => {
    const { key, hint } = await generate('--expires', '12h')
    expect((await callTool(stack.url, key, 'get_me')).status).toBe(200)

    clock.ahead = DAY
    const ended = await callTool(stack.url, key, 'get_me')

    expect(ended.status).toBe(401)
    expect(ended.body.error?.message).toContain(`The API key ${hint} has expired. Put the key that took its place`)
    expect(ended.headers.get('www-authenticate')).toMatch(
      /error="invalid_token", error_description="The API key agm_ak_/,
    )
  })

  test('ends with the next request when it is revoked, also for an open stream', async () => {
    const { key, id } = await generate()
    const stream = await openSse(stack.url, key)

    const run = await runAegis(['keys', 'revoke', id, '--by', 'carol'], {
      cwd: stack.folder,
      env: { DATABASE_PATH: stack.aegis.databasePath },
    })

    expect(run.code).toBe(0)
    const ended = await callTool(stack.url, key, 'get_me')
    expect(ended).toMatchObject({
      status: 401,
      body: { error: { message: expect.stringMatching(/was revoked\. Ask the admin/) } },
    })
    expect((await stream.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401)
    expect(await stream.next()).toBeUndefined()
  })

  test('is rotated without a moment in which neither key works', async () => {
    const before = await generate()

    const after = await makeKey(['rotate', before.id, '--grace', '7d'])

    const statuses = async () =>
      Promise.all([before, after].map(async ({ key }) => (await callTool(stack.url, key, 'get_me')).status))
    expect(await statuses()).toEqual([200, 200])
    clock.ahead = 8 * DAY
    expect(await statuses()).toEqual([401, 200])
  })

  test('leaves who made, rotated and revoked it in the audit log', async () => {
    const first = await generate('--by', 'carol')
    const second = await makeKey(['rotate', first.id, '--by', 'dave'])
    await runAegis(['keys', 'revoke', second.id, '--by', 'erin'], {
      cwd: stack.folder,
      env: { DATABASE_PATH: stack.aegis.databasePath },
    })

    const find = async () =>
      (await readAudit(stack.aegis)).flatMap(({ reason, details }) =>
        [first.id, second.id].includes(Object(details).key) ? [[reason, Object(details).by]] : [],
      )
    await expect.poll(find, { timeout: 10_000 }).toEqual([
      ['api_key_generated', 'carol'],
      ['api_key_rotated', 'dave'],
      ['api_key_revoked', 'erin'],
    ])
  })

  test('of a person for whom nothing leads to Gitea is refused with what to do', async () => {
    const bare = await startStack(gitea)
    await bare.connect(alice)
    const { key } = await makeKey(['generate', '--user', 'ALICE'], bare)
    expect((await callTool(bare.url, key, 'get_me')).text).toContain('alice')

    bare.aegis.app.store.sqlite.exec('DELETE FROM gitea_token_set')
    const refused = await callDirectly(`${bare.url}/mcp/tool/call`, 'get_me', {}, bearer(key))

    expect(refused).toMatchObject({
      status: 403,
      body: { error: expect.stringMatching(/the admin sets GITEA_TOKEN, or alice signs in here once/) },
    })
    expect(await readAudit(bare.aegis)).toContainEqual(
      expect.objectContaining({ type: 'access_denied', reason: 'api_key_without_gitea' }),
    )
    await bare.close()
  })

  test('stands in no file, log line, audit entry, metric or answer', async () => {
    const { key } = await generate('--expires', '12h')
    await callTool(stack.url, key, 'get_me')
    await callTool(stack.url, key, 'search_repositories', { query: key })
    clock.ahead = DAY
    const ended = await callTool(stack.url, key, 'get_me')
    const metrics = await (await fetch(`${stack.url}/metrics`)).text()

    const data = join(stack.folder, 'data')
    const files = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    const places = [
      ...files,
      stack.aegis.logLines.join(''),
      JSON.stringify(await readAudit(stack.aegis)),
      metrics,
      JSON.stringify(ended) + JSON.stringify([...ended.headers]),
    ]
    expect(places.filter((place) => place.includes(key.slice('agm_ak_'.length)))).toEqual([])
  })
})

describe('keys in MCP_API_KEYS', () => {
  const OWN = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2'
  const PLAIN = 'b1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'
  const GONE = 'c1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'

  test('work as the person whose login stands beside them, or as that of MCP_API_KEY_USER', async () => {
    const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, TOKEN_SCOPES)
    const MCP_API_KEYS = `alice:${OWN}, ${PLAIN},nobody-here:${GONE}`
    const keyed = await startStack(gitea, { settings: { GITEA_TOKEN, MCP_API_KEYS, MCP_API_KEY_USER: 'mallory' } })
    const call = (key: string) => callTool(keyed.url, key, 'get_me')

    expect((await call(OWN)).text).toContain('alice')
    expect((await call(PLAIN)).text).toContain('mallory')
    const gone = await call(GONE)
    expect(gone).toMatchObject({ status: 403, body: { error: { message: expect.stringMatching(/MCP_API_KEYS/) } } })
    expect((await call(`${OWN.slice(0, -1)}3`)).status).toBe(401)

    const entries = JSON.stringify(await readAudit(keyed.aegis))
    expect(entries).toContain('"reason":"invalid_api_key"')
    expect(entries).toContain('"reason":"api_key_user_unknown"')
    const logged = keyed.aegis.logLines.join('')
    expect(logged).toContain('"key_hint":"a1b2c3d4...a1b2"')
    for (const key of [OWN, PLAIN, GONE]) {
      expect(entries + logged).not.toContain(key)
    }
    await keyed.close()
  })
})

describe('a key in the address', () => {
  test('is refused unless an admin insists, with the header to use instead', async () => {
    const { key } = await generate()

    const direct = await callDirectly(`${stack.url}/mcp/tool/call?api_key=${key}`, 'get_me', {})
    const both = await callDirectly(`${stack.url}/mcp/tool/call?api_key=${key}`, 'get_me', {}, bearer(key))
    const sse = await fetch(`${stack.url}/mcp/sse?x=1&api%5Fkey=${key}`)

    expect([direct.status, both.status, sse.status]).toEqual([401, 401, 401])
    expect(direct.body.error).toMatch(/in the header Authorization: Bearer <key>, and make a new one/)
    expect(sse.headers.get('www-authenticate')).toContain('Authorization: Bearer')
    expect(stack.aegis.logLines.join('')).not.toContain(key)
  })

  test('is taken at the old doors with ALLOW_QUERY_API_KEY, warned about once, and written nowhere', async () => {
    const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, TOKEN_SCOPES)
    const open = await startStack(gitea, { settings: { GITEA_TOKEN, ALLOW_QUERY_API_KEY: 'true' } })
    const connection = await open.connect(alice)
    const { key, hint } = await makeKey(['generate', '--user', alice.login], open)

    const direct = await callDirectly(`${open.url}/mcp/tool/call?api_key=${key}`, 'get_me', {})
    const again = await callDirectly(`${open.url}/mcp/tool/call?api_key=${key}`, 'nothing', {})
    const listed = await fetch(`${open.url}/mcp/tools?api_key=${key}`)
    const stream = await openSse(open.url, '', `?api_key=${key}`)
    const streamed = await stream.ask('tools/call', { name: 'get_me', arguments: {} })
    stream.close()
    const mcp = await fetch(`${open.url}/mcp?api_key=${key}`, { method: 'POST' })
    const notAKey = await callDirectly(`${open.url}/mcp/tool/call?api_key=${connection.accessToken}`, 'get_me', {})

    expect(direct.body).toMatchObject({ success: true, result: { login: 'alice' } })
    expect([again.status, listed.status, mcp.status, notAKey.status]).toEqual([404, 200, 401, 401])
    expect(JSON.stringify(streamed)).toContain('alice')
    const logged = open.aegis.logLines.join('')
    const entries = JSON.stringify(await readAudit(open.aegis))
    const metrics = await (await fetch(`${open.url}/metrics`)).text()
    expect(logged + entries + metrics + JSON.stringify(again.body)).not.toContain(key)
    expect(logged).toContain('"api_keys_in_addresses_allowed"')
    const warnings = open.aegis.logLines.filter((line) => line.includes('"api_key_in_address"'))
    expect(warnings).toHaveLength(1)
    expect(JSON.parse(warnings[0] ?? '{}')).toMatchObject({ level: 'warn', key_hint: hint })
    await open.close()
  })
})

test('with AUTH_ENABLED=false everyone is the one person of the settings, and the server says so', async () => {
  const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, TOKEN_SCOPES)
  const open = await startStack(gitea, {
    settings: { GITEA_TOKEN, AUTH_ENABLED: 'false', MCP_API_KEY_USER: 'alice' },
  })

  const answer = await sendMcp(open.url, 'tools/call', { name: 'get_me', arguments: {} })
  const foreign = await fetch(`${open.url}/mcp`, { method: 'POST', headers: { origin: 'https://evil.example' } })
  const health = Object(await (await fetch(`${open.url}/health`)).json())

  expect(answer.text).toContain('alice')
  expect(foreign.status).toBe(403)
  expect(health.checks.authentication.reason).toMatch(/AUTH_ENABLED=false: everyone who reaches this server is let in/)
  expect(open.aegis.logLines.join('')).toMatch(/"level":"warn".*"everyone_is":"alice".*"authentication_disabled"/)
  await open.close()
})
