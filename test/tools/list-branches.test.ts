import { afterAll, beforeAll, expect, test } from 'vitest'
import { listBranches } from '../../src/tools/list-branches.js'
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

test('lists branches with their last commit', async () => {
  const text = await alice.text(listBranches, booking)

  // Gitea and its age decide on the order, and with it on which days have their year
  const days = text.replaceAll(/(\d{4}-)?\d\d-\d\d/g, '<day>')
  expect(days.split('\n').sort().join('\n')).toMatchInlineSnapshot(`
    "2 branches in harbor/booking.
    feature/refund-window <id> <day> alice: booking: full refund within a day of booking
    main (default) <id> <day> alice: fleet: note 40 from the weekly review"
  `)
})

test('an empty repository has none', async () => {
  expect(await alice.text(listBranches, empty)).toBe('alice/scratch is empty: it has no branches yet.')
})

test('says how to get the next page', async () => {
  expect(await alice.text(listBranches, { ...booking, limit: 1 })).toContain(
    '2 branches in harbor/booking; 1-1 here, page=2',
  )
})
