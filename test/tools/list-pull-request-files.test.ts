import { afterAll, beforeAll, expect, test } from 'vitest'
import { listPullRequestFiles } from '../../src/tools/list-pull-request-files.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const refund = { owner: 'harbor', repo: 'booking', pull_number: 6 }
const notes = { owner: 'alice', repo: 'field-notes' }

test('lists the files a pull request changes', async () => {
  expect(await alice.text(listPullRequestFiles, refund)).toMatchInlineSnapshot(`
    "3 changed files in harbor/booking#6.
    src/booking/cancel-rules.ts +6 -2
    src/booking/manual-refunds.txt (deleted) +0 -2
    test/booking/cancel-rules.test.ts (added) +3 -0"
  `)
})

test('hides files of the policy from list and count', async () => {
  const text = await alice.text(listPullRequestFiles, refund, { mayReadPath: (path) => !path.startsWith('src/') })

  expect(text).toBe(
    '1 changed file in harbor/booking#6.\ntest/booking/cancel-rules.test.ts (added) +3 -0\n' +
      '2 files not shown: the policy hides them.',
  )
})

test('takes only the diff, and goes on page by page', async () => {
  const files = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`many/${at + 100}.md`, 'x\n']))
  await gitea.commit('alice', 'field-notes', { message: 'many', branch: 'many', from: 'main', files })
  const pull_number = await gitea.addPullRequest({ ...notes, author: 'alice', title: 'Many', head: 'many' })
  const sent: string[] = []
  const onRequest = (operation: string) => {
    sent.push(operation)
  }
  const asked = { ...notes, pull_number, limit: 50 }

  const first = await alice.text(listPullRequestFiles, asked, { onRequest })
  const last = await alice.text(listPullRequestFiles, { ...asked, page: 3 })
  const cut = await alice.text(listPullRequestFiles, asked, { limits: { maxChars: 1000 } })

  expect(sent).toEqual(['getPullRequestDiff'])
  expect(first).toContain(`120 changed files in alice/field-notes#${pull_number}; 1-50 here, page=2 continues.`)
  expect(last).toContain('101-120 here, the last.\nmany/200.md (added) +1 -0')
  expect(cut).toMatch(/; 1-\d+ here, page=\d+ limit=\d+ continues\./)
  expect(cut.length).toBeLessThan(1000)
})

test('a diff larger than this server reads is a list that says so', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`big/${at + 10}.md`, `${'line\n'.repeat(400)}`]),
  )
  await gitea.commit('alice', 'field-notes', { message: 'big', branch: 'big', from: 'main', files })
  const pull_number = await gitea.addPullRequest({ ...notes, author: 'alice', title: 'Big', head: 'big' })

  const text = await alice.text(listPullRequestFiles, { ...notes, pull_number }, { maxResponseBytes: 65_536 })

  expect(text).toMatch(/^At least \d\d changed files in alice\/field-notes#\d+/)
  const one = await alice.text(
    listPullRequestFiles,
    { ...notes, pull_number },
    { maxResponseBytes: 65_536, mayReadPath: () => false },
  )

  expect(one).toMatch(/^Changed files in alice\/field-notes#\d+ could not be read\.\n/)
  expect(text).toContain('\nThe diff is larger than this server reads; files that come later are missing here.')
})

test('an issue is no pull request', async () => {
  await expect(alice.run(listPullRequestFiles, { ...refund, pull_number: 1 })).rejects.toThrow(
    'There is no pull request #1 in harbor/booking',
  )
})
