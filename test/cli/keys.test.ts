import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createKeysCommand } from '../../src/cli/keys.js'
import { openStore } from '../../src/db/open.js'
import { giteaTokenSet } from '../../src/db/schema/oauth.js'
import { DAY } from '../../src/lib/units.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { toSettings } from '../support/start-aegis.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

const SCOPES = ['read:user', 'read:organization', 'read:repository', 'read:issue', 'read:notification']

let gitea: GiteaSandbox
beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
})
afterAll(() => gitea.close())

/** The state file of a server, in which alice signed in. */
function startServer() {
  const folder = createTempFolder()
  const store = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: 'migrations' })
  onTestFinished(() => store.close())
  const secret = { accessToken: 'x', refreshToken: 'x', scope: '', expiresAt: 0, updatedAt: 0, version: 1 }
  store.orm
    .insert(giteaTokenSet)
    .values({ accountId: 'gitea:7', login: 'alice', name: 'Alice', ...secret })
    .run()
  const keys = (...args: string[]) => runAegis(['keys', ...args], { cwd: folder })
  return { folder, store, keys }
}

const toId = (stderr: string) => /Its id is (\w+)/.exec(stderr)?.[1] ?? ''

describe('a key that is made', () => {
  test('is printed alone to stdout, and never again', async () => {
    const { keys } = startServer()

    const made = await keys('generate', '--user', 'alice', '--name', 'Workspace')
    const listed = await keys('list')
    const json = await keys('list', '--json')

    expect(made.code).toBe(0)
    expect(made.stdout).toMatch(/^agm_ak_[\w-]{43}\n$/)
    expect(made.stderr).toMatch(/works as alice until .*: read:repository, in every repository they can reach/)
    const key = made.stdout.trim()
    expect(listed.stdout).toContain(`${toId(made.stderr)}  ${key.slice(0, 8)}...${key.slice(-4)}  valid  Workspace`)
    expect(listed.stdout + json.stdout + made.stderr).not.toContain(key)
    expect(JSON.parse(json.stdout)).toEqual([
      expect.objectContaining({ state: 'valid', login: 'alice', read_only: false, repositories: null }),
    ])
  })

  test('has the limits it was given', async () => {
    const { keys } = startServer()

    const limits = ['--scopes', 'write:repository', '--read-only', '--repositories', 'Harbor/Booking,harbor/infra']
    await keys('generate', '--user', 'alice', ...limits, '--expires', 'never')

    expect(JSON.parse((await keys('list', '--json')).stdout)).toEqual([
      expect.objectContaining({
        scopes: ['write:repository'],
        read_only: true,
        repositories: ['harbor/booking', 'harbor/infra'],
        expires_at: null,
      }),
    ])
  })

  test.each([
    [['generate'], /--user alice/],
    [['generate', '--user', 'alice', '--expires', 'soon'], /--expires is a time like 90d/],
    [['generate', '--user', 'alice', '--expires', '2020-01-01'], /a date to come/],
    [['generate', '--user', 'alice', '--scopes', 'admin'], /--scopes takes read:repository and write:repository/],
    [['generate', '--user', 'alice', '--repositories', 'booking'], /--repositories takes owner\/name/],
    [['generate', '--user', 'alice', '--grace', '7d'], /--grace does not go with generate/],
    [['rotate'], /by its id: aegis keys list/],
    [['rotate', 'one', 'two'], /two does not go with rotate/],
    [['revoke', 'one', '--all'], /one does not go with that/],
    [['rotate', 'one', '--grace', 'week'], /--grace is a time like 90d/],
    [['check-age', '--days', 'many'], /--days is a number of days/],
    [['encryption'], /no “aegis keys encryption”.*aegis keyring/],
    [[], /generate, list, rotate, revoke, check-age/],
  ])('is not, when it is asked for as %j', async (args, words) => {
    const { keys } = startServer()

    expect(await keys(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(words) })
    expect(JSON.parse((await keys('list', '--json', '--all')).stdout)).toEqual([])
  })
})

