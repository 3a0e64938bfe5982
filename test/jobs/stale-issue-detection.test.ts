import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'stale_issue_detection'
const REPOSITORY = 'alice/chores'
const place = { owner: 'alice', repo: 'chores' }
const { alice, bob } = seedPeople

let gitea: GiteaUnderTest
let token: string
let jobs: RunningJobs | undefined

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'alice', name: 'chores', private: false, files: { 'README.md': '# Chores\n' } })
  await gitea.addLabel({ ...place, name: 'stale', color: 'cccccc' })
  await gitea.addLabel({ ...place, name: 'keep', color: '00aa00' })
  token = await addBot(gitea, REPOSITORY)
})

afterAll(async () => {
  await jobs?.close()
  await gitea.close()
})

async function start(parameters: string) {
  await jobs?.close()
  jobs = await startJobs(gitea, token, {
    repository: REPOSITORY,
    policy: `
defaults: {read: allow, write: deny}
tools: {allow: [automation_${KIND}]}
automation: {jobs: {${KIND}: {parameters: ${parameters}}}}
`,
  })
  return jobs
}

interface Issue {
  readonly state: string
  readonly labels: readonly { readonly name: string }[]
}

async function look(number: number) {
  const path = `/repos/${REPOSITORY}/issues/${number}`
  const issue = (await sendToGitea(gitea, alice.login, 'GET', path)) as Issue
  const comments = (await sendToGitea(gitea, alice.login, 'GET', `${path}/comments`)) as {
    user: { login: string }
    body: string
  }[]
  return {
    state: issue.state,
    labels: issue.labels.map(({ name }) => name),
    said: comments.filter(({ user }) => user.login === bot.login).map(({ body }) => body.split('\n')[0]),
  }
}

const addIssue = (title: string, labels: readonly string[] = []) =>
  gitea.addIssue({ ...place, author: bob.login, title, labels })

test('an old issue is warned and labelled once, woken by a comment, and closed only where the policy says so', async () => {
  const first = await addIssue('Paint the fence')
  const kept = await addIssue('Never mind this one', ['keep'])
  const { run, setDaysAhead } = await start('{exempt_labels: [keep], stale_message: Old., days_until_stale: 30}')

  expect((await run(KIND)).report.summary).toBe('0 warned, 0 taken out, 0 closed, 2 left as they are.')

  setDaysAhead(31)
  expect((await run(KIND)).report.summary).toBe('1 warned, 0 taken out, 0 closed, 1 left as they are.')
  expect(await look(first)).toEqual({ state: 'open', labels: ['stale'], said: ['Old.'] })
  expect(await look(kept)).toEqual({ state: 'open', labels: ['keep'], said: [] })

  setDaysAhead(400)
  expect((await run(KIND)).report.summary).toBe('0 warned, 0 taken out, 0 closed, 2 left as they are.')

  await gitea.addComment({ ...place, index: first, author: bob.login, body: 'Still matters.' })
  const woken = await run(KIND, { facts: { event: 'issue_comment', number: first } })
  expect(woken.report.summary).toBe(`#${first} is not stale any more.`)
  expect(await look(first)).toEqual({ state: 'open', labels: [], said: ['Old.'] })

  const closing = await start('{exempt_labels: [keep], stale_message: Old., close_message: Bye., days_until_close: 7}')
  closing.setDaysAhead(31)
  await closing.run(KIND)
  closing.setDaysAhead(39)
  expect((await closing.run(KIND)).report.summary).toBe('0 warned, 0 taken out, 1 closed, 1 left as they are.')
  expect(await look(first)).toEqual({ state: 'closed', labels: ['stale'], said: ['Old.', 'Old.', 'Bye.'] })
})

test('a run that may not make all changes says how many are left, and the next one goes on', async () => {
  const numbers = [await addIssue('One'), await addIssue('Two'), await addIssue('Three')]
  const { run, setDaysAhead } = await start('{exempt_labels: [keep], stale_message: "", max_operations: 2}')
  setDaysAhead(31)

  const first = await run(KIND)
  expect(first.report).toMatchObject({
    summary: '2 warned, 0 taken out, 0 closed, 1 left as they are.',
    left: '1 more is due; a run makes 2 changes (max_operations), the next one goes on.',
  })
  const second = await run(KIND)
  expect(second.report.summary).toContain('1 warned')
  expect(second.report.left).toBeUndefined()
  for (const number of numbers) expect((await look(number)).labels).toEqual(['stale'])
})

test('a dry run shows each change and makes none', async () => {
  const number = await addIssue('Just looking')
  const { run, setDaysAhead } = await start('{exempt_labels: [keep]}')
  setDaysAhead(31)

  const { report } = await run(KIND, { dryRun: true })

  const planned = report.effects?.filter(({ what }) => what.includes(`#${number}`))
  expect(planned).toMatchObject([
    {
      tool: 'add_labels',
      what: `label #${number} with “stale”`,
      status: 'planned',
      arguments: { ...place, issue_number: number, labels: ['stale'] },
    },
    { tool: 'create_issue_comment', what: `comment on #${number}`, status: 'planned' },
  ])
  expect(await look(number)).toEqual({ state: 'open', labels: [], said: [] })
})

test('a label that does not exist is named, and nothing is changed', async () => {
  const { run, setDaysAhead } = await start('{label: dusty}')
  setDaysAhead(31)

  const job = await run(KIND)

  expect(job.state).toBe('dead')
  expect(job.lastError).toContain('dusty')
})
