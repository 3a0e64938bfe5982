import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { deliver } from '../webhooks/deliver.js'
import { useDoctorGround } from './doctor-ground.js'
import { runAegis } from './run-aegis.js'

const ground = useDoctorGround()
const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  alice/web:
    tools: {allow: [automation_label_sync]}
  alice/quiet:
    tools: {allow: [automation_mention_digest]}
  ferries/*:
    tools: {allow: [automation_stale_issue_detection]}
`
let owner: string
let robot: string

beforeAll(async () => {
  const { gitea } = ground
  await gitea.addUser({ login: 'robot', password: 'robot-passw0rd' })
  await gitea.addOrganization({ name: 'ferries', owner: 'alice' })
  for (const name of ['web', 'quiet']) {
    await gitea.addRepository({ owner: 'alice', name, files: { 'README.md': name } })
  }
  owner = await gitea.createToken('alice', ['write:repository', 'write:organization'])
  robot = await gitea.createToken('robot', ['write:repository', 'write:issue', 'read:user', 'read:organization'])
})

async function prepare(settings: Record<string, string> = {}) {
  const automation = {
    AUTOMATION_ENABLED: 'true',
    AUTOMATION_TOKEN: robot,
    AUTOMATION_WEBHOOK_SECRETS: 'the-secret-of-the-webhooks',
    ...settings,
  }
  const place = await ground.install(automation)
  writeFileSync(join(place.folder, 'policy.yaml'), POLICY)
  const look = async (more: Record<string, string> = {}) => {
    const { findings } = await place.doctor(more, '--no-register')
    return findings.filter(({ section }) => section === 'Webhooks')
  }
  return { place, look }
}

test('each place whose jobs wait for events is looked at, as far as a token allows', async () => {
  const { place, look } = await prepare()

  expect(await look()).toMatchObject([
    { step: 'webhook secrets', status: 'ok' },
    {
      step: 'webhook of alice/web',
      status: 'skipped',
      found: expect.stringContaining('webhooks check --repo alice/web'),
    },
    { step: 'webhook of the organization ferries', status: 'skipped' },
  ])
  const asOwner = { GITEA_ADMIN_TOKEN: owner }
  expect(await look(asOwner)).toMatchObject([
    { status: 'ok' },
    { status: 'warning', fix: 'aegis webhooks install --repo alice/web' },
    { status: 'warning', fix: 'aegis webhooks install --org ferries' },
  ])
  const run = (...args: string[]) =>
    runAegis(['webhooks', ...args], { cwd: place.folder, env: { ...place.settings, ...asOwner } })
  expect(await run('install', '--repo', 'alice/web')).toMatchObject({ code: 0 })
  expect(await run('install', '--org', 'ferries', '--events', 'push')).toMatchObject({ code: 0 })

  const found = await look(asOwner)

  expect(found).toMatchObject([
    { status: 'ok' },
    { step: 'webhook of alice/web', status: 'ok' },
    { status: 'warning', found: expect.stringContaining('issue_comment') },
  ])
  expect(JSON.stringify(found)).not.toContain('the-secret-of-the-webhooks')
})

test('what arrived lately is told where Gitea may not be asked', async () => {
  const { place, look } = await prepare()
  const server = await place.start()
  writeFileSync(join(place.folder, 'policy.yaml'), POLICY)
  const repository = { id: 1, name: 'web', private: false, owner: { login: 'alice' } }
  const issue = { action: 'opened', number: 1, issue: { number: 1 }, repository, sender: { login: 'alice' } }
  await deliver(server.url, 'the-secret-of-the-webhooks', 'issues', issue)

  expect((await look())[1]).toMatchObject({ status: 'ok', found: expect.stringMatching(/^the last delivery came 20/) })
  expect((await look({ GITEA_ADMIN_TOKEN: owner }))[1]).toMatchObject({
    status: expect.stringMatching(/ok|warning/),
  })
})

test('without a secret nothing comes in, and two are told to become one again', async () => {
  expect((await (await prepare({ AUTOMATION_WEBHOOK_SECRETS: '' })).look())[0]).toMatchObject({ status: 'failed' })
  const two = await prepare({ AUTOMATION_WEBHOOK_SECRETS: 'one-of-two-long-secrets,two-of-two-long-secrets' })
  expect((await two.look())[0]).toMatchObject({ status: 'warning', found: expect.stringContaining('There are 2') })
})

test('where automation is off there is nothing to say', async () => {
  const { look } = await prepare({ AUTOMATION_ENABLED: 'false' })

  expect(await look()).toEqual([])
})
