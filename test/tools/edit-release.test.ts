import { afterAll, beforeAll, expect, test } from 'vitest'
import { editRelease } from '../../src/tools/edit-release.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let bob: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }
const releases = '/repos/harbor/booking/releases'

beforeAll(async () => {
  gitea = await startGitea()
  bob = await createToolRunner(gitea, 'bob')
})

afterAll(async () => {
  await bob.close()
  await gitea.close()
})

interface Shown {
  readonly id: number
  readonly name: string
  readonly body: string
  readonly draft: boolean
  readonly prerelease: boolean
}

async function add(release: Record<string, unknown>): Promise<number> {
  return ((await sendToGitea(gitea, 'bob', 'POST', releases, release)) as Shown).id
}

async function show(id: unknown): Promise<Shown> {
  return (await sendToGitea(gitea, 'bob', 'GET', `${releases}/${id}`)) as Shown
}

test('changes title, text and what kind of release it is', async () => {
  const id = await add({ tag_name: 'v2.15.0', name: 'Refunds', body: 'Soon.', prerelease: true })
  const text = await bob.text(editRelease, {
    ...booking,
    release_id: id,
    name: 'Refunds within a day',
    body: '- full refund within *24 hours*',
    prerelease: false,
  })

  expect(text.replace(/id \d+/, 'id <n>')).toMatchInlineSnapshot(`
    "Updated release v2.15.0 (id <n>) in harbor/booking: title Refunds within a day, text, a full release
    https://gitea.example/harbor/booking/releases/tag/v2.15.0"
  `)
  expect(await show(id)).toMatchObject({
    name: 'Refunds within a day',
    body: '- full refund within *24 hours*',
    draft: false,
    prerelease: false,
  })
})

test('publishes a draft and leaves the rest as it was', async () => {
  const id = await add({ tag_name: 'v3', name: 'Three', body: 'All new.', draft: true })
  const { data, text } = await bob.run(editRelease, { ...booking, release_id: id, draft: false })

  expect(data).toMatchObject({ draft: false, changed: ['draft'] })
  expect(text).toContain(': published\n')
  expect(await show(id)).toMatchObject({ name: 'Three', body: 'All new.', draft: false })
})

test('a draft whose target is gone stays a draft, and that is said', async () => {
  const id = await add({ tag_name: 'v4', draft: true, target_commitish: 'gone' })

  await expect(bob.run(editRelease, { ...booking, release_id: id, draft: false })).rejects.toThrow(
    'There is no branch, tag or commit "gone" in harbor/booking',
  )
  expect(await show(id)).toMatchObject({ draft: true })
})

test('a draft whose tag a rule protects stays a draft, and that is said', async () => {
  const id = await add({ tag_name: 'stable-1', draft: true })
  const rule = { name_pattern: 'stable-*', whitelist_usernames: ['admin'] }
  await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/tag_protections', rule)

  await expect(bob.run(editRelease, { ...booking, release_id: id, draft: false })).rejects.toMatchObject({
    rule: 'gitea.protected',
  })
  expect(await show(id)).toMatchObject({ draft: true })
})

test.each([
  [{}, 'give at least one of name, body, draft and prerelease'],
  [{ name: '' }, 'must not be blank: Gitea keeps the old text then'],
  [{ body: ' ' }, 'must not be blank: Gitea keeps the old text then'],
  [{ release_id: 99_999, name: 'x' }, 'There is no release with id 99999 in harbor/booking'],
])('what Gitea would not do is refused: %j', async (args, reason) => {
  const id = await add({ tag_name: `v5.${JSON.stringify(args).length}`, name: 'Five' })

  await expect(bob.run(editRelease, { ...booking, release_id: id, ...args })).rejects.toThrow(reason)
  expect(await show(id)).toMatchObject({ name: 'Five' })
})

test('a person who may only read changes nothing', async () => {
  const id = await add({ tag_name: 'v6', name: 'Six' })
  const alice = await createToolRunner(gitea)

  await expect(alice.run(editRelease, { ...booking, release_id: id, name: 'Mine' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await alice.close()
})
