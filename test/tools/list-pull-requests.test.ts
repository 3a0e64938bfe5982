import { afterAll, beforeAll, expect, test } from 'vitest'
import { listPullRequests } from '../../src/tools/list-pull-requests.js'
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
const empty = { owner: 'alice', repo: 'scratch' }

test('lists open pull requests with their branches', async () => {
  expect(await alice.text(listPullRequests, booking)).toMatchInlineSnapshot(`
    "1 open pull request in harbor/booking.
    #6 Refund a cancelled booking within 24 hours [feature] feature/refund-window into main, alice <today>"
  `)
})

test('closed ones only where asked for', async () => {
  expect(await alice.text(listPullRequests, { ...booking, state: 'closed' })).toBe(
    'No closed pull requests in harbor/booking.',
  )
})

test('an empty repository has none, although Gitea says not found', async () => {
  expect(await alice.text(listPullRequests, empty)).toBe('No open pull requests in alice/scratch.')
})

test('a repository that is not there is not there', async () => {
  await expect(alice.run(listPullRequests, { owner: 'harbor', repo: 'nope' })).rejects.toThrow(
    'no repository harbor/nope',
  )
})
