import { afterAll, beforeAll, expect, test } from 'vitest'
import { listHeads } from '../../src/tools/list-heads.js'
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

test('every branch is told with its whole commit id, however deep its name', async () => {
  const branch = 'feature/fog/horn'
  const sha = await gitea.commit('harbor', 'booking', { files: { 'horn.txt': 'loud' }, message: 'Horn', branch })

  const { data, text } = await alice.run(listHeads, { owner: 'harbor', repo: 'booking' })

  expect(data).toMatchObject({ default_branch: 'main', private: false, left: 0 })
  expect(data.heads).toContainEqual({ branch, sha })
  expect(data.heads).toContainEqual({ branch: 'main', sha: expect.stringMatching(/^[0-9a-f]{40}$/) })
  expect(text).toContain(`${branch} ${sha.slice(0, 7)}`)
})

test('an empty repository has none', async () => {
  const { data } = await alice.run(listHeads, { owner: 'alice', repo: 'scratch' })

  expect(data).toMatchObject({ private: true, heads: [], left: 0 })
})
