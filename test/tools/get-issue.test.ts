import { afterAll, beforeAll, expect, test } from 'vitest'
import { getIssue } from '../../src/tools/get-issue.js'
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

const booking = { owner: 'harbor', repo: 'booking' }

test('shows an issue with its text', async () => {
  expect(await alice.text(getIssue, { ...booking, issue_number: 1 })).toMatchInlineSnapshot(`
    "harbor/booking#1 Departure time is one hour off after the clocks change
    open issue, opened <today> by bob, 20 comments
    Labels: bug. Assigned: alice. Milestone: Winter timetable
    Text:
    Three customers missed the 07:15 crossing because the confirmation said 08:15.

    See \`src/timetable/\`."
  `)
})

test('a pull request under that number is called one', async () => {
  expect(await alice.text(getIssue, { ...booking, issue_number: 6 })).toContain(
    'open pull request (get_pull_request shows more)',
  )
})

test('a long text is cut at a line and continued', async () => {
  const body = Array.from({ length: 200 }, (_, at) => `sentence ${at + 1}`).join('\n')
  const number = await gitea.addIssue({ owner: 'alice', repo: 'field-notes', author: 'bob', title: 'Long', body })
  const request = { owner: 'alice', repo: 'field-notes', issue_number: number }
  const limits = { maxChars: 1500 }
  const first = await alice.text(getIssue, request, { limits })
  const [, next] = /of 200, start_line=(\d+) continues/.exec(first) ?? []

  expect(first.length).toBeLessThan(1500)
  expect(await alice.text(getIssue, { ...request, start_line: Number(next) }, { limits })).toContain(
    `:\nsentence ${next}\n`,
  )
  await expect(alice.run(getIssue, { ...request, start_line: 201 })).rejects.toThrow('past its end')
})

test('a number that is not there is not there', async () => {
  await expect(alice.run(getIssue, { ...booking, issue_number: 999 })).rejects.toThrow(
    'There is no issue #999 in harbor/booking',
  )
  await expect(alice.run(getIssue, { ...booking, issue_number: 0 })).rejects.toThrow('issue_number')
})
