import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DAY, MINUTE } from '../../src/lib/units.js'
import { runAegis } from '../cli/run-aegis.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { bearer, callDirectly, type MadeKey, makeKey, SERVICE_SCOPES } from '../support/make-key.js'
import { callTool } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { openSse } from '../support/sse-client.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { alice, mallory } = seedPeople
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
  const GITEA_TOKEN = await gitea.createToken(seedPeople.admin.login, SERVICE_SCOPES)
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

function generate(...options: string[]): Promise<MadeKey> {
  return makeKey(stack, ['generate', '--user', alice.login, ...options])
}

describe('an API key', () => {
  test('opens every door as the person it stands for, and no more than they may', async () => {
    const { key, id, hint } = await generate('--name', 'Workspace')

    const mcp = await callTool(stack.url, key, 'get_me')
    const direct = await callDirectly(`${stack.url}/mcp/tool/call`, 'get_me', {}, bearer(key))
    const stream = await openSse(stack.url, key)
    const listed = await stream.ask('tools/call', { name: 'get_me', arguments: {} })
    stream.close()
    const others = await makeKey(stack, ['generate', '--user', mallory.login])
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
    expect(body.error).toMatch(/this API key was not made with.*aegis keys generate --scopes write:repository/)
  })

  test('writes when it was made for that, in the person’s name, and not when it was kept to reading', async () => {
    const scopes = ['--scopes', 'write:repository']
    const [writer, reader] = [await generate(...scopes), await generate(...scopes, '--read-only')]

    const made = await callTool(stack.url, writer.key, 'create_issue', ISSUE)
    const refused = await callTool(stack.url, reader.key, 'create_issue', { ...ISSUE, title: 'Whistle' })

    expect(made.isError).toBe(false)
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('or use an API key without') })
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

  test('of a person who was disabled in Gitea opens nothing', async () => {
    const { key } = await makeKey(stack, ['generate', '--user', mallory.login])
    expect((await callTool(stack.url, key, 'get_me')).isError).toBe(false)

    await gitea.setUserState(mallory.login, { prohibitLogin: true })
    clock.ahead = 2 * MINUTE
    const refused = await callTool(stack.url, key, 'get_me')
    await gitea.setUserState(mallory.login, { prohibitLogin: false })

    expect(refused).toMatchObject({
      isError: true,
      text: expect.stringContaining('does not let the account mallory work'),
    })
  })

  test('is rotated without a moment in which neither key works', async () => {
    const before = await generate()

    const after = await makeKey(stack, ['rotate', before.id, '--grace', '7d'])

    const statuses = async () =>
      Promise.all([before, after].map(async ({ key }) => (await callTool(stack.url, key, 'get_me')).status))
    expect(await statuses()).toEqual([200, 200])
    clock.ahead = 8 * DAY
    expect(await statuses()).toEqual([401, 200])
  })

  test('leaves who made, rotated and revoked it in the audit log', async () => {
    const first = await generate('--by', 'carol')
    const second = await makeKey(stack, ['rotate', first.id, '--by', 'dave'])
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
    const { key } = await makeKey(bare, ['generate', '--user', 'ALICE'])
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
