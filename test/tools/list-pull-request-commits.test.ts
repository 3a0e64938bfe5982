import { afterAll, beforeAll, expect, test } from 'vitest'
import { listPullRequestCommits } from '../../src/tools/list-pull-request-commits.js'
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

test('lists the commits a pull request brings', async () => {
  expect(await alice.text(listPullRequestCommits, refund)).toMatchInlineSnapshot(`
    "1 commit in harbor/booking#6.
    2026-10-29
    <id> alice: booking: full refund within a day of booking"
  `)
})

test('the newest come first, and the next page is announced', async () => {
  for (const at of [1, 2, 3]) {
    await gitea.commit('alice', 'field-notes', {
      message: `step ${at}\n\nwith more to say`,
      branch: 'steps',
      from: 'main',
      files: { [`${at}.md`]: 'x\n' },
      date: Date.parse(`2026-10-0${at}T08:00:00Z`),
    })
  }
  const pull_number = await gitea.addPullRequest({ ...notes, author: 'alice', title: 'Steps', head: 'steps' })
  const asked = { ...notes, pull_number, limit: 2 }

  expect(await alice.text(listPullRequestCommits, asked)).toBe(
    `3 commits in alice/field-notes#${pull_number}; 1-2 here, page=2 continues.\n` +
      '2026-10-03\n<id> alice: step 3\n10-02\n<id> alice: step 2',
  )
  expect(await alice.text(listPullRequestCommits, { ...asked, page: 2 })).toContain(
    '3-3 here, the last.\n2026-10-01\n<id> alice: step 1',
  )
})

test('an issue is no pull request', async () => {
  await expect(alice.run(listPullRequestCommits, { ...refund, pull_number: 1 })).rejects.toThrow(
    'There is no pull request #1 in harbor/booking',
  )
})
