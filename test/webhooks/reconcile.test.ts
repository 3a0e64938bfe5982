import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createAutomationAccount } from '../../src/identity/automation-account.js'
import { defineJob } from '../../src/jobs/define-job.js'
import { Secret } from '../../src/lib/secret.js'
import { createReconciler } from '../../src/webhooks/reconcile.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { deliver } from './deliver.js'

const SECRET = 'the-current-secret'
let gitea: GiteaUnderTest
let token: string
const closing: (() => Promise<void>)[] = []
let repositories = 0

beforeAll(async () => {
  gitea = await startGitea()
  token = await gitea.createToken('bob', ['all'])
})
afterAll(() => gitea.close())
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Keeps what it was set off by. */
const note = defineJob({
  name: 'note',
  title: 'Note',
  description: 'For tests.',
  tools: [],
  deadlineMs: 1000,
  maxAttempts: 1,
  events: ['push', 'delete', 'issues', 'pull_request', 'pull_request_sync', 'release'],
  parameters: z.strictObject({}),
  dedupe: ({ event, action, number, branch, after, tag }, repository) =>
    [repository, event, action, number, branch, after, tag].join(':'),
  run: async () => ({ summary: 'Noted.' }),
})

async function makeRepository(name = `ferry-${++repositories}`) {
  await gitea.addRepository({ owner: 'harbor', name, files: { 'README.md': 'Ferry\n' } })
  return name
}

interface Options {
  readonly policy?: string
  readonly everyMs?: number
  readonly limits?: { readonly repositories: number; readonly requests: number }
}

async function start(names: readonly string[], { policy, everyMs = 0, limits }: Options = {}) {
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead }
  const rules = names.map((name) => `  harbor/${name}:\n    tools: {allow: [automation_note]}\n`).join('')
  const stack: Stack = await startStack(gitea, {
    policy: policy ?? `defaults: {read: deny, write: deny}\nrepositories:\n${rules}`,
    jobs: [note],
    clock,
    settings: { AUTOMATION_ENABLED: 'true', AUTOMATION_TOKEN: token, AUTOMATION_WEBHOOK_SECRETS: SECRET },
  })
  closing.push(() => stack.close())
  const { app } = stack.aegis
  const { automation, gate, store } = app
  if (automation === undefined) throw new Error('automation is off')
  const missed: string[] = []
  const reconciler = createReconciler({
    gate,
    store,
    account: createAutomationAccount({ gitea: gate.gitea, token: new Secret(token), clock }),
    jobs: [note],
    queue: automation.queue,
    marks: automation.marks,
    metrics: { countMissed: (event) => void missed.push(event) },
    everyMs,
    ...(limits === undefined ? {} : { limits }),
    findPause: () => gate.panic.current()?.level,
    wake: () => automation.runner.wake(),
  })
  closing.push(() => reconciler.close())
  /** Things are as they are from this second on; a minute before the first look would still count as now. */
  const lookFirst = async () => {
    await sleep(1100)
    clock.ahead = 60_000
    const round = await reconciler.run()
    clock.ahead = 0
    await sleep(1100)
    return round
  }
  const facts = () =>
    automation.queue
      .list({ limit: 100 })
      .toReversed()
      .map((job) => ({ trigger: job.trigger, repository: job.repository, ...JSON.parse(job.facts) }))
  return { stack, reconciler, lookFirst, automation, facts, missed, clock, log: stack.aegis.logLines }
}

