import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPullRequest } from '../../src/tools/create-pull-request.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let mallory: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  mallory = await createToolRunner(gitea, 'mallory')
  const files = { 'docs/decks.md': '# Decks\n' }
  await gitea.commit('harbor', 'booking', { branch: 'docs/decks', from: 'main', message: 'Name the decks', files })
  await gitea.commit('harbor', 'booking', { branch: 'wip', from: 'main', message: 'Half of it', files })
  await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/branches', { new_branch_name: 'same-as-main' })
  await sendToGitea(gitea, 'mallory', 'POST', '/repos/harbor/booking/forks', { name: 'ferries' })
  await gitea.commit('mallory', 'ferries', { branch: 'gangway', from: 'main', message: 'Longer', files })
})

afterAll(async () => {
  await Promise.all([alice.close(), mallory.close()])
  await gitea.close()
})

async function countPulls(): Promise<number> {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/pulls?state=all&page=1&limit=50`)
  return Number(response.headers.get('x-total-count'))
}

test('opens a pull request between two branches', async () => {
  const text = await alice.text(createPullRequest, {
    ...booking,
    title: 'Name the decks',
    head: 'docs/decks',
    base: 'main',
    body: 'Asked for by the *office*.',
  })

  expect(text).toMatchInlineSnapshot(`
    "Opened harbor/booking#7 Name the decks: docs/decks into main
    https://gitea.example/harbor/booking/pulls/7"
  `)
})

test('a title that begins with WIP: makes a draft', async () => {
  const { data, text } = await alice.run(createPullRequest, {
    ...booking,
    title: 'WIP: half',
    head: 'wip',
    base: 'main',
  })

  expect(data).toMatchObject({ title: 'WIP: half', head: 'wip', base: 'main', draft: true })
  expect(text).toContain('as a draft')
})

test('names the pull request that is open already', async () => {
  const refund = { ...booking, title: 'Again', head: 'feature/refund-window', base: 'main' }

  await expect(alice.run(createPullRequest, refund)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('#6 is open from feature/refund-window into main already'),
  })
})

test.each([
  [{ head: 'main', base: 'main' }, 'head and base are the same branch'],
  [{ head: 'harbor:main', base: 'main' }, 'head and base are the same branch'],
  [{ head: 'same-as-main', base: 'main' }, 'same-as-main has no commits that main lacks'],
  [{ head: 'main', base: 'feature/refund-window' }, 'main has no commits that feature/refund-window lacks'],
  [{ head: 'nowhere', base: 'main' }, 'There is no branch "nowhere" in harbor/booking'],
  [{ head: 'docs/decks', base: 'mian' }, 'There is no branch "mian" in harbor/booking'],
  [{ head: 'nobody:main', base: 'main' }, 'There is no repository nobody/booking'],
  [{ head: 'alice/field-notes:main', base: 'main' }, 'alice/field-notes is no fork of harbor/booking'],
  [{ head: 'mallory/ferries:nowhere', base: 'main' }, 'There is no branch "nowhere" in mallory/ferries'],
  [{ head: 'mallory/ferries:main', base: 'main' }, 'mallory/ferries:main has no commits that main lacks'],
  [{ head: 'main~1', base: 'main' }, 'must be a branch, or user:branch'],
  [{ head: '../x:main', base: 'main' }, 'must be a branch, or user:branch'],
  [{ head: 'docs/decks', base: 'main', title: ' ' }, 'must not be blank'],
])('what cannot become a pull request opens none: %j', async (args, reason) => {
  const before = await countPulls()

  await expect(alice.run(createPullRequest, { ...booking, title: 'Never', ...args })).rejects.toThrow(reason)
  expect(await countPulls()).toBe(before)
})

test('takes commits from a fork, under whatever name', async () => {
  const args = { ...booking, title: 'Longer gangway', head: 'Mallory/ferries:gangway', base: 'main' }
  const { data } = await mallory.run(createPullRequest, args)

  expect(data).toMatchObject({ head: 'mallory/ferries:gangway', base: 'main' })
  await expect(mallory.run(createPullRequest, args)).rejects.toThrow(
    `#${data.number} is open from mallory/ferries:gangway into main already`,
  )
})

test('takes nothing from a fork that policy or grant keep away', async () => {
  const args = { ...booking, title: 'Around the grant', head: 'mallory/ferries:gangway', base: 'same-as-main' }
  const mayUseRepository = (owner: string) => owner === 'harbor'

  await expect(mallory.run(createPullRequest, args, { mayUseRepository })).rejects.toMatchObject({
    code: 'forbidden',
    message: 'Policy or grant do not allow pull requests from mallory/ferries.',
  })
})

test('a person who only reads the repository cannot propose its own branches', async () => {
  const args = { ...booking, title: 'Not mine', head: 'docs/decks', base: 'same-as-main' }

  await expect(mallory.run(createPullRequest, args)).rejects.toMatchObject({ rule: 'gitea.permission' })
})

test('an archived repository refuses by name', async () => {
  const files = { 'a.md': 'a' }
  const commits = [{ branch: 'more', from: 'main', message: 'More', files: { 'b.md': 'b' } }]
  await gitea.addRepository({ owner: 'alice', name: 'attic', files, commits, archived: true })
  const args = { owner: 'alice', repo: 'attic', title: 'x', head: 'more', base: 'main' }

  await expect(alice.run(createPullRequest, args)).rejects.toMatchObject({ rule: 'gitea.archived' })
})
