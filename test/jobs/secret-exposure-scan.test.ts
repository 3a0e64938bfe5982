import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createJobs, DEFAULT_JOB_SETTINGS } from '../../src/jobs/catalog.js'
import { type AlertReceiver, startAlertReceiver } from '../support/alert-receiver.js'
import { expectNothingOf, makeSecret } from '../support/fake-secrets.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'secret_exposure_scan'
/** Private. */
const SAFE = 'alice/safe'
/** Public. */
const SHOP = 'alice/shop'
const SECRET = 'the-current-webhook-secret'
const NONE = '0'.repeat(40)

let gitea: GiteaUnderTest
let jobs: RunningJobs
let receiver: AlertReceiver
const heads = new Map<string, string>()

beforeAll(async () => {
  gitea = await startGitea()
  receiver = await startAlertReceiver()
  for (const name of ['safe', 'shop']) {
    await gitea.addRepository({ owner: 'alice', name, private: name === 'safe', files: { 'a.txt': 'a\n' } })
    heads.set(`alice/${name}`, await gitea.commit('alice', name, { message: 'Begun', files: { 'b.txt': 'b\n' } }))
  }
  jobs = await startJobs(gitea, await addBot(gitea, SAFE, SHOP), {
    repository: `${SAFE},${SHOP}`,
    settings: {
      AUTOMATION_ALERT_WEBHOOK_URL: receiver.url,
      AUTOMATION_WEBHOOK_SECRETS: `${SECRET},an-older-webhook-secret`,
      SECRET_DETECTION_MODE: 'off',
    },
    policy: `
tools: {allow: [automation_${KIND}]}
automation: {jobs: {${KIND}: {parameters: {ignore_paths: [examples]}}}}
`,
  })
})

beforeEach(() => {
  receiver.received.length = 0
})

afterAll(async () => {
  await jobs.close()
  await receiver.close()
  await gitea.close()
})

async function push(repository: string, files: Readonly<Record<string, string>>, branch = 'main') {
  const [owner = '', name = ''] = repository.split('/')
  const isNew = !heads.has(`${repository}:${branch}`) && branch !== 'main'
  const before = isNew ? NONE : (heads.get(branch === 'main' ? repository : `${repository}:${branch}`) ?? NONE)
  const after = await gitea.commit(owner, name, {
    message: 'Work',
    files,
    ...(branch === 'main' ? {} : { branch, ...(isNew ? { from: 'main' } : {}) }),
  })
  heads.set(branch === 'main' ? repository : `${repository}:${branch}`, after)
  return { event: 'push', ref: `refs/heads/${branch}`, before, after, sender: 'bob' }
}

const scan = async (repository: string, files: Readonly<Record<string, string>>, branch?: string) => {
  const facts = await push(repository, files, branch)
  return { facts, job: await jobs.run(KIND, { repository, facts }) }
}

const Issues = z.array(z.object({ number: z.int(), title: z.string(), state: z.string(), body: z.string() }))

async function listReports(repository: string) {
  const all = Issues.parse(
    await sendToGitea(gitea, 'alice', 'GET', `/repos/${repository}/issues?state=all&type=issues`),
  )
  return all.filter(({ body }) => body.includes(`<!-- aegis:${KIND}:report -->`))
}

async function listStatuses(repository: string, sha: string) {
  const all = z
    .array(z.object({ status: z.string(), context: z.string(), description: z.string(), target_url: z.string() }))
    .nullable()
    .parse(await sendToGitea(gitea, 'alice', 'GET', `/repos/${repository}/statuses/${sha}`))
  return (all ?? []).map(({ status, context }) => `${context} ${status}`)
}

test('every push is a job of its own, and what brings no commits is none', () => {
  const job = createJobs(DEFAULT_JOB_SETTINGS).find(({ name }) => name === KIND)
  const facts = { event: 'push', ref: 'refs/heads/main', before: 'a'.repeat(40), after: 'b'.repeat(40) }
  const keys = [
    facts,
    { ...facts, before: facts.after, after: 'c'.repeat(40) },
    { ...facts, after: NONE },
    { ...facts, ref: 'refs/pull/1/head' },
    { ...facts, event: 'delete' },
  ].map((some) => job?.dedupe(some, SAFE))

  expect(new Set(keys.slice(0, 2)).size).toBe(2)
  expect(keys.slice(2)).toEqual([undefined, undefined, undefined])
})

test('a push without secrets says nothing', async () => {
  const { job, facts } = await scan(SHOP, { 'fine.txt': 'nothing\n' })

  expect(job.report).toMatchObject({ summary: '1 commits were looked at: 0 secrets, 0 of them new.', effects: [] })
  expect(await listStatuses(SHOP, facts.after)).toEqual([])
})