test('the first look takes things as they are; the next finds what no delivery told, and only once', async () => {
  const name = await makeRepository()
  const place = { owner: 'harbor', repo: name }
  const old = await gitea.addIssue({ ...place, author: 'alice', title: 'From before' })
  const { reconciler, lookFirst, facts, missed, log } = await start([name])
  expect(await lookFirst()).toMatchObject({ repositories: 1, missed: 0, jobs: 0, left: 0, failed: 0 })

  const number = await gitea.addIssue({ ...place, author: 'alice', title: 'Nobody told of this' })
  const closed = await gitea.addIssue({ ...place, author: 'alice', title: 'Nor of this', closed: true })
  await gitea.addComment({ ...place, index: old, author: 'bob', body: 'Still so.' })
  const head = await gitea.commit('harbor', name, { files: { 'a.txt': 'a' }, message: 'A', branch: 'topic' })
  const round = await reconciler.run()

  expect(round).toEqual({ repositories: 1, requests: 5, missed: 5, jobs: 5, quiet: 0, left: 0, failed: 0 })
  const of = { trigger: 'reconcile', repository: `harbor/${name}` }
  const zero = '0'.repeat(40)
  expect(facts()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ ...of, event: 'push', ref: 'refs/heads/topic', before: zero, after: head }),
      expect.objectContaining({ ...of, event: 'issues', action: 'opened', number, is_pull: false }),
      expect.objectContaining({ ...of, event: 'issues', action: 'opened', number: closed }),
      expect.objectContaining({ ...of, event: 'issues', action: 'closed', number: closed }),
      expect.objectContaining({ ...of, event: 'issues', action: 'reconciled', number: old }),
    ]),
  )
  expect(missed.sort()).toEqual(['issues', 'issues', 'issues', 'issues', 'push'])
  expect(log.join('')).toContain('"deliveries_missed"')
  expect(await reconciler.run()).toMatchObject({ missed: 0, jobs: 0 })
})

test('what was delivered is not made up for, and a hole between two deliveries is found', async () => {
  const name = await makeRepository()
  const first = await gitea.commit('harbor', name, { files: { 'a.txt': '1' }, message: 'One' })
  const { stack, reconciler, lookFirst, facts } = await start([name])
  await lookFirst()
  const repository = { id: 77, name, private: false, owner: { login: 'harbor' }, default_branch: 'main' }
  const push = (before: string, after: string) =>
    deliver(stack.url, SECRET, 'push', {
      ref: 'refs/heads/main',
      before,
      after,
      repository,
      sender: { login: 'alice' },
    })

  const second = await gitea.commit('harbor', name, { files: { 'a.txt': '2' }, message: 'Two' })
  await push(first, second)
  const number = await gitea.addIssue({ owner: 'harbor', repo: name, author: 'alice', title: 'Told' })
  await deliver(stack.url, SECRET, 'issues', {
    action: 'opened',
    number,
    issue: { number, updated_at: new Date(Date.now() + 1000).toISOString() },
    repository,
    sender: { login: 'alice' },
  })
  expect(await reconciler.run()).toMatchObject({ missed: 0, jobs: 0 })
  // past the second that the delivery told of
  await sleep(2100)
  await gitea.addComment({ owner: 'harbor', repo: name, index: number, author: 'bob', body: 'Nobody tells of this.' })
  expect(await reconciler.run()).toMatchObject({ missed: 1 })
  expect(facts().at(-1)).toMatchObject({ event: 'issues', action: 'reconciled', number })
  const third = await gitea.commit('harbor', name, { files: { 'a.txt': '3' }, message: 'Lost' })
  const fourth = await gitea.commit('harbor', name, { files: { 'a.txt': '4' }, message: 'Four' })
  await push(third, fourth)

  expect(await reconciler.run()).toMatchObject({ missed: 1, jobs: 1 })

  const made = facts().filter(({ trigger, event }) => trigger === 'reconcile' && event === 'push')
  expect(made).toMatchObject([{ event: 'push', before: second, after: third }])
  expect(await reconciler.run()).toMatchObject({ missed: 0 })
})

test('a release and a branch that is gone are found too', async () => {
  const name = await makeRepository()
  await gitea.commit('harbor', name, { files: { 'a.txt': '1' }, message: 'One', branch: 'short-lived' })
  const { reconciler, lookFirst, facts } = await start([name])
  await lookFirst()
  const api = `/repos/harbor/${name}`
  const release = { tag_name: 'v1', target_commitish: 'main', name: 'One' }
  await sendToGitea(gitea, 'admin', 'POST', `${api}/releases`, release)
  await sendToGitea(gitea, 'admin', 'POST', `${api}/releases`, { ...release, tag_name: 'v2', draft: true })
  await sendToGitea(gitea, 'admin', 'DELETE', `${api}/branches/short-lived`)

  await reconciler.run()

  const found = facts()
  expect(found).toHaveLength(2)
  expect(found).toContainEqual(expect.objectContaining({ event: 'delete', branch: 'short-lived' }))
  expect(found).toContainEqual(expect.objectContaining({ event: 'release', tag: 'v1', draft: false }))
  expect(await reconciler.run()).toMatchObject({ missed: 0 })
})

