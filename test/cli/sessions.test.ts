import { afterAll, beforeAll, expect, test } from 'vitest'
import { createConnections } from '../../src/oauth/connections.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { openSse } from '../support/sse-client.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { runAegis } from './run-aegis.js'

const { alice, bob, mallory } = seedPeople

let stack: Stack<GiteaSandbox>
beforeAll(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }))
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

/** The command, beside the running server. */
const sessions = (...args: string[]) =>
  runAegis(['sessions', ...args], { cwd: stack.folder, env: { DATABASE_PATH: stack.aegis.databasePath } })

async function list(...args: string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse((await sessions('list', '--json', ...args)).stdout)
}

async function findId({ clientId }: Connection): Promise<string> {
  const found = (await list()).find((session) => session.clientId === clientId)
  return String(found?.id)
}

const statusOf = async (connection: Connection) => (await stack.call(connection, 'get_me')).status

const findAudited = async (wanted: string) => (await readAudit(stack.aegis)).findLast(({ reason }) => reason === wanted)

test('lists who is connected through what, with its limits and times', async () => {
  const { clientId } = await stack.connect(alice, {
    clientName: 'Desk',
    scope: 'read:repository write:repository',
  })
  await stack.connect(bob)

  const hers = await list('--person', 'Alice')
  const { stdout } = await sessions('list')

  expect(hers).toEqual([
    {
      id: expect.stringMatching(/^\S{20,}$/),
      accountId: expect.stringMatching(/^gitea:\d+$/),
      login: 'alice',
      clientId,
      clientName: 'Desk',
      scopes: ['read:repository', 'write:repository'],
      readOnly: false,
      repositories: null,
      createdAt: expect.stringMatching(/^20/),
      lastTokenAt: expect.stringMatching(/^20/),
      endsAt: expect.stringMatching(/^20/),
    },
  ])
  expect(stdout).toMatch(
    /\S+ {2}alice \(gitea:\d+\)\n {2}Desk \(agm_cl_.*\)\n {2}read:repository write:repository; every/,
  )
  expect(stdout).toContain('bob (gitea:')
  expect(stdout).not.toMatch(/agm_(at|rt|ac)_/)
})

test('one connection ends with the next request, its open stream too, and the person is asked before another', async () => {
  const desk = await stack.connect(alice, { clientName: 'Desk' })
  const phone = await stack.connect(alice, { clientName: 'Phone' })
  const stream = await openSse(stack.url, desk.accessToken)

  const said = await sessions('revoke', await findId(desk), '--by', 'carol')

  expect(said).toMatchObject({
    code: 0,
    stdout: 'The connection of alice through Desk is revoked; alice is asked before another.\n',
  })
  expect([await statusOf(desk), await statusOf(phone)]).toEqual([401, 200])
  await expect(stream.ask('tools/list')).rejects.toThrow('401')
  expect(await stream.next()).toBeUndefined()
  const remembered = stack.aegis.app.store.sqlite.prepare('SELECT client_id FROM oauth_approval').pluck().all()
  expect(remembered).toContain(phone.clientId)
  expect(remembered).not.toContain(desk.clientId)
  await expect
    .poll(() => findAudited('session_revoked'), { timeout: 5000 })
    .toMatchObject({ actor: { login: 'alice', client: desk.clientId }, details: { by: 'carol' } })
})

test('an id that looks like an option is still an id', async () => {
  const { stderr } = await sessions('revoke', '-vN3xample', '--by', 'carol')

  expect(stderr).toContain('There is no session -vN3xample.')
})

test('everything of one person goes, with the sign-in at Gitea; keys of theirs are named and go on', async () => {
  const hers = await stack.connect(alice)
  const his = await stack.connect(bob)
  const accountId = String((await list('--person', 'alice'))[0]?.accountId)
  stack.aegis.app.store.sqlite
    .prepare(
      `INSERT INTO api_key (id, hash, hint, account_id, login, name, scopes, created_at)
       VALUES ('abcdef0123', 'h', 'agm_ak_1…2345', ?, 'alice', 'ci', 'read:repository', 1)`,
    )
    .run(accountId)

  const said = await sessions('revoke', '--person', accountId, '--by', 'carol')

  expect(said.stdout).toMatch(/^Everything of alice is revoked: \d+ connections, and the sign-in at Gitea/)
  expect(said.stdout).toContain('Not touched: 1 API key (abcdef0123). See aegis keys revoke.')
  expect([await statusOf(hers), await statusOf(his)]).toEqual([401, 200])
  expect(stack.aegis.app.store.sqlite.prepare('SELECT login FROM gitea_token_set').pluck().all()).toEqual(['bob'])
  await expect
    .poll(() => findAudited('account_revoked'), { timeout: 5000 })
    .toMatchObject({ actor: { account: accountId, login: 'alice' }, details: { because: 'operator', by: 'carol' } })
})

test('a login that two people had names neither', async () => {
  const { store, gate } = stack.aegis.app
  await stack.connect(mallory)
  store.sqlite.prepare("UPDATE gitea_token_set SET login = 'bob' WHERE login = 'mallory'").run()
  try {
    expect(() => createConnections({ store, clock: gate.clock }).getPerson('bob')).toThrow(/More than one.*gitea:\d+/)
  } finally {
    await sessions('revoke', '--all')
  }
})

test('everything of everybody goes at once', async () => {
  const hers = await stack.connect(alice)
  const his = await stack.connect(bob)

  const said = await sessions('revoke', '--all', '--by', 'carol')

  expect(said.stdout).toContain('Everything is revoked: 2 connections of 2 people.')
  expect([await statusOf(hers), await statusOf(his)]).toEqual([401, 401])
  expect((await sessions('list')).stdout).toBe('Nobody is connected.\n')
  const { sqlite } = stack.aegis.app.store
  for (const table of ['oauth_state', 'oauth_grant', 'oauth_approval', 'gitea_token_set', 'gitea_sign_in']) {
    expect(sqlite.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0)
  }
  await expect
    .poll(() => findAudited('all_sessions_revoked'), { timeout: 5000 })
    .toMatchObject({ details: { grants: 2, people: 2, by: 'carol' } })
})

test.each([
  [[], 2, 'Name what to do'],
  [['revoke'], 2, 'Name what to revoke'],
  [['revoke', 'x', '--all'], 2, 'Name what to revoke'],
  [['list', '--all'], 2, 'not a way'],
  [['revoke', 'nothing'], 1, 'There is no session nothing. See `aegis sessions list`'],
  [['revoke', '--person', 'nobody'], 1, 'Nobody called nobody has signed in here'],
])('refuses %j', async (args, code, words) => {
  expect(await sessions(...args)).toMatchObject({ code, stderr: expect.stringContaining(words) })
})
