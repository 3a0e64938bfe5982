import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAegis } from '../cli/run-aegis.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, type RunningJobs, startJobs } from '../support/start-jobs.js'

/* An operator steers the jobs of a running server from a shell beside it. */

let gitea: GiteaUnderTest
let running: RunningJobs

beforeAll(async () => {
  gitea = await startGitea()
  running = await startJobs(gitea, await addBot(gitea, 'harbor/booking'), {
    policy: `
defaults: {read: allow, write: deny}
repositories:
  harbor/booking:
    tools: {allow: ["*", automation_stale_issue_detection]}
    automation: {stale_issue_detection: {parameters: {days_until_stale: 1, label: bug}}}
`,
    repository: 'harbor/booking',
  })
  running.setDaysAhead(400)
}, 60_000)

afterAll(async () => {
  await running.close()
  await gitea.close()
})

const jobs = (...args: string[]) => {
  const { policyPath, databasePath } = running.stack.aegis
  const env = { AUTOMATION_ENABLED: 'true', POLICY_FILE_PATH: policyPath, DATABASE_PATH: databasePath }
  return runAegis(['jobs', ...args, ...(args[0] === 'run' ? ['--by', 'carol'] : [])], { cwd: process.cwd(), env })
}

test('a dry run is taken up within a second or two and shows what it would send; the real one then sends it', async () => {
  const dry = await jobs('run', 'stale_issue_detection', 'harbor/booking', '--dry-run', '--wait')
  const real = await jobs('run', 'stale_issue_detection', 'harbor/booking', '--wait')

  expect(dry).toMatchObject({ code: 0, stderr: '' })
  const planned = [...dry.stdout.matchAll(/^ {4}(\w+)\n/gm)].map(([, tool]) => tool)
  expect(planned).toContain('create_issue_comment')
  expect(dry.stdout).toMatch(/^ {6}issue_number=\d+$/m)
  expect(real).toMatchObject({ code: 0, stderr: '' })
  expect(real.stdout).toContain('It changed:')
  // the same changes, in the same order
  const toChanges = (text: string) =>
    [...text.matchAll(/^ {2}(?! )(?!asked)(.+?)(?: {2}http.*)?$/gm)].map(([, what]) => what)
  expect(toChanges(real.stdout)).toEqual(toChanges(dry.stdout))

  // the server takes what commands leave into its log a moment later
  const findAsked = async () =>
    (await readAudit(running.stack.aegis))
      .filter(({ reason }) => reason === 'job_asked_for')
      .map(({ details }) => details)
  await expect.poll(findAsked, { timeout: 5000 }).toMatchObject([
    { by: 'carol', job: 'stale_issue_detection', dry_run: true },
    { by: 'carol', job: 'stale_issue_detection', dry_run: false },
  ])
})
