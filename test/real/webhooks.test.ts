import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RealGitea, startRealGitea } from '../support/gitea-real/start.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const SECRET = 'the-current-secret'
const OLDER = 'the-secret-before'
const { alice } = seedPeople

let gitea: RealGitea
let stack: Stack<RealGitea>

beforeAll(async () => {
  gitea = await startRealGitea({ seed: true })
  await gitea.addRepository({ owner: alice.login, name: 'told', private: true, files: { 'README.md': '# Told\n' } })
  stack = await startStack(gitea, {
    policy: 'defaults: {read: allow, write: deny}\ntools: {allow: [automation_label_sync]}\n',
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await gitea.createToken(seedPeople.bob.login, ['all']),
      AUTOMATION_WEBHOOK_SECRETS: `${SECRET},${OLDER}`,
    },
  })
  for (const [type, secret] of [
    ['json', SECRET],
    ['form', OLDER],
  ]) {
    await sendToGitea(gitea, alice.login, 'POST', `/repos/${alice.login}/told/hooks`, {
      type: 'gitea',
      config: { url: `${stack.url}/automation/webhook`, content_type: type, secret },
      events: ['push', 'issues', 'create', 'release', 'wiki', 'repository', 'pull_request'],
      active: true,
    })
  }
}, 120_000)

afterAll(async () => {
  await stack.close()
  await gitea.close()
})

const count = (outcome: string, event: string) =>
  stack.aegis.app.store.sqlite
    .prepare('SELECT count(*) FROM webhook_delivery WHERE outcome = ? AND event_type = ?')
    .pluck()
    .get(outcome, event)

test('what a running Gitea sends as JSON and as a form is taken, and one event of two webhooks counts once', async () => {
  await sendToGitea(gitea, alice.login, 'POST', `/repos/${alice.login}/told/issues`, {
    title: 'Fog on the quay: “ünï” & +',
  })
  await gitea.commit(alice.login, 'told', { message: 'Second', files: { 'läufer +%.md': 'x\n' } })

  await expect
    .poll(() => [count('nothing_to_do', 'issues'), count('duplicate', 'issues')], { timeout: 20_000 })
    .toEqual([1, 1])
  await expect.poll(() => [count('queued', 'push'), count('duplicate', 'push')], { timeout: 20_000 }).toEqual([1, 1])

  const facts = stack.aegis.app.store.sqlite
    .prepare<[], string>(`SELECT facts FROM webhook_delivery WHERE event_type = 'push' AND outcome = 'queued'`)
    .pluck()
    .get()
  expect(JSON.parse(facts ?? '')).toMatchObject({ branch: 'main', private: true, changed_paths: ['läufer +%.md'] })
  expect(stack.aegis.app.automation?.queue.list({ limit: 10 })).toMatchObject([
    { kind: 'label_sync', trigger: 'webhook' },
  ])
  expect(stack.aegis.logLines.filter((line) => line.includes('"webhook_refused"'))).toEqual([])
})
