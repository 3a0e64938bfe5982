import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { HookPlace } from '../../src/gitea/hook-place.js'
import { createHookClient } from '../../src/gitea/hooks.js'
import { Secret } from '../../src/lib/secret.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { OLDER, SECRET, startWebhookGround } from './webhooks-ground.js'

const booking: HookPlace = { kind: 'repository', owner: 'harbor', repo: 'booking' }
const BOOKING = ['--repo', 'harbor/booking']

let gitea: GiteaUnderTest
/** The server’s own token: may write to the repository, not administer it. */
let own: string
/** Of the organization’s owner. */
let bob: string
/** Of the site administrator. */
let admin: string
const grounds: Awaited<ReturnType<typeof startWebhookGround>>[] = []

beforeAll(async () => {
  gitea = await startGitea()
  own = await gitea.createToken('alice', ['write:repository', 'write:issue', 'read:user', 'read:organization'])
  bob = await gitea.createToken('bob', ['write:repository', 'write:organization'])
  admin = await gitea.createToken('admin', ['write:repository', 'write:organization', 'write:admin'])
})
afterAll(() => gitea.close())
afterEach(async () => {
  for (const ground of grounds.splice(0)) {
    await ground.run(bob, ['remove', ...BOOKING])
    await ground.run(admin, ['remove', '--org', 'harbor'])
    await ground.run(admin, ['remove', '--instance'])
    await ground.close()
  }
})

async function start(settings: Readonly<Record<string, string>> = {}) {
  const ground = await startWebhookGround({ gitea, token: own, settings })
  grounds.push(ground)
  const hooks = createHookClient({ giteaUrl: gitea.url, token: new Secret(admin) })
  const ours = async (place: HookPlace = booking) => {
    const found = await hooks.list(place)
    return found.filter(({ url }) => url.startsWith(ground.stack.url))
  }
  return { ...ground, hooks, ours }
}

const Json = z.record(z.string(), z.unknown())
const parse = (text: string) => Json.parse(JSON.parse(text))

test('a webhook is made once, with all that the jobs need, and a test of it arrives with its signature', async () => {
  const { run, ours, stack } = await start()
  expect(await run(bob, ['check', ...BOOKING])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('no webhook delivers to'),
  })

  const made = await run(bob, ['install', ...BOOKING])

  expect(made.stderr).toBe('')
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Webhook \d+ of harbor\/booking is made\.\n/) })
  expect(made.stdout).not.toContain(SECRET)
  expect(await ours()).toMatchObject([
    {
      url: `${stack.url}/automation/webhook`,
      isActive: true,
      contentType: 'json',
      events: expect.arrayContaining(['push', 'issues_only', 'issue_comment', 'pull_request_only', 'repository']),
    },
  ])
  expect((await ours())[0]?.events).not.toContain('issue_milestone')
  const tested = await run(bob, ['test', ...BOOKING])
  expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining('came, and its signature holds') })
  expect((await run(bob, ['deliveries', '--repo', 'harbor/booking'])).stdout).toContain('push')
  const again = await run(bob, ['install', ...BOOKING, '--json'])
  expect(parse(again.stdout)).toMatchObject({ outcome: 'in_order', corrected: [] })
  expect(await ours()).toHaveLength(1)
  expect(await run(bob, ['check', ...BOOKING])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Last delivery: push, .*\(0 min ago\)\nIn order\.\n$/),
  })
})

