import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'release_notes_draft'
const REPOSITORY = 'alice/notes-app'
const place = { owner: 'alice', repo: 'notes-app' }
const { alice } = seedPeople

let gitea: GiteaUnderTest
let jobs: RunningJobs

const send = (method: string, path: string, body?: unknown) =>
  sendToGitea(gitea, alice.login, method, `/repos/${REPOSITORY}${path}`, body)

async function merge(title: string, labels: readonly string[]) {
  const head = title.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  await gitea.commit('alice', 'notes-app', { message: title, branch: head, files: { [`${head}.txt`]: title } })
  const number = await gitea.addPullRequest({ ...place, author: alice.login, title, head, labels })
  await send('POST', `/pulls/${number}/merge`, { Do: 'merge' })
  return number
}

interface Release {
  readonly id: number
  readonly tag_name: string
  readonly draft: boolean
  readonly body: string
}
const listReleases = async () => (await send('GET', '/releases')) as Release[]

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'alice', name: 'notes-app', private: false, files: { 'README.md': '# Notes\n' } })
  await gitea.addLabel({ ...place, name: 'feature', color: '112233' })
  await gitea.addLabel({ ...place, name: 'skip-changelog', color: '112233' })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    policy: `{tools: {allow: [automation_${KIND}]}}`,
  })
})

afterAll(async () => {
  await jobs.close()
  await gitea.close()
})

test('merged pull requests become a draft, which follows further ones until somebody works on it', async () => {
  expect((await jobs.run(KIND)).report.summary).toBe('No pull request was merged so far.')

  const first = await merge('Write notes @bob by hand', ['feature'])
  await merge('Chores', ['skip-changelog'])
  expect((await jobs.run(KIND)).report.summary).toBe('1 merged so far. The draft v0.1.0 was made.')
  const [draft] = await listReleases()
  expect(draft).toMatchObject({ tag_name: 'v0.1.0', draft: true })
  expect(draft?.body).toContain(`## Features\n\n- Write notes @\u2060bob by hand (#${first}, alice)`)

  expect((await jobs.run(KIND)).report).toMatchObject({ effects: [] })

  await merge('Read notes', [])
  expect((await jobs.run(KIND)).report.summary).toBe('2 merged so far. The draft v0.1.0 was written anew.')
  expect((await listReleases())[0]?.body).toContain('## Other changes\n\n- Read notes')

  await send('PATCH', `/releases/${draft?.id}`, { body: `${(await listReleases())[0]?.body}\nBy hand.` })
  await merge('Burn notes', [])
  expect((await jobs.run(KIND)).report.summary).toContain('Somebody has worked on the draft v0.1.0')
  expect(await listReleases()).toHaveLength(1)
})
