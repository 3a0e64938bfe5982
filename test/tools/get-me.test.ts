import { afterAll, beforeAll, expect, test } from 'vitest'
import { getMe } from '../../src/tools/get-me.js'
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

test('says whose rights every call uses', async () => {
  expect(await alice.text(getMe, {})).toMatchInlineSnapshot(`"alice (Alice Moreau)"`)
})

test('says when that person administers Gitea', async () => {
  const admin = await createToolRunner(gitea, 'admin')

  expect(await admin.text(getMe, {})).toContain('administrator of this Gitea')
  await admin.close()
})

test('takes no arguments', async () => {
  await expect(alice.run(getMe, { login: 'bob' })).rejects.toThrow('Unrecognized key')
})