test('one that is there and wrong is corrected, and what somebody else set in it stays', async () => {
  const { run, ours, hooks, stack } = await start()
  const url = `${stack.url}/automation/webhook`
  await hooks.create(booking, { url, events: ['wiki', 'issues_only'], isActive: false, secret: new Secret(SECRET) })
  await fetch(`${gitea.url}/api/v1/repos/harbor/booking/hooks/${(await ours())[0]?.id}`, {
    method: 'PATCH',
    headers: { authorization: `token ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      events: ['wiki', 'issues_only'],
      authorization_header: 'Bearer of-a-proxy',
      branch_filter: 'main',
    }),
  })
  const checked = await run(bob, ['check', ...BOOKING])
  expect(checked).toMatchObject({ code: 1, stdout: expect.stringContaining('it is switched off') })
  expect(checked.stdout).toMatch(/it lacks .*push/)
  expect(checked.stdout).toContain('its branch filter is main')

  const corrected = parse((await run(bob, ['install', ...BOOKING, '--json'])).stdout)

  expect(corrected).toMatchObject({ outcome: 'corrected', webhook: { active: true, sends_authorization: true } })
  expect(JSON.stringify(corrected)).not.toContain('of-a-proxy')
  const [hook] = await ours()
  expect(hook).toMatchObject({ isActive: true, branchFilter: 'main' })
  expect(hook?.authorization?.reveal()).toBe('Bearer of-a-proxy')
  expect(hook?.events).toEqual(expect.arrayContaining(['wiki', 'push', 'issues_only', 'pull_request_only']))
  // “issues” written back would have meant these too
  expect(hook?.events).not.toContain('issue_label')

  await run(bob, ['install', ...BOOKING, '--events', 'push,issue_label'])
  expect((await ours())[0]?.events).toEqual(['issue_label', 'push'])
  expect(await run(bob, ['install', ...BOOKING, '--events', 'push,isue_label'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean issue_label'),
  })
})

test('an organization and the instance have one too, and it counts for their repositories', async () => {
  const { run, ours } = await start()

  expect(await run(bob, ['install', '--org', 'harbor'])).toMatchObject({ code: 0 })

  expect(await ours({ kind: 'organization', org: 'harbor' })).toHaveLength(1)
  expect(await run(bob, ['check', ...BOOKING])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('of the organization harbor delivers to'),
  })
  expect(await run(bob, ['remove', '--org', 'harbor'])).toMatchObject({ code: 0 })
  expect(await run(admin, ['install', '--instance'])).toMatchObject({ code: 0 })
  expect(await ours({ kind: 'instance' })).toHaveLength(1)
  expect(await run(admin, ['check', ...BOOKING])).toMatchObject({ code: 0 })
  const id = await gitea.addIssue({ owner: 'harbor', repo: 'booking', author: 'alice', title: 'For the instance' })
  await expect
    .poll(async () => (await run(admin, ['deliveries', '--event', 'issues', '--json'])).stdout)
    .toContain(`"number":${id}`)
  expect(await run(admin, ['remove', '--instance'])).toMatchObject({ code: 0 })
  expect(await ours({ kind: 'instance' })).toEqual([])
})

test('who may not manage webhooks is told which right is missing, and a person at the terminal is asked', async () => {
  const { run, ours, writeFile } = await start()

  const byServer = await run(undefined, ['install', ...BOOKING])
  expect(byServer).toMatchObject({ code: 1 })
  expect(byServer.stderr).toContain('an administrator of the repository')
  expect(byServer.stderr).toContain('--token-file')
  const reader = await gitea.createToken('bob', ['read:repository'])
  expect((await run(reader, ['list', ...BOOKING])).code).toBe(0)
  expect((await run(reader, ['install', ...BOOKING])).stderr).toContain('lacks the scope write:repository')
  expect((await run(bob, ['install', '--instance'])).stderr).toMatch(/scope (?:read|write):admin|site administrator/)
  expect((await run('0'.repeat(40), ['list', ...BOOKING])).stderr).toContain('does not know this token')
  expect((await run(bob, ['list', '--repo', 'harbor/nothing'])).stderr).toContain('There is no harbor/nothing')
  expect(await ours()).toEqual([])

  const atTerminal = await run(undefined, ['list', ...BOOKING], { typing: [[/Gitea token for this/, bob]] })
  expect(atTerminal).toMatchObject({ code: 0, stdout: expect.stringContaining('has no webhooks') })
  expect(`${atTerminal.stdout}${atTerminal.stderr}`).not.toContain(bob)
  const asked = await run(undefined, ['install', ...BOOKING, '--token-file', writeFile('token', `${bob}\n`)])
  expect(asked).toMatchObject({ code: 0 })
  expect((await run(undefined, ['list', ...BOOKING, '--token-file', 'not-there'])).stderr).toContain('cannot be read')
  expect((await run(bob, ['list', ...BOOKING])).stdout).toMatch(
    /on {3}http:\/\/127\.0\.0\.1:\d+\/automation\/webhook {2}\(here\)/,
  )
})

test('what is asked wrongly, and settings under which nothing would come, are told before Gitea is asked', async () => {
  const { run } = await start()

  expect((await run(bob, ['install'])).stderr).toContain('Name one place')
  expect((await run(bob, ['install', ...BOOKING, '--org', 'harbor'])).code).toBe(2)
  expect((await run(bob, ['install', ...BOOKING, '--url', 'ftp://here'])).code).toBe(2)
  const env = { AUTOMATION_WEBHOOK_SECRETS: '' }
  expect((await run(bob, ['install', ...BOOKING], { env })).stderr).toContain('openssl rand -hex 32')
  expect((await run(bob, ['install', ...BOOKING, '--rotate'])).stderr).toContain('put the new one first')
  expect((await run(bob, ['install', ...BOOKING], { env: { AUTOMATION_ENABLED: 'false' } })).stderr).toContain(
    'Set AUTOMATION_ENABLED=true',
  )
})

test('a secret is changed without a moment in which nothing comes', async () => {
  const first = await start()
  await first.run(bob, ['install', ...BOOKING])
  const [before] = await first.ours()
  const settings = { AUTOMATION_WEBHOOK_SECRETS: `the-next-secret-of-all,${SECRET}` }
  // the server does not know the new one yet, as when it was not restarted
  const early = await first.run(bob, ['install', ...BOOKING, '--rotate', '--wait', '2'], { env: settings })
  expect(early).toMatchObject({ code: 1, stdout: expect.stringContaining('Was the server restarted') })
  expect(await first.ours()).toHaveLength(2)

  const known = await startWebhookGround({ gitea, token: own, settings })
  grounds.push(known)
  const url = ['--url', `${known.stack.url}/automation/webhook`]
  const hooks = createHookClient({ giteaUrl: gitea.url, token: new Secret(admin) })
  for (const hook of await first.ours()) {
    await hooks.edit(booking, hook, { url: url[1] ?? '', events: hook.events, isActive: true })
  }
  const done = await known.run(bob, ['install', ...BOOKING, '--rotate', ...url])

  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('has taken the place of the old one') })
  const left = (await hooks.list(booking)).filter((hook) => hook.url === url[1])
  expect(left).toHaveLength(1)
  expect(left[0]?.id).toBeGreaterThan(before?.id ?? 0)
  expect(left[0]?.events).toEqual(before?.events)
})

test('the secret of an organization’s webhook is changed when an event has come from both', async () => {
  const first = await start({ AUTOMATION_WEBHOOK_SECRETS: `the-next-secret-of-all,${OLDER}` })
  const { run, ours } = first
  await run(bob, ['install', '--org', 'harbor'], { env: { AUTOMATION_WEBHOOK_SECRETS: OLDER } })

  const rotating = run(bob, ['install', '--org', 'harbor', '--rotate'])
  const place = { kind: 'organization', org: 'harbor' } as const
  await expect.poll(() => ours(place)).toHaveLength(2)
  // not before it began to wait
  await new Promise((resolve) => setTimeout(resolve, 500))
  await gitea.addIssue({ owner: 'harbor', repo: 'booking', author: 'alice', title: 'Seen twice' })

  expect(await rotating).toMatchObject({ code: 0 })
  expect(await ours(place)).toHaveLength(1)
})

test('a Gitea that may not send to this host is found out, with the line of its settings', async () => {
  const closed: GiteaSandbox = await startGiteaSandbox({ seed: true })
  try {
    const token = await closed.createToken('alice', ['write:repository', 'read:user'])
    const owner = await closed.createToken('bob', ['write:repository'])
    const ground = await startWebhookGround({ gitea: closed, token })
    await ground.run(owner, ['install', ...BOOKING])

    const tested = await ground.run(owner, ['test', ...BOOKING, '--wait', '1'])

    expect(tested).toMatchObject({ code: 1, stdout: expect.stringContaining('within 1 s') })
    expect(tested.stdout).toContain('[webhook]\n  ALLOWED_HOST_LIST = external, 127.0.0.1\n')
    expect(closed.deliveries).toMatchObject([{ type: 'push', status: undefined }])
    await ground.close()
  } finally {
    await closed.close()
  }
})

test('a Gitea that makes only patterns for new repositories is left as it was', async () => {
  const older: GiteaSandbox = await startGiteaSandbox({ seed: true, version: '1.23.8' })
  try {
    const token = await older.createToken('admin', ['all'])
    const ground = await startWebhookGround({ gitea: older, token })

    const made = await ground.run(token, ['install', '--instance'])

    expect(made).toMatchObject({ code: 1, stderr: expect.stringContaining('System Webhooks') })
    expect(older.requests.filter(({ method, status }) => method === 'DELETE' && status === 204)).toHaveLength(1)
    await ground.close()
  } finally {
    await older.close()
  }
})
