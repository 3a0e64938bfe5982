import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillTemplate, findTemplates, toEventKey } from '../../src/jobs/kinds/issues/templates.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, bot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'auto_issue_creation'
const REPOSITORY = 'alice/finds'

let gitea: GiteaUnderTest
let jobs: RunningJobs

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({
    owner: 'alice',
    name: 'finds',
    private: false,
    files: { 'package.json': '{"name": "finds", "dependencies": {"left-pad": "*"}}\n' },
  })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    policy: `
tools: {allow: [automation_${KIND}, automation_dependency_hygiene_scan]}
automation:
  jobs:
    ${KIND}:
      parameters:
        max_per_day: 3
        findings: {dependency_hygiene_scan: {min_severity: warning}}
        templates:
          - {name: announce, event: release, action: published, title: "Announce {tag}", body: "Out: {tag} by {sender}"}
`,
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

async function listIssues(): Promise<Issue[]> {
  const path = `/repos/${REPOSITORY}/issues?state=all&type=issues`
  const issues = (await sendToGitea(gitea, seedPeople.alice.login, 'GET', path)) as Issue[]
  return issues.filter(({ user }) => user.login === bot.login)
}

test('an event that a template names becomes one issue, however often it is told', async () => {
  const facts = { event: 'release', action: 'published', tag: 'v1.2.0', release_id: 7, sender: '@bob' }

  expect((await jobs.run(KIND, { facts })).report.summary).toBe('1 opened, 0 known from before.')
  expect((await jobs.run(KIND, { facts })).report.summary).toBe('0 opened, 1 known from before.')

  const [issue, ...more] = await listIssues()
  expect(more).toEqual([])
  expect(issue?.title).toBe('Announce v1.2.0')
  expect(issue?.body).toContain('Out: v1.2.0 by @\u2060bob')
  expect(issue?.body).toContain('Because of: release (published)')
})

test('findings of another job become issues with a way back, and no more of them than a day may have', async () => {
  const scan = await jobs.run('dependency_hygiene_scan')
  const [taken] = jobs.automation.queue.list({ kind: KIND, triggeredBy: scan.id, limit: 1 })
  expect(taken).toMatchObject({ state: 'done', trigger: 'job' })

  const issues = (await listIssues()).filter(({ body }) => body.includes('Found as'))
  expect(issues.length).toBeGreaterThan(0)
  expect(issues.length).toBeLessThanOrEqual(2)
  expect(issues[0]?.body).toMatch(/Where: `package\.json/)
  expect(issues[0]?.body).toMatch(/of dependency_hygiene_scan, reported in #\d+ \(run [0-9a-f]{10}\)/)

  const before = issues.length
  await jobs.run('dependency_hygiene_scan')
  const after = (await listIssues()).filter(({ body }) => body.includes('Found as'))
  expect(new Set(after.map(({ title }) => title)).size).toBe(after.length)
  expect(after.length).toBeGreaterThanOrEqual(before)
})

test('a template is met by event, action, branch and conclusion, and filled with one line of what others wrote', () => {
  const templates = [
    { name: 'broken', event: 'workflow_run', conclusion: 'failure', branch: 'main', title: 'Broken: {branch} {what}' },
  ]
  const facts = { event: 'workflow_run', conclusion: 'failure', head_ref: 'main', run_id: 3 }

  expect(findTemplates(facts, { templates })).toHaveLength(1)
  expect(findTemplates({ ...facts, head_ref: 'other' }, { templates })).toEqual([])
  expect(findTemplates({ ...facts, conclusion: 'success' }, { templates })).toEqual([])
  expect(fillTemplate('Broken: {branch} {what} {constructor}', { ...facts, head_ref: 'a\n@b' }, 'a/b')).toBe(
    'Broken: a @\u2060b {what} {constructor}',
  )
  expect(toEventKey(facts)).not.toBe(toEventKey({ ...facts, run_id: 4 }))
})
