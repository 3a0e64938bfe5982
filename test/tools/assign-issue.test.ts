import { afterAll, beforeAll, expect, test } from 'vitest'
import { assignIssue } from '../../src/tools/assign-issue.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
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

test('assigns exactly these people', async () => {
  expect(await alice.text(assignIssue, { ...booking, issue_number: 1, assignees: ['Bob'] })).toMatchInlineSnapshot(`
    "Assigned harbor/booking#1 Departure time is one hour off after the clocks change to bob
    https://gitea.example/harbor/booking/issues/1"
  `)
})

test('an empty list leaves nobody', async () => {
  const index = await gitea.addIssue({ ...booking, author: 'bob', title: 'Fog', assignees: ['alice', 'bob'] })

  const { data, text } = await alice.run(assignIssue, { ...booking, issue_number: index, assignees: [] })

  expect(data.assignees).toEqual([])
  expect(text).toContain('to nobody')
})

test('a pull request can be assigned too', async () => {
  const { data } = await alice.run(assignIssue, { ...booking, issue_number: 6, assignees: ['alice', 'bob', 'alice'] })

  expect(new Set(data.assignees as string[])).toEqual(new Set(['alice', 'bob']))
})

test('an unknown person changes nothing', async () => {
  await expect(alice.run(assignIssue, { ...booking, issue_number: 6, assignees: ['bob', 'alic'] })).rejects.toThrow(
    'There is no assignable person "alic"; did you mean "alice"?',
  )
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/6')).toMatchObject({
    assignees: [{}, {}],
  })
})

test('an author who may not triage is refused, where Gitea says nothing', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(assignIssue, { ...booking, issue_number: 4, assignees: ['alice'] })).rejects.toMatchObject({
    rule: 'gitea.permission',
    message: expect.stringContaining('#4'),
  })
  await mallory.close()
})

test('a missing issue is not found', async () => {
  await expect(alice.run(assignIssue, { ...booking, issue_number: 9999, assignees: [] })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('the list of people is needed, for an empty one clears', async () => {
  await expect(alice.run(assignIssue, { ...booking, issue_number: 1 })).rejects.toThrow('assignees')
})
