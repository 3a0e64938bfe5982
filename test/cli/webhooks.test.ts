import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readAudit } from '../support/read-audit.js'
import { deliver } from '../webhooks/deliver.js'
import { clock, issue, prepareWebhooks, SECRET } from '../webhooks/start-webhooks.js'
import { runAegis } from './run-aegis.js'

const start = prepareWebhooks()

async function startBeside(policy?: string) {
  const started = await start({}, policy === undefined ? undefined : { policy })
  const { stack } = started
  const webhooks = (...args: string[]) =>
    runAegis(['webhooks', ...args], {
      cwd: stack.folder,
      env: { DATABASE_PATH: stack.aegis.databasePath, POLICY_FILE_PATH: stack.aegis.policyPath },
    })
  return { ...started, webhooks }
}

test('lists what Gitea delivered, with what came of it, and by repository and event', async () => {
  const { url, stack, webhooks } = await startBeside()
  expect((await webhooks('deliveries')).stdout).toBe('There is no such delivery.\n')
  const sent = await deliver(url, SECRET, 'issues', issue(12))
  await stack.aegis.app.automation?.runner.idle()
  clock.time += 1000
  await deliver(url, SECRET, 'wiki', { ...issue(1), sender: { login: 'bob\u001b[2J' } })

  const { stdout } = await webhooks('deliveries')

  expect(stdout.split('\n')[0]).toMatch(/^2026-11-21T\S+ {2}wiki opened {2}harbor\/booking, by bob\\u\{1b\}\[2J$/)
  expect(stdout).toContain('issues opened  harbor/booking, by bob\n')
  expect(stdout).toMatch(new RegExp(`${sent.answer.delivery} {2}queued\n {2}job \\w+ {2}note {2}done`))
  const listed = JSON.parse(
    (await webhooks('deliveries', '--event', 'issues', '--repo', 'Harbor/Booking', '--json')).stdout,
  )
  expect(listed).toMatchObject([
    { id: sent.answer.delivery, facts: { number: 12 }, jobs: [{ kind: 'note', state: 'done' }] },
  ])
  expect((await webhooks('deliveries', '--limit', '1', '--json')).stdout).not.toContain('issues')
  expect((await webhooks('deliveries', '--limit', '0')).code).toBe(2)
  expect((await webhooks('deliveries', '--repo', 'booking')).code).toBe(2)
})

test('a replay sets off what the policy of now allows, and is an entry in the audit log', async () => {
  const closed = 'defaults: {read: allow, write: deny}\n'
  const { url, stack, webhooks, jobs } = await startBeside(closed)
  // nothing runs, so that what waits can be seen
  stack.aegis.app.gate.panic.turnOn({ level: 'stop', by: 'carol' })
  const id = String((await deliver(url, SECRET, 'push', push())).answer.delivery)
  expect(await webhooks('replay', id)).toMatchObject({ code: 0, stdout: expect.stringContaining('sets nothing off') })

  writeFileSync(stack.aegis.policyPath, `${closed}tools: {allow: [automation_label_sync]}\n`)
  const replayed = await webhooks('replay', id, '--by', 'carol')

  expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^job \w+ {2}label_sync {2}ready\n$/) })
  expect(jobs()).toMatchObject([{ kind: 'label_sync', trigger: 'manual', triggeredBy: `replay:${id}`, state: 'ready' }])
  expect((await webhooks('deliveries')).stdout).toMatch(/nothing to do\n {2}job \w+ {2}label_sync {2}ready/)
  await expect
    .poll(async () =>
      (await readAudit(stack.aegis)).find(
        ({ reason, details }) => reason === 'webhook_replayed' && Object(details).by === 'carol',
      ),
    )
    .toMatchObject({ details: { delivery: id, jobs: [expect.any(String)] } })
  expect((await webhooks('replay', 'no-such-id')).code).toBe(1)
})

test('what is asked wrongly is told with how to ask', async () => {
  const { webhooks } = await startBeside()

  expect((await webhooks('replay')).code).toBe(2)
  expect((await webhooks('deliverys')).stderr).toContain('Did you mean deliveries?')
  expect((await webhooks()).stderr).toContain('Name what to do')
})

function push() {
  const { repository, sender } = issue(1)
  return {
    ref: 'refs/heads/main',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    repository: { ...repository, default_branch: 'main' },
    sender,
  }
}