describe('the person of a key', () => {
  test('who never signed in here is not known without GITEA_TOKEN, and it is said what to do', async () => {
    const { keys } = startServer()

    expect(await keys('generate', '--user', 'bob')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /Nobody signed in here as bob\. Let them connect a client once, or set GITEA_TOKEN/,
      ),
    })
  })

  test('is asked for at Gitea with GITEA_TOKEN', async () => {
    const { folder, store } = startServer()
    const client = { url: gitea.url, clientId: 'id', clientSecret: 'secret' }
    const settings = { GITEA_TOKEN: await gitea.createToken('admin', SCOPES) }
    const env = toSettings({ folder, gitea: client, port: 1, settings })
    const generate = (user: string) => runAegis(['keys', 'generate', '--user', user], { cwd: folder, env })

    const made = await generate('Bob')
    const nobody = await generate('nobody-at-all')
    await gitea.addUser({ login: 'retired', password: 'retired-passw0rd' })
    await gitea.setUserState('retired', { prohibitLogin: true })
    const retired = await generate('retired')

    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('It works as bob until') })
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/Gitea knows nobody called nobody-at-all/) })
    expect(retired).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('who may work there') })
    const account = store.sqlite.prepare('SELECT account_id FROM api_key').pluck().all()
    expect(account).toEqual([expect.stringMatching(/^gitea:\d+$/)])
    expect(made.stderr + nobody.stderr).not.toContain(settings.GITEA_TOKEN)
  })
})

describe('keys over time', () => {
  test('are rotated with a time of grace, and revoked', async () => {
    const { keys } = startServer()
    const first = toId((await keys('generate', '--user', 'alice')).stderr)

    const rotated = await keys('rotate', first, '--grace', '12h')
    const second = toId(rotated.stderr)
    const revoked = await keys('revoke', first)
    const again = await keys('revoke', first)
    const unknown = await keys('rotate', 'nothing')

    expect(rotated.stdout).toMatch(/^agm_ak_/)
    expect(rotated.stderr).toMatch(/The key before, agm_ak_\S+, works until .* Change your clients over/)
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${first} .* is revoked`)) })
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('was revoked before') })
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('aegis keys list') })
    const shown = (await keys('list')).stdout
    expect(shown).toContain(second)
    expect(shown).not.toContain(first)
    expect((await keys('list', '--all')).stdout).toMatch(new RegExp(`${first} .* revoked`))
  })

  test('are all revoked at once when it has to be', async () => {
    const { keys } = startServer()
    await keys('generate', '--user', 'alice')
    await keys('generate', '--user', 'alice')

    const revoked = await keys('revoke', '--all')
    const again = await keys('revoke', '--all')

    expect(revoked.stdout.match(/is revoked/g)).toHaveLength(2)
    expect(again).toMatchObject({ code: 0, stdout: 'There are no keys that count.\n' })
    expect((await keys('list')).stdout).toBe('There are no API keys.\n')
  })

  test('that grow old are named, and make cron take notice', async () => {
    const { folder, keys } = startServer()
    const id = toId((await keys('generate', '--user', 'alice', '--expires', 'never')).stderr)

    const young = await keys('check-age')
    const old = await checkAgeAt(folder, Date.now() + 91 * DAY)
    const lenient = await checkAgeAt(folder, Date.now() + 91 * DAY, '--days', '365')
    await keys('rotate', id, '--grace', '3650d')
    const rotated = await keys('check-age', '--days', '1')

    expect(young).toMatchObject({ code: 0, stdout: 'No API key is older than 90 days.\n' })
    expect(old.code).toBe(1)
    expect(old.text).toMatch(new RegExp(`${id}[^]*Older than 90 days: 1\\. Rotate: aegis keys rotate`))
    expect([lenient.code, rotated.code]).toEqual([0, 0])
  })

  test('those of the settings are listed by hint and person', async () => {
    const { folder } = startServer()
    const env = { MCP_API_KEYS: `bob:${'b'.repeat(40)},short`, MCP_API_KEY_USER: 'alice' }

    const listed = await runAegis(['keys', 'list'], { cwd: folder, env })
    const aged = await runAegis(['keys', 'check-age'], { cwd: folder, env })

    expect(listed.stdout).toBe(
      'MCP_API_KEYS  bbbbbbbb...bbbb  for bob, no end\nMCP_API_KEYS  (too short)  for alice, no end\n',
    )
    expect(aged.stdout).toContain('How old the 2 in MCP_API_KEYS are is not known.')
  })
})

async function checkAgeAt(folder: string, now: number, ...args: string[]) {
  let text = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const io = { stdin: process.stdin, stdout, stderr: stdout, env: {}, cwd: folder }
  const code = await createKeysCommand({ now: () => now }).run(['check-age', ...args], io)
  return { code, text }
}
