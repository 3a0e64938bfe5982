import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { runAegis } from '../cli/run-aegis.js'
import { expectNothingOf, makeSecret } from '../support/fake-secrets.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { type AegisOptions, findFreePort, type RunningAegis, startAegis, toSettings } from '../support/start-aegis.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot } from '../support/start-jobs.js'

/** Public: its alerts must not point strangers to the secret. */
const SHOP = 'alice/shop'
/** Private: its members may read of it in an issue. */
const SAFE = 'alice/safe'
const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  alice/*:
    tools:
      allow:
        - automation_dependency_hygiene_scan
        - automation_secret_exposure_scan
        - automation_pull_request_hygiene
        - automation_stale_issue_detection
`

let gitea: GiteaUnderTest
let aegis: RunningAegis
let options: AegisOptions
let adminToken: string
const folder = mkdtempSync(join(tmpdir(), 'aegis-'))

beforeAll(async () => {
  gitea = await startGitea()
  for (const name of ['shop', 'safe']) {
    await gitea.addRepository({ owner: 'alice', name, private: name === 'safe', files: { 'README.md': `# ${name}\n` } })
  }
  const port = await findFreePort()
  const application = await gitea.createOAuthApplication({
    name: 'Aegis',
    redirectUris: [`http://127.0.0.1:${port}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  adminToken = await gitea.createToken('alice', ['write:repository'])
  options = {
    folder,
    port,
    gitea: { url: gitea.url, ...application },
    policy: POLICY,
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await addBot(gitea, SHOP, SAFE),
      AUTOMATION_WEBHOOK_SECRETS: 'the-secret-of-the-webhooks',
      AUTOMATION_RECONCILE_MINUTES: '15',
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: `${SHOP},${SAFE}`,
    },
  }
  aegis = await startAegis(options)
})
afterAll(async () => {
  await aegis.close()
  await gitea.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: readonly string[]) =>
  runAegis(args, { cwd: folder, env: { ...toSettings(options), GITEA_ADMIN_TOKEN: adminToken } })
const commit = (repository: string, files: Readonly<Record<string, string | null>>, branch?: string) =>
  gitea.commit('alice', repository.replace('alice/', ''), {
    files,
    message: 'Work',
    author: 'alice',
    ...(branch === undefined ? {} : { branch }),
  })
const ask = (path: string) => sendToGitea(gitea, 'alice', 'GET', path)

const Issues = z.array(
  z.object({ number: z.int(), title: z.string(), body: z.string(), user: z.object({ login: z.string() }) }),
)
const listReports = async (repository: string, job: string) => {
  const all = Issues.parse(await ask(`/repos/${repository}/issues?state=all&type=issues`))
  return all.filter(({ body, user }) => user.login === bot.login && body.includes(`<!-- aegis:${job}:report -->`))
}
const listStatuses = async (repository: string, sha: string) => {
  const Statuses = z.array(z.object({ context: z.string(), status: z.string() })).nullable()
  const all = Statuses.parse(await ask(`/repos/${repository}/statuses/${sha}`))
  return (all ?? []).map(({ context, status }) => `${context} ${status}`)
}
const listComments = async (repository: string, index: number) => {
  const Comments = z.array(z.object({ body: z.string(), user: z.object({ login: z.string() }) }))
  const all = Comments.parse(await ask(`/repos/${repository}/issues/${index}/comments`))
  return all.filter(({ user }) => user.login === bot.login)
}
const listJobs = () => {
  const { queue } = aegis.app.automation ?? expect.fail('automation is off')
  return queue.list({ limit: 500 })
}
/** Gitea and the jobs have all the time they need; whoever waits longer than this waits for nothing. */
const eventually = { timeout: 15_000, interval: 200 }

test('two webhooks are installed with one command each', async () => {
  for (const repository of [SHOP, SAFE]) {
    expect(await run('webhooks', 'install', '--repo', repository)).toMatchObject({ code: 0 })
    expect(await run('webhooks', 'test', '--repo', repository)).toMatchObject({ code: 0 })
    expect(await run('webhooks', 'check', '--repo', repository)).toMatchObject({ code: 0 })
  }
})

