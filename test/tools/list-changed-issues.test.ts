import { afterAll, beforeAll, expect, test } from 'vitest'
import { listChangedIssues } from '../../src/tools/list-changed-issues.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('issues and pull requests changed since a moment are listed with how they stand, and nothing of their text', async () => {
  const number = await gitea.addIssue({
    ...booking,
    author: 'bob',
    title: 'Fog horn',
    body: 'Too quiet.',
    closed: true,
  })
  await gitea.commit('harbor', 'booking', { files: { 'horn.txt': 'loud' }, message: 'Horn', branch: 'horn' })
  const pull = await gitea.addPullRequest({ ...booking, author: 'bob', title: 'Horn', head: 'horn' })

  const { data, text } = await alice.run(listChangedIssues, { ...booking, since: '2020-01-01T00:00:00Z', limit: 2 })

  expect(data.issues).toEqual([
    expect.objectContaining({ number: pull, is_pull: true, state: 'open', merged: false, closed_at: '' }),
    expect.objectContaining({
      number,
      author: 'bob',
      is_pull: false,
      state: 'closed',
      closed_at: expect.stringMatching(/^20/),
    }),
  ])
  expect(data.next).toMatchObject({ page: 2, limit: 2 })
  expect(text).toContain(`#${pull} pull request, open`)
  expect(text).not.toContain('horn')
})

test('nothing has changed since a moment that is to come', async () => {
  const { data } = await alice.run(listChangedIssues, { ...booking, since: '2099-01-01T00:00:00+01:00' })

  expect(data.issues).toEqual([])
  expect(listChangedIssues.input.safeParse({ ...booking, since: 'yesterday' }).success).toBe(false)
})
