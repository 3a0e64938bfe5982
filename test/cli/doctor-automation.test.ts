import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import { createJobQueue } from '../../src/jobs/queue.js'
import { systemClock } from '../../src/lib/clock.js'
import { useDoctorGround } from './doctor-ground.js'

const ground = useDoctorGround()
const NEEDED = ['read:user', 'read:organization', 'write:repository', 'write:issue']
const POLICY = `
defaults: {read: allow, write: deny}
automation: {jobs: {stale_issue_detection: {schedule: 0 5 * * *}}}
repositories: {acme/*: {tools: {allow: [automation_stale_issue_detection]}}}
`

beforeAll(async () => {
  await ground.gitea.addUser({ login: 'aegis-bot', password: 'bot-passw0rd' })
  await ground.gitea.addUser({ login: 'steward', password: 'steward-passw0rd', admin: true })
})

/** What doctor says of automation, by step. */
async function findings(settings: Record<string, string>, policy = POLICY) {
  const place = await ground.install({
    AUTOMATION_ENABLED: 'true',
    WRITE_MODE: 'true',
    WRITE_ALLOW_ALL_TOKEN_REPOS: 'true',
    ...settings,
  })
  writeFileSync(join(place.folder, 'policy.yaml'), policy)
  const walk = await place.doctor()
  expect(JSON.stringify(walk.findings)).not.toContain(settings.AUTOMATION_TOKEN ?? '?')
  const own = walk.findings.filter(({ section }) => section === 'Automation')
  return { place, of: (step: string) => own.find((finding) => finding.step === step), own }
}

const bot = (scopes: readonly string[] = NEEDED) => ground.gitea.createToken('aegis-bot', [...scopes])

test('an account of its own with few rights, an allowed job, a secret and a clock are in order', async () => {
  const { own } = await findings({
    AUTOMATION_TOKEN: await bot(),
    AUTOMATION_WEBHOOK_SECRETS: 'a-secret-of-thirty-two-characters',
    AUTOMATION_SCHEDULER_ENABLED: 'true',
  })

  expect(own.filter(({ status }) => status !== 'ok')).toEqual([])
  expect(own.map(({ step, found }) => `${step}: ${found}`)).toEqual([
    'automation account: jobs act as aegis-bot',
    'automation token’s power: no more than it needs (read:user, read:organization, write:repository, write:issue)',
    'jobs: stale_issue_detection in acme/*',
    'schedules: stale_issue_detection (0 5 * * *)',
    'webhook secrets: one is set',
  ])
})

test('more power than jobs need is named, and so is less', async () => {
  const admin = await findings({ AUTOMATION_TOKEN: await ground.gitea.createToken('steward', ['all']) })
  const less = await findings({ AUTOMATION_TOKEN: await bot(['read:user', 'write:issue']) })

  expect(admin.of('automation account')).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('steward, a site administrator'),
    fix: expect.stringContaining('docs/automation.md'),
  })
  expect(admin.of('automation token’s power')).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('all'),
  })
  expect(less.of('automation token’s power')).toMatchObject({
    status: 'failed',
    found: 'AUTOMATION_TOKEN lacks read:organization, write:repository.',
  })
})

test('the account of people’s calls is better not that of the jobs', async () => {
  const { of } = await findings({ GITEA_TOKEN: await bot() })

  expect(of('automation account')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('Set AUTOMATION_TOKEN'),
  })
})

test('a token that Gitea does not take is named', async () => {
  const gone = await findings({ AUTOMATION_TOKEN: '0'.repeat(40) })
  const blind = await findings({ AUTOMATION_TOKEN: await bot(['write:repository']) })

  expect(gone.of('automation account')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('does not know'),
  })
  expect(blind.of('automation account')).toMatchObject({ status: 'failed', fix: expect.stringContaining('read:user') })
})

test('what keeps jobs from running is named: policy, write mode, clock, secrets', async () => {
  const settings = { AUTOMATION_TOKEN: await bot(), WRITE_MODE: 'false', WRITE_ALLOW_ALL_TOKEN_REPOS: 'false' }
  const { of } = await findings(settings, POLICY.replace('[automation_stale_issue_detection]', '[]'))
  const scheduled = await findings({ AUTOMATION_TOKEN: await bot() })

  expect(of('jobs')).toMatchObject({ status: 'warning', found: expect.stringContaining('allows no job') })
  expect(of('changes')).toMatchObject({ status: 'warning', fix: 'Set WRITE_MODE=true.' })
  expect(of('webhook secrets')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('aegis webhooks install'),
  })
  expect(scheduled.of('schedules')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('AUTOMATION_SCHEDULER_ENABLED=true'),
  })
})

test('runs that failed for good are counted', async () => {
  const { place } = await findings({ AUTOMATION_TOKEN: await bot() })
  const store = openStore({ path: place.settings.DATABASE_PATH ?? '', migrationsPath: 'migrations' })
  const queue = createJobQueue(store, systemClock)
  queue.enqueue({ kind: 'label_sync', repository: 'acme/web', trigger: 'manual', triggeredBy: 'test' })
  const held = queue.claim(60_000)
  if (held !== undefined) queue.end(held, 'dead', 'Gitea said no.')
  store.close()

  const { findings: found } = await place.doctor()

  expect(found.find(({ step }) => step === 'failed runs')).toMatchObject({
    status: 'warning',
    found: 'One waits for you.',
    fix: expect.stringContaining('aegis jobs list --state dead'),
  })
})

test('nothing is said while automation is off', async () => {
  const { own } = await findings({ AUTOMATION_ENABLED: 'false' })

  expect(own).toEqual([])
})
