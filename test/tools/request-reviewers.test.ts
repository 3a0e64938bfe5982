import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestReviewers } from '../../src/tools/request-reviewers.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const refund = { owner: 'harbor', repo: 'booking', pull_number: 6 }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

async function reviewers(): Promise<string[]> {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/pulls/6`)
  const pull = (await response.json()) as { requested_reviewers: { login: string }[] | null }
  return (pull.requested_reviewers ?? []).map(({ login }) => login).sort()
}

test('asks people, and says who was asked before', async () => {
  const text = await alice.text(requestReviewers, { ...refund, reviewers: ['mallory', 'Bob'] })

  expect(text).toMatchInlineSnapshot(`
    "Asked mallory to review harbor/booking#6
    Asked before to review harbor/booking#6: bob
    https://gitea.example/harbor/booking/pulls/6"
  `)
  expect(await reviewers()).toEqual(['bob', 'mallory'])
})

test.each([
  [{ reviewers: ['nobody-here'] }, 'There is no person "nobody-here"'],
  [{ reviewers: ['admin', 'Alice'] }, 'alice wrote #6 and cannot review it.'],
  [{ reviewers: ['harbor'] }, 'a reviewer is a person who may read pull requests in harbor/booking'],
  [{ reviewers: ['bob@example.test'] }, 'must be the name of a user'],
  [{ reviewers: [] }, 'Too small'],
  [{ reviewers: ['bob'], pull_number: 66 }, 'There is no pull request #66 in harbor/booking'],
])('who cannot be asked is named: %j', async (args, reason) => {
  const before = await reviewers()

  await expect(alice.run(requestReviewers, { ...refund, ...args })).rejects.toThrow(reason)
  expect(await reviewers()).toEqual(before)
})

test('a person who may only read asks nobody', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(requestReviewers, { ...refund, reviewers: ['admin'] })).rejects.toThrow(
    'only people with write access may ask',
  )
  expect(await reviewers()).not.toContain('admin')
  await mallory.close()
})

test('nobody is asked to review what is closed', async () => {
  await sendToGitea(gitea, 'alice', 'PATCH', '/repos/harbor/booking/pulls/6', { state: 'closed' })

  await expect(alice.run(requestReviewers, { ...refund, reviewers: ['admin'] })).rejects.toThrow(
    '#6 is closed: nobody can be asked to review it.',
  )
})
