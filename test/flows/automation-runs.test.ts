import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sampleJob } from '../support/open-jobs.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

/* People see and start runs of automations over MCP and over plain HTTP, as far as Gitea and the policy let them. */

const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  harbor/*: {tools: {allow: [get_automation_run, list_automation_runs, run_automation_job, automation_tidy_up]}}
  alice/*: {tools: {allow: [get_automation_run, list_automation_runs, run_automation_job]}}
`

const WRITING = { scope: 'read:repository write:repository' }

let gitea: GiteaUnderTest
let stack: Stack
let alice: Connection
let mallory: Connection

beforeAll(async () => {
  gitea = await startGitea()
  stack = await startStack(gitea, {
    policy: POLICY,
    jobs: [sampleJob()],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await gitea.createToken(seedPeople.bob.login, ['read:user', 'write:repository']),
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: 'harbor/booking, harbor/infra, alice/field-notes',
    },
  })
  alice = await stack.connect(seedPeople.alice, WRITING)
  mallory = await stack.connect(seedPeople.mallory, WRITING)
}, 60_000)

afterAll(async () => {
  await stack.close()
  await gitea.close()
})

async function send(person: Connection | undefined, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${stack.url}${path}`, {
    method,
    headers: {
      ...(person === undefined ? {} : { authorization: `Bearer ${person.accessToken}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: Object(await answer.json()) }
}

const ask = (person: Connection, body: Record<string, unknown>) => send(person, 'POST', '/automation/jobs/run', body)
const booking = { owner: 'harbor', repo: 'booking' }

test('a job is asked for over HTTP, runs, and is looked at by its id', async () => {
  const asked = await ask(alice, {
    job: 'tidy_up',
    ...booking,
    dry_run: true,
    parameters: { days: 3 },
    correlation_id: 'nightly-1',
  })
  await stack.aegis.app.automation?.runner.idle()

  expect(asked).toMatchObject({
    status: 200,
    body: {
      success: true,
      error: null,
      correlation_id: 'nightly-1',
      result: { is_new: true, run: { job: 'tidy_up', dry_run: true, trigger: 'manual', triggered_by: 'alice' } },
    },
  })
  const seen = await send(alice, 'GET', `/automation/jobs/${asked.body.result.run.id}`)
  expect(seen).toMatchObject({
    status: 200,
    body: { success: true, result: { run: { state: 'done' }, report: { summary: 'Tidied up.' } } },
  })
  const rows = await readAudit(stack.aegis)
  expect(rows.find(({ tool, status }) => tool === 'run_automation_job' && status === 'pending')).toMatchObject({
    actor: { login: 'alice' },
    via: 'direct',
    correlation_id: 'nightly-1',
    arguments: { job: 'tidy_up', dry_run: true },
  })
})

test('the same over MCP, in lines', async () => {
  const started = await stack.call(alice, 'run_automation_job', { job: 'tidy_up', ...booking })
  await stack.aegis.app.automation?.runner.idle()
  const listed = await stack.call(alice, 'list_automation_runs', booking)

  expect(started.text).toContain('Asked for.')
  expect(listed.text).toMatch(/done tidy_up \(manual alice\)/)
  expect(listed.text).toContain('Jobs allowed here: tidy_up.')
})

test('without a token nobody learns anything', async () => {
  expect((await send(undefined, 'GET', '/automation/jobs/0123456789')).status).toBe(401)
  expect((await send(undefined, 'POST', '/automation/jobs/run', {})).status).toBe(401)
})

test('who may not see the repository is told the same as for an id that there is not', async () => {
  const { body } = await ask(alice, { job: 'tidy_up', owner: 'harbor', repo: 'infra' })
  const { id } = body.result.run

  const hidden = await send(mallory, 'GET', `/automation/jobs/${id}`)
  const unknown = await send(mallory, 'GET', '/automation/jobs/0123456789')

  expect((await send(alice, 'GET', `/automation/jobs/${id}`)).status).toBe(200)
  expect(hidden.status).toBe(404)
  expect(JSON.stringify(hidden.body)).not.toContain('infra')
  expect(hidden.body.error.replace(id, '')).toBe(unknown.body.error.replace('0123456789', ''))
})

test('who may only read starts nothing, and what the policy does not allow is told with its rule', async () => {
  expect(await ask(mallory, { job: 'tidy_up', ...booking })).toMatchObject({
    status: 403,
    body: { success: false, error_code: 'forbidden', error: expect.stringContaining('does not let mallory change') },
  })
  expect(await ask(alice, { job: 'tidy_up', owner: 'alice', repo: 'field-notes' })).toMatchObject({
    status: 403,
    body: { error: expect.stringContaining('automation_tidy_up') },
  })
})

test('what is wrong with a request is named', async () => {
  const errors = await Promise.all([
    ask(alice, { job: 'tidy', ...booking }),
    ask(alice, { job: 'tidy_up', ...booking, parameters: { weeks: 1 } }),
    ask(alice, { job: 'tidy_up', ...booking, dryrun: true }),
    ask(alice, { job: 'tidy_up', ...booking, correlation_id: 'two words' }),
    ask(alice, { job: 'tidy_up', ...booking, because: 'of that' }),
  ])

  expect(errors.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
  expect(errors.map(({ body }) => body.error)).toEqual([
    expect.stringContaining('There is no job “tidy”'),
    expect.stringContaining('It takes days, labels.'),
    expect.stringContaining('unknown “dryrun”'),
    expect.stringContaining('"correlation_id"'),
    expect.stringContaining('unknown “because”'),
  ])
  expect((await send(alice, 'GET', '/automation/jobs/run')).status).toBe(405)
  expect((await send(alice, 'POST', '/automation/jobs/0123456789', {})).status).toBe(405)
})

test('where automation is off, its tools are neither listed nor called', async () => {
  const off = await startStack(gitea, { policy: 'defaults: {read: allow, write: deny}\n' })
  const connection = await off.connect()

  const { tools } = Object(await (await fetch(`${off.url}/mcp/tools`)).json())
  const called = await off.call(connection, 'list_automation_runs', booking)
  const looked = await fetch(`${off.url}/automation/jobs/0123456789`, {
    headers: { authorization: `Bearer ${connection.accessToken}` },
  })

  expect(tools.map(({ name }: { name: string }) => name)).not.toContain('list_automation_runs')
  expect(called.text).toContain('left out by AUTOMATION_ENABLED=false in the settings of this server')
  expect(looked.status).toBe(403)
  await off.close()
})

test('a client that read a private repository cannot carry it into a public one as parameters of a job', async () => {
  const guarded = await startStack(gitea, {
    policy: `${POLICY}private_to_public: block\n`,
    jobs: [sampleJob()],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await gitea.createToken(seedPeople.bob.login, ['read:user', 'write:repository']),
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: 'harbor/booking',
    },
  })
  const reader = await guarded.connect(seedPeople.alice, WRITING)
  const start = (parameters: Record<string, unknown>) =>
    guarded.call(reader, 'run_automation_job', { job: 'tidy_up', ...booking, parameters })

  expect((await start({ days: 5 })).text).toContain('Asked for.')
  await guarded.call(reader, 'list_automation_runs', { owner: 'harbor', repo: 'infra' })
  expect((await start({ labels: ['what it read'] })).text).toContain(
    'this client read harbor/infra, which is not public',
  )
  expect(guarded.aegis.app.automation?.queue.list({ limit: 5 }).map(({ parameters }) => parameters)).toEqual([
    '{"days":5}',
  ])
  await guarded.close()
})

describe('a service token does not lend its own rights to who may only read', () => {
  test.each([
    ['a site administrator', seedPeople.admin.login],
    ['an owner of the repository', seedPeople.bob.login],
  ])('the token of %s', async (_whose, login) => {
    const token = await gitea.createToken(login, ['read:user', 'read:organization', 'write:repository', 'write:issue'])
    const serving = await startStack(gitea, {
      policy: POLICY,
      jobs: [sampleJob({ run: async () => ({ summary: 'A key is in line 3.' }) })],
      settings: {
        AUTOMATION_ENABLED: 'true',
        GITEA_TOKEN: token,
        WRITE_MODE: 'true',
        WRITE_REPOSITORY_WHITELIST: 'harbor/booking',
      },
    })
    const reader = await serving.connect(seedPeople.mallory, WRITING)
    const writer = await serving.connect(seedPeople.alice, WRITING)

    const refused = await serving.call(reader, 'run_automation_job', { job: 'tidy_up', ...booking })
    const started = await serving.call(writer, 'run_automation_job', { job: 'tidy_up', ...booking })
    await serving.aegis.app.automation?.runner.idle()
    const run = { ...booking, run_id: /^([0-9a-f]{10}): ready/m.exec(started.text)?.[1] }

    expect(refused.text).toMatch(/does not let mallory change harbor\/booking|mallory may not write there/)
    expect((await serving.call(writer, 'get_automation_run', run)).text).toContain('A key is in line 3.')
    const shown = (await serving.call(reader, 'get_automation_run', run)).text
    expect(shown).toContain('done tidy_up')
    expect(shown).not.toContain('A key is in line 3.')
    await serving.close()
  })
})
