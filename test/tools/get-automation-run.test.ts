import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobReport } from '../../src/jobs/define-job.js'
import { getAutomationRun } from '../../src/tools/get-automation-run.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { type OpenJobs, openJobs } from '../support/open-jobs.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

const booking = { owner: 'harbor', repo: 'booking' }

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner
let jobs: OpenJobs

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  jobs = openJobs('defaults: {read: allow, write: deny}\n')
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
  jobs.close()
})

/** A run that ended with this report. */
function addRun(report: JobReport & { effects: readonly unknown[] }, dryRun = false): string {
  const repository = 'harbor/booking'
  const { id } = jobs.queue.enqueue({
    kind: 'tidy_up',
    repository,
    trigger: 'schedule',
    triggeredBy: '0 5 * * *',
    dryRun,
  })
  const held = jobs.queue.claim(60_000)
  if (held === undefined) throw new Error('nothing was due')
  jobs.queue.finish(held, report)
  return id
}

function toStable(text: string, id: string): string {
  return text.replaceAll(id, '<id>').replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d|<today>(?: \d\d:\d\d)?/g, '<time>')
}

test('tells what a run did, found and left', async () => {
  const run_id = addRun({
    summary: 'Warned 1 issue.',
    findings: [
      {
        fingerprint: 'f1',
        rule: 'floating_tag',
        severity: 'warning',
        message: 'node has no digest.',
        path: 'Dockerfile',
        line: 3,
      },
    ],
    left: '12 issues; the next run begins with #40.',
    effects: [
      {
        tool: 'add_labels',
        what: 'label #12 with “stale”',
        status: 'made',
        made: 'https://gitea.example/harbor/booking/issues/12',
      },
      { tool: 'create_issue_comment', what: 'comment on #12', status: 'already_made' },
    ],
  })

  const text = await alice.text(getAutomationRun, { ...booking, run_id }, { automation: jobs.port })

  expect(toStable(text, run_id)).toMatchInlineSnapshot(`
    "<id>: done tidy_up (schedule 0 5 * * *) <time>
    Warned 1 issue.
    Did: label #12 with “stale” https://gitea.example/harbor/booking/issues/12
    Done before: comment on #12
    warning floating_tag Dockerfile:3: node has no digest.
    Left: 12 issues; the next run begins with #40."
  `)
})

test('of a dry run it tells exactly what would be sent', async () => {
  const run_id = addRun(
    {
      summary: 'Would warn 1 issue.',
      effects: [
        {
          tool: 'create_issue_comment',
          what: 'comment on #12',
          status: 'planned',
          arguments: {
            owner: 'harbor',
            repo: 'booking',
            issue_number: 12,
            body: 'Is this\nstill so?',
            labels: ['a', 'b'],
          },
        },
      ],
    },
    true,
  )

  const { data, text } = await alice.run(getAutomationRun, { ...booking, run_id }, { automation: jobs.port })

  expect(toStable(text, run_id)).toMatchInlineSnapshot(`
    "<id>: done tidy_up (schedule 0 5 * * *, dry run) <time>
    Would warn 1 issue.
    Would: comment on #12 · create_issue_comment owner=harbor repo=booking issue_number=12 body=Is this still so? labels=a,b"
  `)
  expect(data).toMatchObject({ report: { effects: [{ arguments: { body: 'Is this\nstill so?', issue_number: 12 } }] } })
})

test('what came of a run is for people who may change the repository', async () => {
  const run_id = addRun({ summary: 'A key is in src/.env line 3.', effects: [] })

  const { data, text } = await mallory.run(getAutomationRun, { ...booking, run_id }, { automation: jobs.port })

  expect(data).toMatchObject({ run: { state: 'done' }, report_withheld: true })
  expect(JSON.stringify(data)).not.toContain('.env')
  expect(text).toContain('What it did is shown to people who may change the repository.')
  expect(text).not.toContain('.env')
})

test('a long report is cut and says by how much', async () => {
  const effects = Array.from({ length: 20 }, (_, at) => ({ tool: 'x', what: `thing ${at}`, status: 'made' as const }))
  const run_id = addRun({ summary: 'Much.', effects })

  const { data, text } = await alice.run(
    getAutomationRun,
    { ...booking, run_id },
    { automation: jobs.port, limits: { maxItems: 5 } },
  )

  expect(data).toMatchObject({ report: { not_shown: 15 } })
  expect(text).toContain('15 more not shown.')
})

test('a run is found only under its own repository', async () => {
  const run_id = addRun({ summary: 'Done.', effects: [] })
  const other = { owner: 'alice', repo: 'field-notes', run_id }

  await expect(alice.run(getAutomationRun, other, { automation: jobs.port })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('list_automation_runs has them'),
  })
})
