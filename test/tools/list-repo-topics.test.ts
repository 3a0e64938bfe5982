import { afterAll, beforeAll, expect, test } from 'vitest'
import { listRepoTopics } from '../../src/tools/list-repo-topics.js'
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

test('lists the topics of a repository', async () => {
  expect(await alice.text(listRepoTopics, { owner: 'harbor', repo: 'booking' })).toMatchInlineSnapshot(
    `"harbor/booking: booking, typescript"`,
  )
})

test('a repository without topics says so', async () => {
  expect(await alice.text(listRepoTopics, { owner: 'alice', repo: 'field-notes' })).toBe('alice/field-notes: no topics')
})

test('a repository this person may not see is not there', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(listRepoTopics, { owner: 'harbor', repo: 'infra' })).rejects.toThrow(
    'There is no repository harbor/infra, or this person may not see it.',
  )
  await mallory.close()
})
