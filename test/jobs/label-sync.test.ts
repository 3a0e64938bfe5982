import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'label_sync'
const REPOSITORY = 'alice/tags'
const place = { owner: 'alice', repo: 'tags' }

let gitea: GiteaUnderTest
let jobs: RunningJobs

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'alice', name: 'tags', private: false, files: { 'README.md': '# Tags\n' } })
  await gitea.addLabel({ ...place, name: 'defect', color: '112233' })
  await gitea.addLabel({ ...place, name: 'by hand', color: '445566' })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    policy: `{tools: {allow: [automation_${KIND}]}}`,
  })
})

afterAll(async () => {
  await jobs.close()
  await gitea.close()
})

const write = (text: string) =>
  gitea.commit('alice', 'tags', { message: 'Labels', files: { '.gitea/labels.yml': text } })

async function listLabels(): Promise<string[]> {
  const labels = (await sendToGitea(gitea, seedPeople.alice.login, 'GET', `/repos/${REPOSITORY}/labels`)) as {
    name: string
    color: string
    description: string
  }[]
  return labels.map(({ name, color, description }) => `${name} ${color} ${description}`.trim()).sort()
}

test('without the file nothing is done', async () => {
  expect((await jobs.run(KIND)).report.summary).toBe('There is no .gitea/labels.yml on the default branch.')
})

test('labels are made, renamed, recolored and described; others stay; the second run changes nothing', async () => {
  await write(`
- {name: bug, color: "#cc0000", description: Something is wrong, aliases: [defect]}
- {name: feature, color: "00cc00"}
`)

  expect((await jobs.run(KIND)).report.summary).toBe('1 made, 1 changed, 0 as they are.')
  expect(await listLabels()).toEqual(['bug cc0000 Something is wrong', 'by hand 445566', 'feature 00cc00'])
  expect((await jobs.run(KIND)).report).toMatchObject({ summary: '0 made, 0 changed, 2 as they are.', effects: [] })
})

test.each([
  ['- {name: bug', 'is not YAML'],
  ['- {name: bug, color: red}', '0.color: must be six hex digits'],
  ['- {name: bug, color: "cc0000"}\n- {name: Bug, color: "cc0000"}', 'names the label “bug” twice'],
])('a file that is wrong is refused whole, with what to mend: %s', async (text, problem) => {
  await write(text)

  const job = await jobs.run(KIND)

  expect(job.state).toBe('dead')
  expect(job.lastError).toContain(problem)
})
