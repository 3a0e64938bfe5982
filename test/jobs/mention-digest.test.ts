import { afterAll, beforeAll, expect, test } from 'vitest'
import { findMentions } from '../../src/jobs/kinds/mentions.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'mention_digest'
const REPOSITORY = 'alice/talk'
const place = { owner: 'alice', repo: 'talk' }
const { alice, mallory } = seedPeople

let gitea: GiteaUnderTest
let jobs: RunningJobs

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'alice', name: 'talk', private: false, files: { 'README.md': '# Talk\n' } })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    policy: `{tools: {allow: [automation_${KIND}]}}`,
  })
})

afterAll(async () => {
  await jobs.close()
  await gitea.close()
})

interface Issue {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly user: { readonly login: string }
}

async function listDigests(state: string) {
  const path = `/repos/${REPOSITORY}/issues?state=${state}`
  const issues = (await sendToGitea(gitea, alice.login, 'GET', path)) as Issue[]
  return issues.filter(({ user }) => user.login === bot.login)
}

test('who was asked and has not answered is listed once a week, without being mentioned again', async () => {
  expect((await jobs.run(KIND)).report.summary).toBe('Nobody waits for an answer in 0 changed issues.')

  const asked = await gitea.addIssue({
    ...place,
    author: alice.login,
    title: 'Which *colour*?',
    body: 'What do you say, @bob? And @mallory? Not `@admin` in code.',
  })
  await gitea.addComment({ ...place, index: asked, author: mallory.login, body: 'Green.' })

  expect((await jobs.run(KIND)).report.summary).toBe(`1 person is waited for: #${asked + 1}.`)
  const [digest] = await listDigests('open')
  expect(digest?.body).toContain(`### bob\n\n- #${asked} Which \\*colour\\*? (alice, `)
  expect(digest?.body).not.toContain('mallory')
  expect(digest?.body).not.toMatch(/@\w/)

  expect((await jobs.run(KIND)).report).toMatchObject({ effects: [{ status: 'already_made' }] })
  expect(await listDigests('open')).toHaveLength(1)

  jobs.setDaysAhead(6)
  await jobs.run(KIND)
  expect((await listDigests('open')).map(({ title }) => title)).not.toEqual([digest?.title])
  expect((await listDigests('closed')).map(({ title }) => title)).toEqual([digest?.title])
})

test.each([
  ['@alice and (@bob), @carol.', ['alice', 'bob', 'carol']],
  ['mail@example.org', []],
  ['`@alice` and ```\n@bob\n``` but @dora-x_1', ['dora-x_1']],
  ['@Alice @alice', ['alice']],
])('mentions in %s', (text, people) => {
  expect([...findMentions(text)]).toEqual(people)
})