test('in a public repository the status says no detail, and the administrators are told all but the secret', async () => {
  const secret = makeSecret()
  const { job, facts } = await scan(SHOP, { 'src/pay.ts': `// key\nconst key = '${secret}'\n` })

  expect(job.report.summary).toBe('1 commits were looked at: 1 secrets, 1 of them new.')
  expect(await listStatuses(SHOP, facts.after)).toEqual(['aegis/secrets failure'])
  expect(await listReports(SHOP)).toEqual([])

  const [sent] = receiver.received
  expect(receiver.received).toHaveLength(1)
  expect(JSON.parse(sent?.body ?? '')).toEqual({
    event: 'secret_exposed',
    repository: SHOP,
    rule: 'github-token',
    path: 'src/pay.ts',
    line: 2,
    commit: facts.after,
    url: `${gitea.url}/${SHOP}/commit/${facts.after}`,
  })
  expect(sent?.headers).toMatchObject({
    'x-aegis-event': 'secret_exposed',
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET)
      .update(sent?.body ?? '')
      .digest('hex')}`,
  })

  const { aegis } = jobs.stack
  expect((await readAudit(aegis)).filter(({ reason }) => reason === 'secret_exposed')).toMatchObject([
    {
      type: 'security_event',
      target: { repository: SHOP, path: 'src/pay.ts', ref: facts.after },
      details: { rule: 'github-token', line: 2, visibility: 'public', job: KIND },
    },
  ])
  expect(aegis.logLines.filter((line) => line.includes('"secret_exposed"'))).toHaveLength(1)
  const metrics = await (await fetch(`${jobs.stack.url}/metrics`)).text()
  expect(metrics).toContain('aegis_secret_alerts_total{visibility="public"} 1')
  const rows = jobs.stack.aegis.app.store.sqlite.prepare('SELECT * FROM job').all()
  const entries = JSON.stringify(await readAudit(aegis))
  expectNothingOf(secret, sent?.body ?? '', entries, aegis.logLines.join(''), metrics, JSON.stringify(rows))
})

test('the same commit on another branch gets its status and is told once', async () => {
  const { after } = await push(SHOP, { 'late.env': `KEY=${makeSecret()}\n` }, 'topic')
  const first = { event: 'push', ref: 'refs/heads/topic', before: NONE, after }
  await jobs.run(KIND, { repository: SHOP, facts: first })
  const again = await jobs.run(KIND, { repository: SHOP, facts: { ...first, ref: 'refs/heads/copy' } })

  expect(again.report).toMatchObject({ summary: '1 commits were looked at: 1 secrets, 0 of them new.', effects: [] })
  expect(receiver.received).toHaveLength(1)
  expect(await listStatuses(SHOP, after)).toEqual(['aegis/secrets failure'])
})

test('what the parameters leave out is no secret, and takes back that it was called one', async () => {
  const { facts, job } = await scan(SHOP, { 'examples/demo.env': `KEY=${makeSecret()}\n` })
  expect(job.report).toMatchObject({ summary: expect.stringContaining('0 secrets') })

  const parameters = { ignore_paths: [] }
  await jobs.run(KIND, { repository: SHOP, facts, parameters })
  await jobs.run(KIND, { repository: SHOP, facts, parameters: { ignore_paths: [], ignore_rules: ['github-token'] } })
  await jobs.run(KIND, { repository: SHOP, facts, parameters })

  expect((await listStatuses(SHOP, facts.after)).sort()).toEqual([
    'aegis/secrets failure',
    'aegis/secrets failure',
    'aegis/secrets success',
    'aegis/secrets success',
  ])
  const wrong = await jobs.run(KIND, { repository: SHOP, facts, parameters: { ignore_rules: ['no-such-rule'] } })
  expect(wrong.lastError).toContain('is no rule')
})

test('a clean push is said to be clean where that is asked for', async () => {
  const facts = await push(SHOP, { 'clean.txt': 'c\n' })
  await jobs.run(KIND, { repository: SHOP, facts, parameters: { set_success: true } })

  expect(await listStatuses(SHOP, facts.after)).toEqual(['aegis/secrets success'])
})

test('in a private repository one issue lives on: opened, edited, and opened again after people closed it', async () => {
  const [one, two, three] = [makeSecret(), makeSecret(), makeSecret()]
  const first = await scan(SAFE, { 'deploy/one.env': `KEY=${one}\n` })
  const [opened] = await listReports(SAFE)
  await scan(SAFE, { 'deploy/two.env': `KEY=${two}\n` })
  const [edited, ...more] = await listReports(SAFE)

  expect(more).toEqual([])
  expect(opened).toMatchObject({ state: 'open', title: 'Secrets were pushed to this repository' })
  expect(opened?.body).toContain('deploy/one.env:1')
  expect(opened?.body).toContain(first.facts.after.slice(0, 10))
  expect(opened?.body).toContain('pushed by bob')
  expect(opened?.body).toContain('**Rotate first.**')
  expect(opened?.body).not.toMatch(/@\w/)
  expect(edited?.number).toBe(opened?.number)
  expect(edited?.body).toContain('deploy/one.env:1')
  expect(edited?.body).toContain('deploy/two.env:1')
  expect(await listStatuses(SAFE, first.facts.after)).toEqual([])
  // those who can read it are told where they read it
  expect(receiver.received).toEqual([])

  await sendToGitea(gitea, 'alice', 'PATCH', `/repos/${SAFE}/issues/${opened?.number}`, { state: 'closed' })
  await jobs.run(KIND, { repository: SAFE, facts: first.facts })
  expect(await listReports(SAFE)).toMatchObject([{ state: 'closed', body: edited?.body }])
  await scan(SAFE, { 'deploy/three.env': `KEY=${three}\n` })
  const [reopened] = await listReports(SAFE)

  expect(reopened).toMatchObject({ number: opened?.number, state: 'open' })
  expect(reopened?.body).toContain('deploy/three.env:1')
  expect(reopened?.body).not.toContain('deploy/one.env')
  const texts = [opened?.body, edited?.body, reopened?.body].map(String)
  for (const secret of [one, two, three]) expectNothingOf(secret, ...texts)
})

test('where nothing may be written any more, the administrators alone are told', async () => {
  const facts = await push(SAFE, { 'quiet.env': `KEY=${makeSecret()}\n` })
  await sendToGitea(gitea, 'alice', 'PATCH', `/repos/${SAFE}`, { archived: true })
  const job = await jobs.run(KIND, { repository: SAFE, facts })

  expect(job).toMatchObject({ state: 'done', report: { effects: [{ tool: 'alert', status: 'made' }] } })
  expect(receiver.received).toHaveLength(1)
})

test('a dry run says what it would do and does nothing', async () => {
  const facts = await push(SHOP, { 'dry.env': `KEY=${makeSecret()}\n` })
  const { report } = await jobs.run(KIND, { repository: SHOP, facts, dryRun: true })

  expect(report.effects).toMatchObject([
    { tool: 'alert', status: 'planned', what: expect.stringContaining('dry.env:1') },
    { tool: 'create_commit_status', status: 'planned' },
  ])
  expect(receiver.received).toEqual([])
  expect(await listStatuses(SHOP, facts.after)).toEqual([])
  expect((await jobs.run(KIND, { repository: SHOP, facts })).report.summary).toContain('1 of them new')
})

test('a forced push whose beginning is gone is compared with the default branch', async () => {
  const { after } = await push(SHOP, { 'forced.env': `KEY=${makeSecret()}\n` }, 'forced')
  const facts = { event: 'push', ref: 'refs/heads/forced', before: 'd'.repeat(40), after }

  expect((await jobs.run(KIND, { repository: SHOP, facts })).report.summary).toBe(
    '1 commits were looked at: 1 secrets, 1 of them new.',
  )
  const gone = { ...facts, after: 'e'.repeat(40) }
  expect((await jobs.run(KIND, { repository: SHOP, facts: gone })).report).toMatchObject({
    left: 'Left out: 1 heads that are gone.',
  })
  const deleted = { ...facts, after: NONE }
  expect((await jobs.run(KIND, { repository: SHOP, facts: deleted })).report.summary).toBe('It was deleted.')
})

test('by hand each branch is looked at from where it was looked at last, and what is left is said', async () => {
  await gitea.addRepository({
    owner: 'alice',
    name: 'depot',
    private: false,
    files: { 'first.env': `KEY=${makeSecret()}\n` },
    commits: [{ message: 'Two', files: { 'two.txt': '2\n' } }],
  })
  await gitea.addCollaborator('alice', 'depot', bot.login, 'write')
  await gitea.commit('alice', 'depot', { message: 'Side', branch: 'side', from: 'main', files: { 's.txt': 's\n' } })
  const run = (parameters = {}) => jobs.run(KIND, { repository: 'alice/depot', dryRun: true, parameters })

  expect((await run()).report.summary).toBe('3 commits were looked at: 1 secrets, 1 of them new.')
  expect((await run({ max_commits: 1 })).report).toMatchObject({
    summary: '2 commits were looked at: 0 secrets, 0 of them new.',
    left: 'Left out: the oldest 1 commits (max_commits).',
  })
  expect((await run({ branches: ['side'] })).report.summary).toContain('1 commits')

  // nothing of this repository may be changed, and still the administrators are told
  const refused = await jobs.run(KIND, { repository: 'alice/depot' })
  expect(refused.state).toBe('dead')
  // and once, however often it is tried
  await jobs.run(KIND, { repository: 'alice/depot' })
  expect(receiver.received).toHaveLength(1)
})

test('a scheduled run goes on where the one before ended', async () => {
  await jobs.run(KIND, { repository: SHOP })
  expect((await jobs.run(KIND, { repository: SHOP })).report.summary).toBe('No branch has anything new.')

  await scan(SHOP, { 'more.txt': 'm\n' })
  expect((await jobs.run(KIND, { repository: SHOP })).report.summary).toBe('No branch has anything new.')
  await push(SHOP, { 'missed.txt': 'm\n' })
  expect((await jobs.run(KIND, { repository: SHOP })).report.summary).toContain('1 commits were looked at')
})
