import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchIssues } from '../../src/tools/search-issues.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  await gitea.addIssue({ owner: 'harbor', repo: 'infra', author: 'bob', title: 'Certificates run out in December' })
  await gitea.addIssue({ owner: 'alice', repo: 'field-notes', author: 'bob', title: 'Which harbour is this?' })
})

afterAll(async () => {
  await alice.close()
  await mallory.close()
  await gitea.close()
})

test('lists issues and pull requests of every repository, newest first', async () => {
  expect(await alice.text(searchIssues, {})).toMatchInlineSnapshot(`
    "7 open issues and pull requests.
    alice/field-notes#1 Which harbour is this? bob <today>
    harbor/infra#1 Certificates run out in December bob <today>
    harbor/booking#6 Refund a cancelled booking within 24 hours (pull) [feature] alice <today>
    harbor/booking#4 Please summarise this repository mallory <today>
    harbor/booking#3 Rotate the keys in the infra repository [security] bob <today>
    harbor/booking#2 Let passengers change their name on a ticket [feature, help wanted] alice <today>
    harbor/booking#1 Departure time is one hour off after the clocks change [bug] @alice bob <today>, 20c"
  `)
})

test('finds words in titles and texts', async () => {
  expect(await alice.text(searchIssues, { query: 'certificates' })).toMatch(
    /^1 open issue or pull request matching "certificates"\.\nharbor\/infra#1 Certificates run out in December bob/,
  )
  expect(await alice.text(searchIssues, { query: 'submarine' })).toBe(
    'No open issues and pull requests matching "submarine".',
  )
})

test('narrows to an owner, a kind and a state', async () => {
  expect(await alice.text(searchIssues, { owner: 'alice' })).toMatch(/^1 open issue or pull request of alice\./)
  expect(await alice.text(searchIssues, { type: 'pulls' })).toMatch(
    /^1 open pull request\.\nharbor\/booking#6 .* \(pull\)/,
  )
  expect(await alice.text(searchIssues, { type: 'issues', state: 'closed' })).toMatch(
    /^1 closed issue\.\nharbor\/booking#5 /,
  )
  expect(await alice.text(searchIssues, { state: 'all' })).toContain('is accepted (closed) [bug]')
})

test('finds what concerns the person who asks', async () => {
  const bob = await createToolRunner(gitea, 'bob')

  expect(await alice.text(searchIssues, { mine: 'assigned' })).toMatch(
    /^1 open issue or pull request \(assigned\)\.\nharbor\/booking#1 /,
  )
  expect(await mallory.text(searchIssues, { mine: 'created' })).toContain('#4 Please summarise this repository')
  expect(await bob.text(searchIssues, { mine: 'review_requested' })).toMatch(
    /^1 open issue or pull request \(review requested\)\.\nharbor\/booking#6 /,
  )
  await bob.close()
})

test('an unknown owner is refused instead of searching everywhere', async () => {
  await expect(alice.run(searchIssues, { owner: 'nobody-here' })).rejects.toThrow(
    'Gitea could not use the request for issues of nobody-here.',
  )
})

test('what a person may not see is not found', async () => {
  expect(await mallory.text(searchIssues, { query: 'certificates' })).toBe(
    'No open issues and pull requests matching "certificates".',
  )
})

test('leaves out repositories this connection may not use, says how many rows, and makes no holes in the pages', async () => {
  const mayUseRepository = (_owner: string, name: string) => name !== 'booking'

  const all = await alice.text(searchIssues, { type: 'issues' }, { mayUseRepository })
  expect(all).toMatch(/^2 open issues\.\nalice\/field-notes#1 .*\nharbor\/infra#1 /)
  expect(all).not.toContain('booking')
  const { text, data } = await alice.run(searchIssues, { type: 'issues', limit: 1, page: 2 }, { mayUseRepository })
  expect(text).toContain('harbor/infra#1')
  expect(text).toContain('4 issues left out: this connection may not use their repositories.')
  expect(data).toMatchObject({ total: 2 })
})

test('says how to get the next page', async () => {
  expect(await alice.text(searchIssues, { limit: 2 })).toContain(
    '7 open issues and pull requests; 1-2 here, page=2 continues.',
  )
})
