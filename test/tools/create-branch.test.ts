import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBranch } from '../../src/tools/create-branch.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
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

async function headOf(branch: string): Promise<string | undefined> {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/branches/${branch}`)
  const { commit } = (await response.json()) as { commit?: { id: string } }
  return commit?.id
}

test('makes a branch from another', async () => {
  const text = await alice.text(createBranch, {
    ...booking,
    new_branch_name: 'fix/deck-plan',
    old_branch_name: 'feature/refund-window',
  })

  expect(text).toMatchInlineSnapshot(`
    "Created branch fix/deck-plan in harbor/booking at <id>, from feature/refund-window
    https://gitea.example/harbor/booking/src/branch/fix/deck-plan"
  `)
  expect(await headOf('fix/deck-plan')).toBe(await headOf('feature/refund-window'))
})

test('starts from the default branch when nothing else is said', async () => {
  const { data } = await alice.run(createBranch, { ...booking, new_branch_name: 'from-default' })

  expect(data).toMatchObject({ sha: await headOf('main'), from: 'the default branch' })
})

test('starts from a shortened commit id and from a tag', async () => {
  const main = (await headOf('main')) ?? ''
  await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/releases', { tag_name: 'v1.0' })

  for (const [name, from] of Object.entries({ 'by-commit': main.slice(0, 10), 'by-tag': 'v1.0' })) {
    const { data } = await alice.run(createBranch, { ...booking, new_branch_name: name, old_branch_name: from })

    expect(data).toMatchObject({ name, sha: main })
  }
})

test.each([
  ['main', 'There is a branch or tag "main" in harbor/booking already'],
  ['feature', 'or one that its name would lie in'],
  ['main/more', 'or one that its name would lie in'],
  ['refs/heads/x', 'must be the name of a branch'],
  ['-x', 'must be the name of a branch'],
  ['a..b', 'must be the name of a branch'],
  ['a b', 'must be the name of a branch'],
  ['x'.repeat(101), 'must not be longer than 100 characters'],
])('a name that cannot be used makes nothing: %s', async (name, reason) => {
  await expect(alice.run(createBranch, { ...booking, new_branch_name: name })).rejects.toThrow(reason)
})

test('an unknown start is told, not a fault of Gitea', async () => {
  const args = { ...booking, new_branch_name: 'never', old_branch_name: 'mian' }

  await expect(alice.run(createBranch, args)).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('branch, tag or commit "mian" in harbor/booking'),
  })
  expect(await headOf('never')).toBeUndefined()
})

test('a name under a protection rule is refused with the likely reason', async () => {
  const rule = { rule_name: 'release/*', enable_push: false }
  await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/branch_protections', rule)

  await expect(alice.run(createBranch, { ...booking, new_branch_name: 'release/2.15' })).rejects.toMatchObject({
    rule: 'gitea.protected',
    message: expect.stringContaining('branch protection rule'),
  })
  expect(await headOf('release/2.15')).toBeUndefined()
})

test('an empty repository, an archived one and one that is only read say why', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'attic', files: { 'a.md': 'a' }, archived: true })
  const mallory = await createToolRunner(gitea, 'mallory')
  const name = { new_branch_name: 'never' }

  await expect(alice.run(createBranch, { owner: 'alice', repo: 'scratch', ...name })).rejects.toThrow(
    'There is no repository alice/scratch with commits',
  )
  await expect(alice.run(createBranch, { owner: 'alice', repo: 'attic', ...name })).rejects.toMatchObject({
    rule: 'gitea.archived',
  })
  await expect(mallory.run(createBranch, { ...booking, ...name })).rejects.toMatchObject({ rule: 'gitea.permission' })
  await mallory.close()
})
