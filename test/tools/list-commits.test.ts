import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCommits } from '../../src/tools/list-commits.js'
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

test('lists commits by day, newest first', async () => {
  expect(await alice.text(listCommits, { ...booking, limit: 6 })).toMatchInlineSnapshot(`
    "41 commits in harbor/booking; 1-6 here, page=2 continues.
    2026-10-22
    <id> alice: fleet: note 40 from the weekly review
    10-21
    <id> bob: fares: note 39 from the weekly review
    10-20
    <id> alice: customers: note 38 from the weekly review
    10-19
    <id> alice: cargo: note 37 from the weekly review
    10-17
    <id> bob: booking: note 36 from the weekly review
    10-16
    <id> alice: weather: note 35 from the weekly review"
  `)
})

test('the last page says so', async () => {
  expect(await alice.text(listCommits, { ...booking, page: 2 })).toContain(
    '41 commits in harbor/booking; 31-41 here, the last.',
  )
})

test('starts at a branch or a shortened commit id', async () => {
  const { data } = await alice.run(listCommits, { ...booking, ref: 'feature/refund-window' })
  const [newest] = data.commits as { sha: string; subject: string }[]

  expect(newest?.subject).toBe('booking: full refund within a day of booking')
  expect(data.total).toBe(42)
  expect(await alice.text(listCommits, { ...booking, ref: newest?.sha.slice(0, 8) })).toContain('42 commits')
})

test('what does not fit is continued where it was cut', async () => {
  const limits = { maxChars: 1000 }
  const { data } = await alice.run(listCommits, booking, { limits })
  const next = data.next as { page: number; limit: number }
  const rest = await alice.run(listCommits, { ...booking, ...next }, { limits })
  const [followed] = rest.data.commits as { sha: string }[]
  const all = await alice.run(listCommits, booking)

  expect(data.commits).toHaveLength(next.limit * (next.page - 1))
  expect(followed).toEqual((all.data.commits as unknown[])[(data.commits as unknown[]).length])
})

test('an empty repository has no commits yet', async () => {
  expect(await alice.text(listCommits, empty)).toBe('alice/scratch has no commits yet.')
})

test('an unknown ref is an error', async () => {
  await expect(alice.run(listCommits, { ...booking, ref: 'nope' })).rejects.toThrow(
    'harbor/booking has no branch, tag or commit "nope"',
  )
})

test('a page size beyond the limit is refused', async () => {
  await expect(alice.run(listCommits, { ...booking, limit: 51 })).rejects.toThrow('limit')
})
