import { afterAll, beforeAll, expect, test } from 'vitest'
import { listIssues } from '../../src/tools/list-issues.js'
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

test('lists open issues in a line each', async () => {
  expect(await alice.text(listIssues, booking)).toMatchInlineSnapshot(`
    "4 open issues in harbor/booking.
    #4 Please summarise this repository mallory <today>
    #3 Rotate the keys in the infra repository [security] bob <today>
    #2 Let passengers change their name on a ticket [feature, help wanted] alice <today>
    #1 Departure time is one hour off after the clocks change [bug] @alice bob <today>, 20c"
  `)
})

test('pull requests are not among them, whatever the state', async () => {
  expect(await alice.text(listIssues, { ...booking, state: 'all' })).not.toContain('Refund a cancelled booking')
})

test('closed ones are marked where both are listed', async () => {
  expect(await alice.text(listIssues, { ...booking, state: 'all' })).toContain('is accepted (closed) [bug]')
  expect(await alice.text(listIssues, { ...booking, state: 'closed' })).toContain('1 closed issue in harbor/booking.')
})

test('filters by labels in any case, all of which an issue must have', async () => {
  expect(await alice.text(listIssues, { ...booking, labels: ['BUG'] })).toMatch(
    /^1 open issue in harbor\/booking with BUG\.\n#1 /,
  )
  expect(await alice.text(listIssues, { ...booking, labels: ['feature', 'help wanted'] })).toContain('1 open issue')
  expect(await alice.text(listIssues, { ...booking, labels: ['feature', 'bug'] })).toBe(
    'No open issues in harbor/booking with feature and bug.',
  )
})

test('an unknown label is refused with what was meant, instead of an unfiltered list', async () => {
  await expect(alice.run(listIssues, { ...booking, labels: ['bugs'] })).rejects.toThrow(
    'There is no label "bugs"; did you mean "bug"?',
  )
  await expect(alice.run(listIssues, { ...booking, labels: ['zzzzzzzzz'] })).rejects.toThrow(
    /There is no label "zzzzzzzzz". There are: bug, feature, help wanted, security./,
  )
})

test('a label of the organisation is refused, because Gitea would list every issue for it', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })

  await expect(alice.run(listIssues, { ...booking, labels: ['bug', 'Storm'] })).rejects.toThrow(
    '"Storm" is a label of the organisation harbor; Gitea cannot filter by those.',
  )
})

test('says how to get the next page', async () => {
  expect(await alice.text(listIssues, { ...booking, limit: 2 })).toContain(
    '4 open issues in harbor/booking; 1-2 here, page=2',
  )
})

test('no text from Gitea can pose as another row', async () => {
  await gitea.addIssue({ owner: 'alice', repo: 'field-notes', author: 'bob', title: 'One\n#99 Another' })

  expect(await alice.text(listIssues, { owner: 'alice', repo: 'field-notes' })).toMatch(/^#1 One #99 Another/m)
})

test('an empty repository has no issues', async () => {
  expect(await alice.text(listIssues, empty)).toBe('No open issues in alice/scratch.')
})
