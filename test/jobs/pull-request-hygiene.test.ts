import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createJobs, DEFAULT_JOB_SETTINGS } from '../../src/jobs/catalog.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'pull_request_hygiene'
const REPOSITORY = 'alice/review'
const place = { owner: 'alice', repo: 'review' }

let gitea: GiteaUnderTest
let jobs: RunningJobs
let branches = 0

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'alice', name: 'review', private: false, files: { 'src/a.ts': 'a\n' } })
  await gitea.addLabel({ ...place, name: 'trivial', color: '112233' })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    policy: `
tools: {allow: [automation_${KIND}]}
automation: {jobs: {${KIND}: {parameters: {exempt_labels: [trivial], code: [src]}}}}
`,
  })
})

afterAll(async () => {
  await jobs.close()
  await gitea.close()
})

interface Opened {
  readonly number: number
  readonly branch: string
  sha: string
}

async function open(title: string, body: string, files: Readonly<Record<string, string>>): Promise<Opened> {
  branches += 1
  const branch = `work-${branches}`
  const sha = await gitea.commit('alice', 'review', { message: 'Work', branch, from: 'main', files })
  return { number: await gitea.addPullRequest({ ...place, author: 'alice', title, body, head: branch }), branch, sha }
}

const edit = (number: number, change: Record<string, unknown>) =>
  sendToGitea(gitea, 'alice', 'PATCH', `/repos/${REPOSITORY}/pulls/${number}`, change)

const check = (number: number, parameters = {}, more = {}) =>
  jobs.run(KIND, { facts: { event: 'pull_request', action: 'edited', number }, parameters, ...more })

const Comments = z.array(z.object({ id: z.int(), body: z.string(), user: z.object({ login: z.string() }) }))

async function listComments(number: number) {
  return Comments.parse(await sendToGitea(gitea, 'alice', 'GET', `/repos/${REPOSITORY}/issues/${number}/comments`))
}

async function readStatus(sha: string): Promise<string | undefined> {
  const said = z
    .object({
      statuses: z.array(z.object({ context: z.string(), status: z.string(), description: z.string() })).nullable(),
    })
    .parse(await sendToGitea(gitea, 'alice', 'GET', `/repos/${REPOSITORY}/commits/${sha}/status`))
  const [last] = said.statuses ?? []
  return last === undefined ? undefined : `${last.context} ${last.status}: ${last.description}`
}

const GOOD = 'Refunds took a week; with this they take a day.'

test('it is set off by what changes a pull request, once for each, and by nothing else', () => {
  const job = createJobs(DEFAULT_JOB_SETTINGS).find(({ name }) => name === KIND)
  const ask = (event: string, action: string, number?: number) =>
    job?.dedupe({ event, action, ...(number === undefined ? {} : { number }) }, 'Alice/Review')

  expect(ask('pull_request', 'opened', 3)).toBe(`${KIND}:alice/review#3`)
  expect(ask('pull_request_sync', 'synchronized', 3)).toBe(`${KIND}:alice/review#3`)
  expect(ask('pull_request_label', 'label_updated', 3)).toBe(`${KIND}:alice/review#3`)
  expect(ask('pull_request', 'closed', 3)).toBeUndefined()
  expect(ask('pull_request', 'opened')).toBeUndefined()
  expect(job?.events).not.toContain('pull_request_comment')
})

test('one that is fine gets a status and no comment', async () => {
  const { number, sha } = await open('Refund within a day', GOOD, { 'src/b.ts': 'b\n', 'test/b.test.ts': 'b\n' })

  expect((await check(number)).report.summary).toBe(`#${number}: nothing is missing.`)
  expect(await listComments(number)).toEqual([])
  expect(await readStatus(sha)).toBe('aegis/pull-request success: Nothing is missing.')
})

