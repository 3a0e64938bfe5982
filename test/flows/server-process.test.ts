import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openStoreBeside } from '../../src/db/open.js'
import { type Connection, connectClient, refreshConnection } from '../support/connect-client.js'
import { callTool, listToolNames } from '../support/mcp-call.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Installation, installBesideSandbox } from '../support/server-beside-sandbox.js'
import type { ServerProcess } from '../support/server-process.js'

const KILLS = 10
const BOOKING = { owner: 'harbor', repo: 'booking' }
const SETTINGS = { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' }
const POLICY = 'defaults: { read: allow, write: allow }\n'
/** Room for a few dozen calls behind what a signed-in person takes. */
const SMALL_DISK_KIB = 600

let aegis: Installation
let server: ServerProcess | undefined

beforeAll(async () => {
  aegis = await installBesideSandbox(SETTINGS, POLICY)
})

afterEach(async () => {
  aegis.gitea.fault(null)
  await server?.stop()
  server = undefined
  writeFileSync(aegis.policyPath, POLICY)
  expect(await aegis.run(['audit', 'verify'])).toMatchObject({ code: 0 })
})

afterAll(() => aegis.remove())

describe('kill -9', () => {
  test(`in the middle of ${KILLS} calls breaks neither log nor sign-ins, and each call is closed as interrupted`, async () => {
    server = await aegis.start()
    const alice = await connectAlice()
    for (let kill = 0; kill < KILLS; kill++) {
      const [tool, method] = kill % 2 === 0 ? (['list_issues', 'GET'] as const) : (['create_issue', 'POST'] as const)
      const args = method === 'GET' ? BOOKING : { ...BOOKING, title: `Sent before kill ${kill}` }
      const { answer } = await holdCall(alice, tool, args, { method, delayMs: 500 })
      await delay(5 * kill)
      server.signal('SIGKILL')
      await server.exited

      await expect(answer).rejects.toThrow()
      expect(await aegis.run(['audit', 'verify'])).toMatchObject({ code: 0 })
      aegis.gitea.fault(null)
      server = await aegis.start()
      expect(readEntries().slice(-2)).toMatchObject([
        { status: 'pending', tool },
        { status: 'interrupted', tool, reason: expect.stringContaining('is not known') },
      ])
      expect((await callTool(aegis.url, alice.accessToken, 'get_me')).text).toContain('alice')
    }

    expect((await refreshConnection(aegis.url, alice)).accessToken).not.toBe(alice.accessToken)
    expect((await connectAlice()).scope).toContain('write:repository')
    const { text } = await callTool(aegis.url, alice.accessToken, 'list_issues', BOOKING)
    expect(text).toContain(`Sent before kill ${KILLS - 1}`)
  }, 120_000)
})

describe('a full disk', () => {
  test('refuses every call before Gitea hears of it, shows in /health, and heals when there is space again', async () => {
    server = await aegis.start()
    const alice = await connectAlice()
    await server.stop()
    server = await aegis.start({ maxFileKib: SMALL_DISK_KIB })
    const call = () => callTool(aegis.url, alice.accessToken, 'create_issue', { ...BOOKING, title: 'On a full disk' })
    let accepted = 0
    while (!(await call()).isError && accepted < 1000) {
      accepted += 1
    }
    const seen = aegis.gitea.requests.length

    for (let i = 0; i < 5; i++) {
      const refused = await call()
      expect(refused.isError).toBe(true)
      expect(refused.text).toContain('The audit log cannot be written, so nothing may run now.')
    }
    expect(aegis.gitea.requests.length).toBe(seen)
    expect(accepted).toBeGreaterThan(0)
    const health = await fetch(`${aegis.url}/health`)
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({
      status: 'unhealthy',
      checks: { audit: { ok: false, reason: expect.stringContaining('audit log cannot be written') } },
    })
    expect((await fetch(`${aegis.url}/health/live`)).status).toBe(200)

    makeSpace()
    await until(async () => (await fetch(`${aegis.url}/health`)).status === 200)
    expect((await call()).isError).toBe(false)
    expect(readEntries()).toContainEqual(expect.objectContaining({ reason: 'audit_log_was_not_writable' }))
  }, 120_000)
})

describe('a second process', () => {
  test('on the same database is refused in plain words, and the first goes on', async () => {
    server = await aegis.start()
    const alice = await connectAlice()

    const second = await aegis.run(['serve'], { MCP_PORT: '0' })

    expect(second.code).toBe(1)
    expect(second.printed).toMatch(/^Another AegisGitea MCP process is using the database .+Stop it first/)
    expect((await callTool(aegis.url, alice.accessToken, 'get_me')).isError).toBe(false)
  })
})

describe('signals', () => {
  test('SIGTERM lets a call under way finish, takes no new one, and ends with 0', async () => {
    server = await aegis.start()
    const alice = await connectAlice()
    const args = { ...BOOKING, title: 'Sent before the stop' }
    const { answer } = await holdCall(alice, 'create_issue', args, { method: 'POST', delayMs: 800 })
    server.signal('SIGTERM')
    await until(async () => server?.readLog().includes('"event":"stopping"') === true)

    await expect(fetch(`${aegis.url}/health/live`)).rejects.toThrow()
    expect((await answer).isError).toBe(false)
    const answeredAt = performance.now()
    expect(await server.exited).toEqual({ code: 0, signal: null })
    // the connection stays open for the client's next call; a server that stops does not wait for one
    expect(performance.now() - answeredAt).toBeLessThan(5000)
    expect(
      readEntries()
        .filter(({ tool }) => tool === 'create_issue')
        .at(-1),
    ).toMatchObject({ status: 'success' })
  })

  test('SIGHUP reads the policy again, and keeps the one it has when the new one is broken', async () => {
    server = await aegis.start()
    const { accessToken } = await connectAlice()
    expect(await listToolNames(aegis.url, accessToken)).toContain('list_commits')

    writeFileSync(aegis.policyPath, `${POLICY}tools: { deny: [list_commits] }\n`)
    server.signal('SIGHUP')
    await until(async () => !(await listToolNames(aegis.url, accessToken)).includes('list_commits'))

    writeFileSync(aegis.policyPath, 'defaults: { read: perhaps }\n')
    server.signal('SIGHUP')
    await until(async () => (await (await fetch(`${aegis.url}/health`)).text()).includes('policy.yaml:1:'))
    const names = await listToolNames(aegis.url, accessToken)
    expect(names).not.toContain('list_commits')
    expect(names).toContain('list_issues')
  })
})

describe('a server that cannot start', () => {
  test('says everything that is wrong with its settings in one message', async () => {
    const wrong = { GITEA_URL: '', OAUTH_STATE_SECRET: 'short', MCP_PORT: 'eighty', LOG_LEVEL: 'LOUD' }

    const { code, printed } = await aegis.run(['serve'], wrong)

    expect(code).toBe(1)
    expect(printed).toMatch(/^The settings need a change before the server can start:\n(?: {2}- .+\n?){4}$/)
    for (const name of Object.keys(wrong)) {
      expect(printed).toContain(`- ${name} `)
    }
  })

  test('says where its policy is broken, by line and column', async () => {
    writeFileSync(aegis.policyPath, 'defaults:\n  read: allow\ntools:\n  deny: [get_fil_contents]\n')

    const { code, printed } = await aegis.run(['serve'])

    expect(code).toBe(1)
    expect(printed).toMatch(/policy\.yaml:4:10: .*get_file_contents/)
    expect(printed).not.toMatch(/listening|\n\s+at /)
  })

  test('says that its port is taken', async () => {
    server = await aegis.start()

    const { code, printed } = await aegis.run(['serve'], { DATABASE_PATH: `${aegis.folder}/other/aegis.db` })

    expect(code).toBe(1)
    expect(printed).toMatch(/^Port \d+ of 127\.0\.0\.1 is taken by another program\. .+MCP_PORT/m)
    expect(printed).not.toMatch(/failed in a way|\n\s+at /)
  })
})

function connectAlice(): Promise<Connection> {
  return connectClient(aegis.url, { person: seedPeople.alice, scope: 'write:repository' })
}

/** Begins a call and waits until Gitea holds its request. The answer is wrapped, so that awaiting this is not awaiting it. */
async function holdCall(
  { accessToken }: Connection,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  fault: { readonly method: string; readonly delayMs: number },
) {
  const seen = aegis.gitea.requests.length
  aegis.gitea.fault({ ...fault, path: '/issues' })
  const answer = callTool(aegis.url, accessToken, tool, args)
  // looked at later; until then it must not count as unhandled
  answer.catch(() => {})
  await until(async () =>
    aegis.gitea.requests.slice(seen).some(({ method, path }) => method === fault.method && path.endsWith('/issues')),
  )
  return { answer }
}

function readEntries(): Record<string, unknown>[] {
  const store = openStoreBeside(aegis.databasePath, { readonly: true })
  const rows = store.sqlite.prepare<[], { body: string }>('SELECT body FROM audit_entry ORDER BY seq').all()
  store.close()
  return rows.map(({ body }) => JSON.parse(body))
}

/** What fills the disk is the write-ahead log; moved into the database, it leaves its space to the next writer. */
function makeSpace(): void {
  const database = new Database(aegis.databasePath)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`this did not come about: ${holds}`)
    }
    await delay(20)
  }
}
