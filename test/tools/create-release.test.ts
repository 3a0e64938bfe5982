import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelease } from '../../src/tools/create-release.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let bob: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  bob = await createToolRunner(gitea, 'bob')
})

afterAll(async () => {
  await bob.close()
  await gitea.close()
})

async function get(path: string): Promise<unknown> {
  return sendToGitea(gitea, 'bob', 'GET', `/repos/harbor/booking${path}`)
}

async function tagged(tag: string): Promise<string | undefined> {
  const tags = (await get('/tags?page=1&limit=50')) as { name: string; commit: { sha: string } }[]
  return tags.find(({ name }) => name === tag)?.commit.sha
}

async function headOf(branch: string): Promise<string> {
  return ((await get(`/branches/${branch}`)) as { commit: { id: string } }).commit.id
}

test('publishes a release and makes its tag', async () => {
  const text = await bob.text(createRelease, {
    ...booking,
    tag_name: 'v2.15.0',
    name: 'Refunds within a day',
    body: '- full refund within *24 hours*',
    target: 'feature/refund-window',
  })

  expect(text.replace(/id \d+/, 'id <n>')).toMatchInlineSnapshot(`
    "Created release v2.15.0 (id <n>) in harbor/booking: Refunds within a day
    https://gitea.example/harbor/booking/releases/tag/v2.15.0"
  `)
  expect(await tagged('v2.15.0')).toBe(await headOf('feature/refund-window'))
})

test('takes the default branch when no target is given', async () => {
  const { data } = await bob.run(createRelease, { ...booking, tag_name: 'v2.15.1', prerelease: true })

  expect(data).toMatchObject({ tag: 'v2.15.1', title: '', draft: false, prerelease: true })
  expect(await tagged('v2.15.1')).toBe(await headOf('main'))
})

test('a draft has no tag yet', async () => {
  const { data, text } = await bob.run(createRelease, { ...booking, tag_name: 'v3', draft: true, target: 'main' })

  expect(data).toMatchObject({ draft: true })
  expect(text).toContain('Created draft of release v3')
  expect(await tagged('v3')).toBeUndefined()
})

test('a tag that exists is released as it is, and never moved', async () => {
  await gitea.addRepository({ owner: 'bob', name: 'tagged', files: { 'a.md': 'a' } })
  const place = { owner: 'bob', repo: 'tagged' }
  const made = { tag_name: 'v1', target: 'main' }
  await sendToGitea(gitea, 'bob', 'POST', '/repos/bob/tagged/tags', made)

  await expect(bob.run(createRelease, { ...place, ...made })).rejects.toThrow(
    'The tag "v1" exists already and does not move: leave target out to release it.',
  )
  expect((await bob.run(createRelease, { ...place, tag_name: 'v1' })).data).toMatchObject({ tag: 'v1' })
})

test('names the release that the tag has already', async () => {
  const { data } = await bob.run(createRelease, { ...booking, tag_name: 'v4' })

  await expect(bob.run(createRelease, { ...booking, tag_name: 'v4' })).rejects.toMatchObject({
    code: 'conflict',
    message: `"v4" has a release already: change it by edit_release with release_id=${data.id}.`,
  })
})

test.each([
  [{ target: 'mian' }, 'There is no branch, tag or commit "mian" in harbor/booking'],
  [{ target: 'mian', draft: true }, 'There is no branch, tag or commit "mian" in harbor/booking'],
  [{ tag_name: 'a b' }, 'must be the name of a tag'],
  [{ tag_name: 'refs/tags/x' }, 'must be the name of a tag'],
  [{ owner: 'alice', repo: 'field-nots' }, 'There is no repository alice/field-nots'],
])('what cannot be released is not half released: %j', async (args, reason) => {
  await expect(bob.run(createRelease, { ...booking, tag_name: 'v5', ...args })).rejects.toThrow(reason)
  expect(await tagged('v5')).toBeUndefined()
})

test('a tag that a rule protects is refused by its name', async () => {
  const rule = { name_pattern: 'stable-*', whitelist_usernames: ['admin'] }
  await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/tag_protections', rule)

  await expect(bob.run(createRelease, { ...booking, tag_name: 'stable-1' })).rejects.toMatchObject({
    rule: 'gitea.protected',
    message: 'A rule protects tags of that name: this person may not make "stable-1".',
  })
  expect(await tagged('stable-1')).toBeUndefined()
})

test('an empty repository and one that is only read say why', async () => {
  const alice = await createToolRunner(gitea)

  await expect(alice.run(createRelease, { owner: 'alice', repo: 'scratch', tag_name: 'v1' })).rejects.toThrow(
    'alice/scratch is empty: there is nothing to release.',
  )
  await expect(alice.run(createRelease, { ...booking, tag_name: 'v6' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await alice.close()
})
