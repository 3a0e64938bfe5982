import { afterAll, beforeAll, expect, test } from 'vitest'
import { getJobLog } from '../../src/tools/get-job-log.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
const ids = new Map<string, number>()

const notes = { owner: 'alice', repo: 'field-notes' }

const broken = [
  'runner(version:v0.2.13) received task 7 of job links, be triggered by event: push',
  '⭐ Run Main actions/checkout@v4',
  ...Array.from({ length: 40 }, (_, at) => `Fetching object ${at + 1}`),
  '  ✅  Success - Main actions/checkout@v4',
  '⭐ Run Main make links',
  'checking 31 links',
  '\u001b[31mhttps://tides.example/2026 answered 404\u001b[0m',
  '10%\r50%\r100% checked',
  'make: *** [links] Error 1',
  '  ❌  Failure - Main make links [1.2s]',
  "exitcode '1': failure",
  "evaluating expression 'always()'",
  '⭐ Run Post actions/checkout@v4',
  '  ❌  Failure - Post actions/checkout@v4',
  '🏁  Job failed',
]

function args(name: string) {
  return { ...notes, job_id: ids.get(name) ?? 0 }
}

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  await gitea.addActionRun({
    ...notes,
    workflow: 'spelling.yml',
    message: 'Check the spelling',
    jobs: [
      { name: 'links', result: 'failure', log: broken },
      { name: 'long', result: 'success', log: Array.from({ length: 3000 }, (_, at) => `reading page ${at + 1}`) },
      { name: 'odd', result: 'failure', log: ['Something went wrong.', 'Nobody said where.'] },
      { name: 'publish' },
      { name: 'silent', result: 'success' },
    ],
  })
  const jobs = (await sendToGitea(gitea, 'alice', 'GET', '/repos/alice/field-notes/actions/runs/1/jobs')) as {
    jobs: { id: number; name: string }[]
  }
  for (const { id, name } of jobs.jobs) ids.set(name, id)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('shows the step that failed, without times and colours', async () => {
  const text = await alice.text(getJobLog, args('links'))

  expect(text.replace(/job \d+/, 'job <n>')).toMatchInlineSnapshot(`
    "alice/field-notes job <n> links, failure; the step that failed is make links; lines 44-50 of 54, start_line=51 continues, start_line=1 shows what was before:
    ⭐ Run Main make links
    checking 31 links
    https://tides.example/2026 answered 404
    100% checked
    make: *** [links] Error 1
      ❌  Failure - Main make links [1.2s]
    exitcode '1': failure"
  `)
})

test('shows the end of a log where no step failed, and says how to see the rest', async () => {
  const text = await alice.text(getJobLog, args('long'))

  expect(text).toMatch(/; lines \d{4}-3000 of 3000, start_line=1 shows what was before:\nreading page \d{4}\n/)
  expect(text).toMatch(/reading page 3000$/)
  expect(text.length).toBeLessThan(9000)
  expect(await alice.text(getJobLog, args('odd'))).toContain('Something went wrong.\nNobody said where.')
})

test('continues from a line to the next', async () => {
  const limits = { maxChars: 3000 }
  const first = await alice.text(getJobLog, { ...args('long'), start_line: 1001 }, { limits })
  const next = Number(/start_line=(\d+) continues/.exec(first)?.[1])

  expect(first).toMatch(/; lines 1001-\d+ of 3000, start_line=\d+ continues:\nreading page 1001\n/)
  expect(await alice.text(getJobLog, { ...args('long'), start_line: next }, { limits })).toContain(
    `:\nreading page ${next}\n`,
  )
  await expect(alice.run(getJobLog, { ...args('long'), start_line: 3001 })).rejects.toThrow(
    'The log has 3000 lines; start_line=3001 is past its end.',
  )
})

test('a secret is masked although only its end would be shown', async () => {
  const maskSecrets = (text: string) => text.replace(/page 2990\nreading page 2991\n/, '[masked]\n\n')
  const limits = { maxChars: 760 }

  expect(await alice.text(getJobLog, args('long'), { maskSecrets, limits })).not.toContain('page 2991')
})

test('a job that has not begun has no log yet, and one without output none', async () => {
  await expect(alice.run(getJobLog, args('publish'))).rejects.toThrow('(publish) has no log yet: it is queued.')
  await expect(alice.run(getJobLog, args('silent'))).rejects.toThrow(
    'has no log: it wrote nothing, or its log was cleaned up.',
  )
})

test('a job that is not there, or belongs elsewhere, is named', async () => {
  await expect(alice.run(getJobLog, { ...notes, job_id: 4711 })).rejects.toThrow(
    'There is no Actions job with the id 4711 in alice/field-notes',
  )
  await expect(alice.run(getJobLog, { ...args('links'), owner: 'harbor', repo: 'booking' })).rejects.toThrow(
    'in harbor/booking, or this person may not see it.',
  )
})
