import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createRecentReads } from '../../src/gate/recent-reads.js'
import { defineJob, type Job, type JobContext } from '../../src/jobs/define-job.js'
import { systemClock } from '../../src/lib/clock.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  harbor/booking:
    tools: {allow: [automation_greet]}
    automation: {greet: {parameters: {text: From the policy}}}
`

let gitea: GiteaUnderTest
let token: string
const stacks: Stack[] = []

beforeAll(async () => {
  gitea = await startGitea()
  token = await gitea.createToken(seedPeople.alice.login, ['write:issue', 'write:repository', 'read:user'])
})

afterAll(() => gitea.close())

afterEach(async () => {
  await Promise.all(stacks.splice(0).map((stack) => stack.close()))
})

type Greeting = JobContext<{ text: string }>

/** A job whose work the test gives. */
function greet(run: (context: Greeting) => Promise<void>, more: Partial<Job> = {}): Job {
  return {
    ...defineJob({
      name: 'greet',
      title: 'Greet',
      description: 'Comments on an issue.',
      tools: ['create_issue_comment', 'get_issue'],
      deadlineMs: 10_000,
      maxAttempts: 3,
      events: [],
      parameters: z.strictObject({ text: z.string().default('Hello') }),
      dedupe: () => undefined,
      run: async (context) => {
        await run(context)
        return { summary: 'Greeted.' }
      },
    }),
    ...more,
  }
}

const sayHello = (context: Greeting) =>
  context.change({
    key: `greet:${context.id}`,
    tool: 'create_issue_comment',
    args: { ...context.repository, issue_number: 1, body: context.parameters.text },
    what: 'comment on #1',
  })

async function start(job: Job, settings: Record<string, string> = {}) {
  const stack = await startStack(gitea, {
    policy: POLICY,
    jobs: [job],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: token,
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: 'harbor/booking',
      ...settings,
    },
  })
  stacks.push(stack)
  const { automation } = stack.aegis.app
  if (automation === undefined) throw new Error('automation is off')
  const run = async (repository = 'harbor/booking', more = {}) => {
    const { id } = automation.queue.enqueue({
      kind: 'greet',
      repository,
      trigger: 'manual',
      triggeredBy: 'test',
      ...more,
    })
    await automation.runner.idle()
    const row = automation.queue.find(id)
    if (row === undefined) throw new Error('the job is gone')
    return { ...row, report: JSON.parse(row.report ?? '{}') as Record<string, unknown> }
  }
  return { stack, automation, run }
}

test('a job changes Gitea through the gate, as the automation’s own account, with the parameters of the policy', async () => {
  const { stack, run } = await start(greet(async (context) => void (await sayHello(context))))

  const job = await run()

  expect(job).toMatchObject({ state: 'done', attempts: 1, lastError: null })
  expect(job.report).toMatchObject({
    summary: 'Greeted.',
    effects: [{ tool: 'create_issue_comment', what: 'comment on #1', status: 'made' }],
  })
  const rows = (await readAudit(stack.aegis)).filter((row) => row.via === 'job')
  expect(rows.map(({ tool, status }) => `${tool} ${status}`)).toEqual([
    'create_issue_comment pending',
    'create_issue_comment success',
  ])
  expect(rows[0]).toMatchObject({
    actor: { login: seedPeople.alice.login, client: 'job:greet' },
    correlation_id: 'test',
    arguments: { body: 'From the policy' },
    decision: { rule: 'repositories.harbor/booking.tools.allow[0]' },
  })
})

test('a dry run shows what it would send and sends nothing', async () => {
  const { stack, run } = await start(greet(async (context) => void (await sayHello(context))))

  const job = await run('harbor/booking', { dryRun: true })

  expect(job.report.effects).toEqual([
    {
      tool: 'create_issue_comment',
      what: 'comment on #1',
      status: 'planned',
      arguments: { owner: 'harbor', repo: 'booking', issue_number: 1, body: 'From the policy' },
    },
  ])
  expect((await readAudit(stack.aegis)).filter((row) => row.via === 'job')).toEqual([])
})

test('where the policy does not allow the job it does not run, and says which rule', async () => {
  const { run } = await start(greet(async (context) => void (await sayHello(context))))

  const job = await run('harbor/infra')

  expect(job).toMatchObject({ state: 'cancelled' })
  expect(job.lastError).toBe(
    'The policy denies tools that write unless it names them, and automation_greet is not named.',
  )
})

test('a job calls only the tools that it declares', async () => {
  const { run } = await start(greet(async ({ read }) => void (await read('list_issues', {}, z.unknown()))))

  const job = await run()

  expect(job).toMatchObject({ state: 'dead', lastError: 'The job greet has not declared the tool list_issues.' })
})

test('a run stays in its repository', async () => {
  const { run } = await start(
    greet(
      async ({ read }) =>
        void (await read('get_issue', { owner: 'harbor', repo: 'infra', issue_number: 1 }, z.unknown())),
    ),
  )

  const job = await run()

  expect(job).toMatchObject({ state: 'dead', lastError: 'A run of greet in harbor/booking stays in it.' })
})

test('a change that was made is not made again by the next attempt', async () => {
  let attempt = 0
  const { automation, run } = await start(
    greet(async (context) => {
      await sayHello(context)
      attempt += 1
      if (attempt === 1) throw new Error('after the comment')
    }),
  )

  const first = await run()
  expect(first).toMatchObject({ state: 'ready', attempts: 1, lastError: 'after the comment' })
  expect(first.runAt).toBeGreaterThan(Date.now())

  automation.queue.cancel(first.id, 'not waiting for it')
  automation.queue.revive(first.id)
  await automation.runner.idle()
  const report: unknown = JSON.parse(automation.queue.find(first.id)?.report ?? '')
  expect(report).toMatchObject({ effects: [{ status: 'already_made' }] })
})

test('what a person has to change first is not tried again', async () => {
  const { run } = await start(
    greet(async (context) => void (await sayHello(context))),
    { WRITE_MODE: 'false', WRITE_REPOSITORY_WHITELIST: '' },
  )

  const job = await run()

  expect(job).toMatchObject({ state: 'dead', attempts: 1 })
  expect(job.lastError).toContain('WRITE_MODE')
})

test('one job of a repository runs at a time', async () => {
  let now = 0
  let most = 0
  const { automation, run } = await start(
    greet(async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 20))
      now -= 1
    }),
  )
  for (let index = 0; index < 4; index += 1) {
    automation.queue.enqueue({ kind: 'greet', repository: 'harbor/booking', trigger: 'manual', triggeredBy: 'test' })
  }
  await run()

  expect(most).toBe(1)
})

test('what a run read in a private repository does not keep the next one from writing to a public one', async () => {
  await gitea.addIssue({ owner: 'harbor', repo: 'infra', title: 'Rotate the keys', author: seedPeople.bob.login })
  const job = greet(async (context) => {
    const { repository, read } = context
    await read('get_issue', { ...repository, issue_number: 1 }, z.unknown())
    if (repository.repo === 'booking') await sayHello(context)
  })
  const stack = await startStack(gitea, {
    policy: 'private_to_public: block\ntools: {allow: [automation_greet]}\n',
    jobs: [job],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: token,
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: 'harbor/booking, harbor/infra',
    },
  })
  stacks.push(stack)
  const { automation } = stack.aegis.app
  if (automation === undefined) throw new Error('automation is off')
  for (const repository of ['harbor/infra', 'harbor/booking']) {
    const { id } = automation.queue.enqueue({ kind: 'greet', repository, trigger: 'manual', triggeredBy: 'test' })
    await automation.runner.idle()
    expect(automation.queue.find(id)).toMatchObject({ state: 'done', lastError: null })
  }

  // nor after a restart, when the audit log tells what was read
  const { actor } = (await readAudit(stack.aegis)).find(({ via }) => via === 'job') ?? {}
  const { account: accountId, client: clientId } = Object(actor)
  expect(clientId).toBe('job:greet')
  expect(createRecentReads(stack.aegis.app.store, systemClock).list({ accountId, clientId }, 0)).toEqual([])
})