test('what automation opened itself sets nothing off', async () => {
  const name = await makeRepository()
  const { reconciler, lookFirst, facts } = await start([name])
  await lookFirst()
  const place = { owner: 'harbor', repo: name }
  await gitea.addIssue({ ...place, author: 'bob', title: 'A report' })
  const number = await gitea.addIssue({ ...place, author: 'alice', title: 'A question' })

  expect(await reconciler.run()).toMatchObject({ missed: 2, jobs: 1 })

  expect(facts()).toMatchObject([{ event: 'issues', action: 'opened', number, sender: 'alice' }])
})

test('where deliveries arrive and nothing was missed, it looks less often', async () => {
  const name = await makeRepository()
  const minutes = 60_000
  const { stack, reconciler, clock } = await start([name], { everyMs: 15 * minutes })
  const after = async (passed: number) => {
    clock.ahead += passed * minutes
    const { repositories, quiet } = await reconciler.run()
    return { repositories, quiet }
  }
  await reconciler.run()
  // the minute before the first look is looked at again
  await after(15)
  expect(await after(15)).toEqual({ repositories: 1, quiet: 0 })

  const repository = { id: 77, name, private: false, owner: { login: 'harbor' } }
  await deliver(stack.url, SECRET, 'wiki', { action: 'created', repository, sender: { login: 'alice' } })

  expect(await after(15)).toEqual({ repositories: 0, quiet: 1 })
  expect(await after(15)).toEqual({ repositories: 0, quiet: 1 })
  expect(await after(15)).toEqual({ repositories: 0, quiet: 1 })
  expect(await after(15)).toEqual({ repositories: 1, quiet: 0 })
  await gitea.commit('harbor', name, { files: { 'b.txt': 'b' }, message: 'B' })
  expect(await after(60)).toEqual({ repositories: 1, quiet: 0 })
  // something was missed, so the next look is not put off
  expect(await after(15)).toEqual({ repositories: 1, quiet: 0 })
})

test('a round stops at what it may cost, and the next goes on there', async () => {
  const names = [await makeRepository(), await makeRepository(), await makeRepository()].sort()
  const { reconciler, automation, log } = await start(names, { limits: { repositories: 2, requests: 100 } })

  expect(await reconciler.run()).toMatchObject({ repositories: 2, left: 1 })
  const marked = () => names.map((name) => automation.marks.get(`reconcile:harbor/${name}`) !== undefined)
  expect(marked()).toEqual([true, true, false])
  expect(await reconciler.run()).toMatchObject({ repositories: 2, left: 1 })

  expect(marked()).toEqual([true, true, true])
  expect(log.join('')).toContain('"reconciled_in_part"')
  const { reconciler: poor } = await start(names, { limits: { repositories: 10, requests: 4 } })
  expect(await poor.run()).toMatchObject({ repositories: 1, left: 2 })
})

test('only where the policy allows a job is anything asked, and a repository that is gone stops no other', async () => {
  const name = await makeRepository()
  const { reconciler } = await start([name, 'not-there'])
  expect(await reconciler.run()).toMatchObject({ repositories: 2, failed: 1 })

  const closed = await start([], { policy: 'defaults: {read: allow, write: deny}\n' })
  expect(await closed.reconciler.run()).toMatchObject({ repositories: 0 })
  closed.stack.aegis.app.gate.panic.turnOn({ level: 'stop', by: 'carol' })
  expect(await closed.reconciler.run()).toMatchObject({ repositories: 0, requests: 0 })
})