test('one comment follows the pull request: written, edited, and at last saying that all is well', async () => {
  const opened = await open('Refund', '', { 'src/c.ts': 'c\n' })
  const { number } = opened
  await check(number)
  const [first] = await listComments(number)

  expect(first?.user.login).toBe(bot.login)
  expect(first?.body).toContain('- The title has 6 characters')
  expect(first?.body).toContain('- The description has 0 characters')
  expect(first?.body).toContain('- No test changes with src/c.ts.')
  expect(await readStatus(opened.sha)).toBe('aegis/pull-request warning: To look at: title, description, tests')

  // what it wrote itself sets nothing off that would write again
  expect((await check(number)).report.effects).toEqual([])

  await edit(number, { title: 'Refund within a day', body: GOOD })
  await check(number)
  const [second, ...more] = await listComments(number)
  expect(more).toEqual([])
  expect(second?.id).toBe(first?.id)
  expect(second?.body).not.toContain('title has')
  expect(second?.body).toContain('No test changes')

  const sha = await gitea.commit('alice', 'review', {
    message: 'Test',
    branch: opened.branch,
    files: { 'test/c.test.ts': 'c\n' },
  })
  await check(number)
  const [third] = await listComments(number)
  expect(third?.id).toBe(first?.id)
  expect(third?.body).toContain('Nothing is missing any more.')
  expect(await readStatus(sha)).toBe('aegis/pull-request success: Nothing is missing.')
})

test('there and back again within a minute, each is said', async () => {
  const { number, sha } = await open('Refund', GOOD, { 'docs/d.md': 'd\n' })
  await check(number)
  await edit(number, { title: 'Refund within a day' })
  await check(number)
  await edit(number, { title: 'Refund' })
  await check(number)

  expect((await listComments(number)).map(({ body }) => body.includes('title has 6'))).toEqual([true])
  expect(await readStatus(sha)).toContain('warning')
})

test('strictly, it fails; without comment or status, only the other', async () => {
  const { number, sha } = await open('Refund', GOOD, { 'docs/e.md': 'e\n' })

  await check(number, { status: false, comment: false })
  expect([await listComments(number), await readStatus(sha)]).toEqual([[], undefined])
  await check(number, { strict: true, comment: false })
  expect(await listComments(number)).toEqual([])
  expect(await readStatus(sha)).toBe('aegis/pull-request failure: To look at: title')
})

test('drafts, closed ones and those that are gone are left alone; a label lets one pass', async () => {
  const draft = await open('WIP: refund', '', { 'docs/f.md': 'f\n' })
  const exempt = await open('x', '', { 'docs/g.md': 'g\n' })
  await sendToGitea(gitea, 'alice', 'POST', `/repos/${REPOSITORY}/issues/${exempt.number}/labels`, {
    labels: ['trivial'],
  })

  expect((await check(draft.number)).report.summary).toBe(`#${draft.number} is a draft.`)
  expect((await check(draft.number, { skip_drafts: false })).report.summary).toContain('to look at')
  expect((await check(exempt.number)).report.summary).toContain('nothing is missing')
  expect(await readStatus(exempt.sha)).toContain('success')
  await edit(draft.number, { state: 'closed' })
  expect((await check(draft.number)).report.summary).toBe(`#${draft.number} is closed.`)
  expect((await check(99_999)).report.summary).toBe('#99999 is gone.')
})

test('an imitation of its comment by somebody else is not edited', async () => {
  const { number } = await open('Refund', GOOD, { 'docs/h.md': 'h\n' })
  await check(number)
  const [own] = await listComments(number)
  await gitea.addComment({ ...place, index: number, author: 'alice', body: own?.body ?? '' })
  await edit(number, { title: 'Refund within a day' })
  await check(number)

  expect((await listComments(number)).map(({ body }) => body.includes('Nothing is missing'))).toEqual([true, false])
})

test('a dry run shows both and writes neither; by hand all open ones are looked at', async () => {
  const { number, sha } = await open('Refund', GOOD, { 'docs/i.md': 'i\n' })
  const { report } = await check(number, {}, { dryRun: true })

  expect(report.effects).toMatchObject([
    { tool: 'create_pr_comment', status: 'planned' },
    { tool: 'create_commit_status', status: 'planned' },
  ])
  expect([await listComments(number), await readStatus(sha)]).toEqual([[], undefined])
  const all = await jobs.run(KIND, { dryRun: true })
  expect(all.report.summary).toContain(`#${number}: 1 to look at.`)
  expect(all.report.findings).toContainEqual({
    fingerprint: `${number}:title`,
    rule: 'title',
    severity: 'warning',
    message: expect.stringContaining(`#${number}: The title has 6 characters`),
  })
})
