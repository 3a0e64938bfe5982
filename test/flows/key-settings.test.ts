import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { bearer, callDirectly, makeKey, SERVICE_SCOPES } from '../support/make-key.js'
import { callTool, sendMcp } from '../support/mcp-call.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { openSse } from '../support/sse-client.js'
import { startGitea } from '../support/start-gitea.js'
import { startStack } from '../support/start-stack.js'

const { alice } = seedPeople

let gitea: GiteaUnderTest
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.close())

describe('keys in MCP_API_KEYS', () => {
  const OWN = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2'
  const PLAIN = 'b1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'
  const GONE = 'c1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'

  test('work as the person whose login stands beside them, or as that of MCP_API_KEY_USER', async () => {
    const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, SERVICE_SCOPES)
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
    const stack = await startStack(gitea)
    await stack.connect(alice)
    const { key } = await makeKey(stack, ['generate', '--user', alice.login])

    const direct = await callDirectly(`${stack.url}/mcp/tool/call?api_key=${key}`, 'get_me', {})
    const both = await callDirectly(`${stack.url}/mcp/tool/call?api_key=${key}`, 'get_me', {}, bearer(key))
    const sse = await fetch(`${stack.url}/mcp/sse?x=1&api%5Fkey=${key}`)

    expect([direct.status, both.status, sse.status]).toEqual([401, 401, 401])
    expect(direct.body.error).toMatch(/in the header Authorization: Bearer <key>, and make a new one/)
    expect(sse.headers.get('www-authenticate')).toContain('Authorization: Bearer')
    expect(stack.aegis.logLines.join('')).not.toContain(key)
    await stack.close()
  })

  test('is taken at the old doors with ALLOW_QUERY_API_KEY, warned about once, and written nowhere', async () => {
    const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, SERVICE_SCOPES)
    const open = await startStack(gitea, { settings: { GITEA_TOKEN, ALLOW_QUERY_API_KEY: 'true' } })
    const connection = await open.connect(alice)
    const { key, hint } = await makeKey(open, ['generate', '--user', alice.login])

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
  const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, SERVICE_SCOPES)
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
