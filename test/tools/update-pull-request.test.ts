import { afterAll, beforeAll, expect, test } from 'vitest'
import { updatePullRequest } from '../../src/tools/update-pull-request.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const refund = { owner: 'harbor', repo: 'booking', pull_number: 6 }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/branches', { new_branch_name: 'winter' })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

interface Shown {
  readonly title: string
  readonly body: string
  readonly state: string
  readonly base: { readonly ref: string }
}

async function show(path = 'harbor/booking/pulls/6'): Promise<Shown> {
  const response = await fetch(`${gitea.url}/api/v1/repos/${path}`)
  return (await response.json()) as Shown
}

test('changes title, text and base at once', async () => {
  const before = await show()
  const text = await alice.text(updatePullRequest, {
    ...refund,
    title: 'Refund within 24 hours',
    body: 'Adds the *refund window*.',
    base: 'winter',
  })

  expect(text).toMatchInlineSnapshot(`
    "Updated harbor/booking#6 Refund within 24 hours: title, text, into winter
    https://gitea.example/harbor/booking/pulls/6"
  `)
  expect(before.base.ref).toBe('main')
  expect(await show()).toMatchObject({
    title: 'Refund within 24 hours',
    body: 'Adds the *refund window*.',
    base: { ref: 'winter' },
  })
})

test('closes and opens again, and leaves what was not named as it was', async () => {
  const { title, body } = await show()
  const closed = await alice.run(updatePullRequest, { ...refund, state: 'closed' })

  expect(closed.data).toMatchObject({ state: 'closed', changed: ['state'] })
  await expect(alice.run(updatePullRequest, { ...refund, base: 'main' })).rejects.toThrow(
    '#6 is closed: its base can change only while it is open.',
  )
  const opened = await alice.run(updatePullRequest, { ...refund, state: 'open', base: 'main' })
  expect(opened.data).toMatchObject({ state: 'open', base: 'main' })
  expect(await show()).toMatchObject({ title, body, state: 'open' })
})

test('an empty text is a text', async () => {
  await alice.run(updatePullRequest, { ...refund, body: '' })

  expect((await show()).body).toBe('')
})

test.each([
  [{}, 'give at least one of title, body, state and base'],
  [{ title: ' ' }, 'must not be blank'],
  [{ title: 'Never', base: 'mian' }, 'There is no branch "mian" in harbor/booking'],
  [{ title: 'Never', base: 'feature/refund-window' }, 'is where the commits of #6 come from'],
  [{ title: 'Never', state: 'closed', base: 'winter' }, 'its base can change only while it is open'],
  [{ title: 'Never', pull_number: 66 }, 'There is no pull request #66 in harbor/booking'],
  [{ title: 'Never', pull_number: 1 }, 'There is no pull request #1 in harbor/booking'],
])('what cannot be changes nothing: %j', async (args, reason) => {
  const before = await show()

  await expect(alice.run(updatePullRequest, { ...refund, ...args })).rejects.toThrow(reason)
  expect(await show()).toMatchObject({ title: before.title, state: before.state, base: { ref: before.base.ref } })
})

test('a base that another pull request has already changes nothing', async () => {
  const other = { title: 'The same for winter', head: 'feature/refund-window', base: 'winter' }
  await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/pulls', other)
  const { title } = await show()

  await expect(alice.run(updatePullRequest, { ...refund, title: 'Never', base: 'winter' })).rejects.toThrow(
    'Another pull request from there into winter is open already.',
  )
  expect((await show()).title).toBe(title)
})

test('a person who may only read changes nothing', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(updatePullRequest, { ...refund, title: 'Mine' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})

test('Gitea would change a pull request in an archived repository; this does not', async () => {
  const commits = [{ branch: 'more', from: 'main', message: 'More', files: { 'b.md': 'b' } }]
  await gitea.addRepository({ owner: 'alice', name: 'attic', files: { 'a.md': 'a' }, commits })
  await gitea.addPullRequest({ owner: 'alice', repo: 'attic', author: 'alice', title: 'Old', head: 'more' })
  await sendToGitea(gitea, 'alice', 'PATCH', '/repos/alice/attic', { archived: true })

  await expect(
    alice.run(updatePullRequest, { owner: 'alice', repo: 'attic', pull_number: 1, title: 'New' }),
  ).rejects.toMatchObject({ rule: 'gitea.archived' })
})
