import { afterAll, beforeAll, expect, test } from 'vitest'
import { getBranch } from '../../src/tools/get-branch.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
})

const refund = { owner: 'harbor', repo: 'booking', branch: 'feature/refund-window' }

test('shows where a branch stands and what this person may do with it', async () => {
  expect(await alice.text(getBranch, refund)).toMatchInlineSnapshot(`
    "feature/refund-window in harbor/booking: <id> 2026-10-29 alice: booking: full refund within a day of booking
    Not protected.
    This person may push to it and may merge into it."
  `)
})

test('a protected branch says what a merge needs', async () => {
  const rules = '/repos/harbor/booking/branch_protections'
  await sendToGitea(gitea, 'bob', 'POST', rules, {
    rule_name: 'feature/*',
    required_approvals: 2,
    enable_status_check: true,
    status_check_contexts: ['ci/build', 'ci/test'],
  })
  await sendToGitea(gitea, 'bob', 'POST', rules, { rule_name: 'main', enable_push: true })

  expect(await alice.text(getBranch, refund)).toContain(
    'Protected: a merge needs 2 approvals and checks ci/build, ci/test.\n' +
      'This person may not push to it and may merge into it.',
  )
  expect(await alice.text(getBranch, { ...refund, branch: 'main' })).toContain(
    'Protected.\nThis person may push to it and may merge into it.',
  )
})

test('somebody without write access may not push', async () => {
  expect(await mallory.text(getBranch, refund)).toContain('This person may not push to it and may not merge into it.')
})

test('a branch that is not there is named', async () => {
  await expect(alice.run(getBranch, { ...refund, branch: 'feature/refund' })).rejects.toThrow(
    'There is no branch "feature/refund" in harbor/booking',
  )
})

test('an empty repository has no branch', async () => {
  await expect(alice.run(getBranch, { owner: 'alice', repo: 'scratch', branch: 'main' })).rejects.toThrow(
    'There is no branch "main" in alice/scratch',
  )
})

test.each(['refs/heads/main', 'main~1', '../main', ''])('%j is no name of a branch', async (branch) => {
  await expect(alice.run(getBranch, { ...refund, branch })).rejects.toThrow('must be the name of a branch')
})