test('a dependency file and a key are pushed: the report, the status and the alert come, and no text has the key', async () => {
  const secret = makeSecret()
  const files = {
    'package.json': JSON.stringify({ name: 'shop', version: '1.0.0', dependencies: { express: '*', koa: '>=2' } }),
    'src/pay.ts': `export const key = '${secret}'\n`,
  }
  const head = await commit(SHOP, files)
  await commit(SAFE, { 'src/pay.ts': files['src/pay.ts'] })

  await expect.poll(() => listReports(SHOP, 'dependency_hygiene_scan'), eventually).toHaveLength(1)
  await expect.poll(() => listStatuses(SHOP, head), eventually).toContain('aegis/secrets failure')
  await expect.poll(() => listReports(SAFE, 'secret_exposure_scan'), eventually).toHaveLength(1)

  const [report] = await listReports(SHOP, 'dependency_hygiene_scan')
  const [alert] = await listReports(SAFE, 'secret_exposure_scan')
  expect(report?.body).toContain('express')
  expect(alert?.body).toContain('src/pay.ts')
  // where strangers read there is no issue about the secret
  expect(await listReports(SHOP, 'secret_exposure_scan')).toEqual([])
  const audit = await readAudit(aegis)
  const deliveries = (await run('webhooks', 'deliveries', '--json')).stdout
  expectNothingOf(
    secret,
    report?.body ?? '',
    alert?.body ?? '',
    JSON.stringify(audit),
    aegis.logLines.join(''),
    deliveries,
  )
  // as its own account, for the delivery that set it off
  const [delivery] = z
    .array(z.looseObject({ id: z.string() }))
    .parse(JSON.parse((await run('webhooks', 'deliveries', '--repo', SAFE, '--event', 'push', '--json')).stdout))
  expect(audit).toContainEqual(
    expect.objectContaining({
      actor: expect.objectContaining({ login: bot.login }),
      correlation_id: delivery?.id,
    }),
  )
})

test('the next push edits the same issue', async () => {
  const [before] = await listReports(SHOP, 'dependency_hygiene_scan')
  const pinned = { name: 'shop', version: '1.0.0', dependencies: { express: '*' } }

  await commit(SHOP, { 'package.json': JSON.stringify(pinned) })

  await expect
    .poll(async () => (await listReports(SHOP, 'dependency_hygiene_scan')).map(({ body }) => body), eventually)
    .not.toEqual([before?.body])
  const after = await listReports(SHOP, 'dependency_hygiene_scan')
  expect(after.map(({ number }) => number)).toEqual([before?.number])
})

test('what happens while the server is down is made up for when it is back, once', async () => {
  const { marks, runner } = aegis.app.automation ?? expect.fail('automation is off')
  // its first look has noted how things are
  await expect.poll(() => marks.get(`reconcile:${SHOP}`), eventually).toBeDefined()
  await runner.idle()
  await aegis.close()

  const number = await gitea.addIssue({ owner: 'alice', repo: 'shop', author: 'bob', title: 'Opened in the dark' })
  const lost = await commit(SHOP, { 'src/late.ts': `export const key = '${makeSecret()}'\n` })
  const head = await commit(SHOP, { 'src/new.ts': 'export {}\n' }, 'topic')
  const pull = await gitea.addPullRequest({
    owner: 'alice',
    repo: 'shop',
    author: 'alice',
    title: 'Topic',
    head: 'topic',
  })
  aegis = await startAegis(options)

  await expect.poll(() => listStatuses(SHOP, lost), eventually).toContain('aegis/secrets failure')
  await expect.poll(() => listStatuses(SHOP, head), eventually).toContain('aegis/pull-request warning')
  await expect.poll(() => listComments(SHOP, pull), eventually).toHaveLength(1)
  const made = listJobs().filter(({ trigger }) => trigger === 'reconcile')
  const facts = made.map((job) => ({ kind: job.kind, ...Object(JSON.parse(job.facts)) }))
  expect(facts).toContainEqual(expect.objectContaining({ kind: 'stale_issue_detection', action: 'opened', number }))
  expect(aegis.logLines.join('')).toContain('"deliveries_missed"')

  // and again: what was made up for is known
  await aegis.app.automation?.runner.idle()
  const known = listJobs().length
  await aegis.close()
  aegis = await startAegis(options)
  await expect.poll(() => aegis.logLines.join(''), eventually).toContain('"reconciled"')
  await aegis.app.automation?.runner.idle()
  const again = listJobs().slice(0, listJobs().length - known)
  expect(again.filter(({ kind }) => kind !== 'stale_issue_detection' && kind !== 'pull_request_hygiene')).toEqual([])
  expect(await listComments(SHOP, pull)).toHaveLength(1)
  expect(await listReports(SHOP, 'dependency_hygiene_scan')).toHaveLength(1)
  expect((await listStatuses(SHOP, lost)).filter((status) => status.startsWith('aegis/secrets'))).toHaveLength(1)
})
