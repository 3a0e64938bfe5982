import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCommitStatus } from '../../src/tools/create-commit-status.js'
import { getCommitStatus } from '../../src/tools/get-commit-status.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let sha: string

const notes = { owner: 'alice', repo: 'field-notes' }
const status = { ...notes, state: 'failure', context: 'aegis/tides', description: 'The tide is out' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  sha = await gitea.commit('alice', 'field-notes', {
    message: 'Tides',
    branch: 'tides',
    from: 'main',
    files: { 'tides.md': 'low' },
  })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('says something about a commit, and the last word counts', async () => {
  const target_url = 'https://tides.example/7'
  const text = await alice.text(createCommitStatus, { ...status, sha, target_url })
  await alice.run(createCommitStatus, {
    ...status,
    sha: sha.slice(0, 12),
    state: 'success',
    description: 'High\n tide',
  })

  expect(text).toMatchInlineSnapshot('"aegis/tides of <id> in alice/field-notes: failure, The tide is out"')
  const { data } = await alice.run(getCommitStatus, { ...notes, sha })
  expect(data).toMatchObject({
    state: 'success',
    checks: [{ name: 'aegis/tides', state: 'success', description: 'High tide', url: '' }],
  })
})

test('a commit that is not there is refused by name', async () => {
  await expect(alice.run(createCommitStatus, { ...status, sha: 'f'.repeat(40) })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test.each([
  [{ context: 'ci/build' }, 'must be aegis/'],
  [{ context: 'aegis/' }, 'must be aegis/'],
  [{ context: 'aegis/ci/../build' }, 'must be aegis/'],
  [{ state: 'skipped' }, 'state'],
  [{ target_url: 'javascript:alert(1)' }, 'http or https'],
  [{ description: 'x'.repeat(141) }, 'description'],
])('refuses %j', async (more, reason) => {
  await expect(alice.run(createCommitStatus, { ...status, sha, ...more })).rejects.toThrow(reason)
})

test('somebody without write access is refused', async () => {
  await gitea.addCollaborator('alice', 'field-notes', 'bob', 'read')
  const bob = await createToolRunner(gitea, 'bob')

  await expect(bob.run(createCommitStatus, { ...status, sha })).rejects.toMatchObject({ rule: 'gitea.permission' })
  await bob.close()
})
