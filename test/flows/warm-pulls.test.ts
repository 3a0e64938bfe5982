/** Where a pull request stands in Gitea's list is remembered for all; what it says is asked of Gitea in every call. */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.js'
import { createObjectStore, type ObjectStore } from '../../src/objects/store.js'
import { getPullRequest } from '../../src/tools/get-pull-request.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'
import { createToolRunner, type ToolRunner } from '../tools/run-tool.js'

let gitea: GiteaUnderTest
let store: ObjectStore
let owner: ToolRunner

const at = { owner: 'harbor', repo: 'ferries' }
const path = '/repos/harbor/ferries'
let made = 0

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: at.owner, name: at.repo, private: true, files: { 'a.md': 'a\n' } })
  await gitea.addCollaborator(at.owner, at.repo, 'alice', 'admin')
})

afterAll(() => gitea.close())

beforeEach(async () => {
  const path = join(createTempFolder(), 'objects.db')
  store = createObjectStore({ path, maxBytes: 8 * 1024 * 1024, clock: systemClock })
  owner = await createToolRunner(gitea, 'alice', undefined, store)
  return async () => {
    await owner.close()
    store.close()
  }
})

async function addPull(): Promise<{ readonly pull_number: number; readonly branch: string }> {
  made += 1
  const branch = `change-${made}`
  const files = { [`${branch}.md`]: 'changed\n' }
  await gitea.commit(at.owner, at.repo, { message: 'Change', branch, from: 'main', author: 'alice', files })
  const pull = { ...at, author: 'alice', title: `Change ${made}`, body: 'Text', head: branch }
  return { pull_number: await gitea.addPullRequest(pull), branch }
}

const read = async (runner: ToolRunner, pull_number: number) =>
  (await runner.run(getPullRequest, { ...at, pull_number })).data.pull as Record<string, unknown>

/** Until Gitea has found out in the background what it tells of it, and where it stands is known. */
async function warm(pull_number: number): Promise<void> {
  await vi.waitFor(async () => expect(await read(owner, pull_number)).toMatchObject({ mergeable: true }), 10_000)
  await read(owner, pull_number)
}

async function costs(runner: ToolRunner, pull_number: number): Promise<string[]> {
  const asked: string[] = []
  await runner.run(getPullRequest, { ...at, pull_number }, { onRequest: (name) => asked.push(name) })
  return asked.sort()
}

test('a pull request costs Gitea one line of its list and the diff', async () => {
  const { pull_number } = await addPull()
  await warm(pull_number)

  expect(await costs(owner, pull_number)).toEqual(['getPullRequestDiff', 'listPullRequests'])
})

test('both ways tell the same', async () => {
  const { pull_number } = await addPull()
  await gitea.addLabel({ ...at, name: 'urgent', color: 'aa0000' })
  await sendToGitea(gitea, 'alice', 'POST', `${path}/issues/${pull_number}/labels`, { labels: ['urgent'] })
  await warm(pull_number)
  const none = createObjectStore({ path: '', maxBytes: 0, clock: systemClock })
  const cold = await createToolRunner(gitea, 'alice', undefined, none)

  expect(await costs(cold, pull_number)).toEqual(['getPullRequestDiff', 'listPullRequests'])
  const rest = Object(await sendToGitea(gitea, 'alice', 'GET', `${path}/pulls/${pull_number}`))
  const shown = await read(owner, pull_number)
  expect(shown).toEqual(await read(cold, pull_number))
  expect(shown).toMatchObject({
    title: rest.title,
    body: rest.body,
    state: rest.state,
    base: rest.base.label,
    head: rest.head.label,
    head_sha: rest.head.sha,
    draft: rest.draft,
    merged: rest.merged,
    mergeable: rest.mergeable,
    labels: ['urgent'],
    updated_at: rest.updated_at,
    url: rest.html_url,
  })
  await cold.close()
})

test('what changed since is told', async () => {
  const { pull_number, branch } = await addPull()
  await warm(pull_number)
  const edit = (body: object) => sendToGitea(gitea, 'alice', 'PATCH', `${path}/pulls/${pull_number}`, body)

  await edit({ title: 'WIP: Better', body: 'More text' })
  expect(await read(owner, pull_number)).toMatchObject({ title: 'WIP: Better', body: 'More text', draft: true })
  await edit({ title: 'Better', state: 'closed' })
  expect(await read(owner, pull_number)).toMatchObject({ title: 'Better', draft: false, state: 'closed' })
  await edit({ state: 'open' })
  const head = await gitea.commit(at.owner, at.repo, { message: 'More', branch, files: { 'more.md': 'more\n' } })
  await vi.waitFor(async () => expect(await read(owner, pull_number)).toMatchObject({ head_sha: head }), 10_000)
  expect(await owner.text(getPullRequest, { ...at, pull_number })).toContain('more.md')
}, 30_000)

test('who lost the right gets nothing, however often it was read', async () => {
  await gitea.addUser({ login: 'guest', password: 'guest-password-1' })
  await gitea.addCollaborator(at.owner, at.repo, 'guest', 'read')
  const guest = await createToolRunner(gitea, 'guest', undefined, store)
  const { pull_number } = await addPull()
  await warm(pull_number)
  expect(await read(guest, pull_number)).toMatchObject({ number: pull_number })

  await sendToGitea(gitea, 'alice', 'DELETE', `${path}/collaborators/guest`)

  await expect(read(guest, pull_number)).rejects.toThrow(`There is no pull request #${pull_number}`)
  await guest.close()
})

test('who may read only code, or only issues, or no code, reads no pull request', async () => {
  const { pull_number } = await addPull()
  await warm(pull_number)
  for (const [login, units] of [
    ['coder', { 'repo.code': 'write' }],
    ['tracker', { 'repo.issues': 'write' }],
    ['blind', { 'repo.pulls': 'write', 'repo.issues': 'write' }],
  ] as const) {
    await gitea.addUser({ login, password: `${login}-password-1` })
    await gitea.addTeam({ org: 'harbor', name: `${login}s`, members: [login], units, repositories: [at.repo] })
    const runner = await createToolRunner(gitea, login, undefined, store)

    await expect(read(runner, pull_number), login).rejects.toThrow(/There is no pull request|does not let this person/)
    await runner.close()
  }
})

test('another repository under the name has its own pull requests', async () => {
  const { pull_number } = await addPull()
  await warm(pull_number)
  await gitea.renameRepository(at.owner, at.repo, 'ferries-moved')
  await gitea.addRepository({ owner: at.owner, name: at.repo, files: { 'b.md': 'b\n' } })

  await expect(read(owner, pull_number)).rejects.toThrow(`There is no pull request #${pull_number}`)
})
