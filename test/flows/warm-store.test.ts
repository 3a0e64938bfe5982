/** A store full of what others read gives nobody more than Gitea does, asked at that moment. */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.js'
import { createObjectStore, type ObjectStore } from '../../src/objects/store.js'
import { compareRefs } from '../../src/tools/compare-refs.js'
import type { Tool } from '../../src/tools/define-tool.js'
import { getCommitDiff } from '../../src/tools/get-commit-diff.js'
import { getFileContents } from '../../src/tools/get-file-contents.js'
import { getFileTree } from '../../src/tools/get-file-tree.js'
import { listCommits } from '../../src/tools/list-commits.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'
import { createToolRunner, type ToolRunner } from '../tools/run-tool.js'

let gitea: GiteaUnderTest
let store: ObjectStore
let path: string
let owner: ToolRunner
let guest: ToolRunner
let made = 0

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addUser({ login: 'guest', password: 'guest-password-1' })
})

afterAll(() => gitea.close())

beforeEach(async () => {
  path = join(createTempFolder(), 'objects.db')
  store = createObjectStore({ path, maxBytes: 8 * 1024 * 1024, clock: systemClock })
  owner = await createToolRunner(gitea, 'alice', undefined, store)
  guest = await createToolRunner(gitea, 'guest', undefined, store)
  return async () => {
    await Promise.all([owner.close(), guest.close()])
    store.close()
  }
})

/** A private repository of alice's, with two commits. */
async function addPrivate() {
  made += 1
  const name = `private-${made}`
  await gitea.addRepository({
    owner: 'alice',
    name,
    private: true,
    files: { 'docs/plan.md': 'the plan\n', 'secrets/key': 'hidden\n' },
  })
  const sha = await gitea.commit('alice', name, { message: 'Second', files: { 'docs/plan.md': 'the better plan\n' } })
  return { name, sha, at: { owner: 'alice', repo: name } }
}

type Reader = readonly [what: string, read: (runner: ToolRunner, at: object, sha: string) => Promise<string>]

const READS: readonly Reader[] = [
  ['a file', (runner, at) => runner.text(getFileContents, { ...at, filepath: 'docs/plan.md' })],
  [
    'a file of a branch',
    (runner, at) => runner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ref: 'main' }),
  ],
  [
    'a file of a commit',
    (runner, at, sha) => runner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ref: sha }),
  ],
  ['files', (runner, at, sha) => runner.text(getFileContents, { ...at, filepaths: ['docs/plan.md'], ref: sha })],
  ['a folder', (runner, at, sha) => runner.text(getFileTree, { ...at, path: 'docs', ref: sha })],
  ['the tree', (runner, at) => runner.text(getFileTree, { ...at, recursive: true })],
  ['the history', (runner, at, sha) => runner.text(listCommits, { ...at, ref: sha })],
  ['a commit', (runner, at, sha) => runner.text(getCommitDiff, { ...at, sha })],
  ['a comparison', (runner, at, sha) => runner.text(compareRefs, { ...at, base: sha, head: 'main', diff: true })],
]

test('who lost the right gets nothing, however warm the store', async () => {
  const { name, sha, at } = await addPrivate()
  await gitea.addCollaborator('alice', name, 'guest', 'read')
  for (const [, read] of READS) {
    await read(owner, at, sha)
    expect(await read(guest, at, sha)).toMatch(/plan|commits/)
  }

  await sendToGitea(gitea, 'alice', 'DELETE', `/repos/alice/${name}/collaborators/guest`)

  for (const [what, read] of READS) {
    await expect(read(guest, at, sha), what).rejects.toThrow(/There is no|has no/)
  }
}, 30_000)

test('a commit of a repository that one may not read gives nothing through one that one may read', async () => {
  const { at, sha } = await addPrivate()
  await gitea.addRepository({ owner: 'guest', name: `own-${made}`, files: { 'docs/other.md': 'mine\n' } })
  const own = { owner: 'guest', repo: `own-${made}` }
  await guest.text(getFileContents, { ...own, filepath: 'docs/other.md' })

  for (const [what, read] of READS.filter(([what]) => !/branch|tree|a file$/.test(what))) {
    await read(owner, at, sha)
    await expect(read(guest, own, sha), what).rejects.toThrow(/has no branch, tag or commit|There is no/)
  }
}, 30_000)

test('another repository that took over a name does not know the commits of the one that had it', async () => {
  const { name, at, sha } = await addPrivate()
  await owner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ref: sha })
  await gitea.renameRepository('alice', name, `${name}-moved`)
  await gitea.addRepository({ owner: 'alice', name: `fresh-${made}`, files: { 'README.md': 'public now\n' } })
  await gitea.renameRepository('alice', `fresh-${made}`, name)

  await expect(guest.run(getFileContents, { ...at, filepath: 'docs/plan.md', ref: sha })).rejects.toThrow(
    'has no branch, tag or commit',
  )
})

test('who may read only the issues is told so, also with a commit id that is known', async () => {
  await gitea.addUser({ login: 'tracker', password: 'tracker-password-1' })
  await gitea.addRepository({ owner: 'harbor', name: 'tracked', private: true, files: { 'a.md': 'a\n' } })
  const sha = await gitea.commit('harbor', 'tracked', { message: 'b', files: { 'b.md': 'b\n' } })
  const units = { 'repo.issues': 'write' } as const
  await gitea.addTeam({ org: 'harbor', name: 'trackers', members: ['tracker'], units, repositories: ['tracked'] })
  const bob = await createToolRunner(gitea, 'bob', undefined, store)
  const tracker = await createToolRunner(gitea, 'tracker', undefined, store)
  const request = { owner: 'harbor', repo: 'tracked', filepath: 'b.md' }
  expect(await bob.text(getFileContents, { ...request, ref: sha })).toContain('b.md')

  for (const ref of [undefined, 'main', sha]) {
    await expect(tracker.run(getFileContents, { ...request, ref })).rejects.toThrow(/Gitea does not let this person/)
  }
  await Promise.all([bob.close(), tracker.close()])
})

test('a branch that moved is read where it is now', async () => {
  const { name, at } = await addPrivate()
  const read = (more = {}) => owner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ...more })
  await read()
  await read({ ref: 'main' })
  await gitea.commit('alice', name, { message: 'Third', files: { 'docs/plan.md': 'the best plan\n' } })

  expect(await read()).toContain('the best plan')
  expect(await read({ ref: 'main' })).toContain('the best plan')
  expect(await owner.text(getFileTree, { ...at, path: 'docs' })).toContain('plan.md')
})

test('the history of a branch that moved begins where it is now', async () => {
  const { name, at } = await addPrivate()
  expect(await owner.text(listCommits, at)).toContain('2 commits')
  await gitea.commit('alice', name, { message: 'Third', files: { 'docs/plan.md': 'the best plan\n' } })

  for (const ref of [undefined, 'main']) {
    const { data } = await owner.run(listCommits, { ...at, ref })
    expect(data).toMatchObject({ total: 3, commits: [{ subject: 'Third' }, { subject: 'Second' }, {}] })
  }
})

test('a branch whose name is only the beginning of another is missing', async () => {
  const { name, at } = await addPrivate()
  await gitea.commit('alice', name, { message: 'x', branch: 'feature/one-two', from: 'main', files: { x: 'x\n' } })

  await expect(owner.run(getFileContents, { ...at, filepath: 'x', ref: 'feature/one' })).rejects.toThrow(
    'no branch, tag or commit "feature/one"',
  )
  expect(await owner.text(getFileContents, { ...at, filepath: 'x', ref: 'feature/one-two' })).toContain('x')
})

test('a tag is followed to its commit, annotated or not', async () => {
  const { name, at } = await addPrivate()
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/${name}/tags`, {
    tag_name: 'v1',
    message: 'First',
    target: 'main',
  })
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/${name}/tags`, { tag_name: 'v1-plain', target: 'main' })
  await gitea.commit('alice', name, { message: 'later', files: { 'docs/plan.md': 'changed since\n' } })

  for (const ref of ['v1', 'v1-plain', 'v1']) {
    expect(await owner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ref })).toContain('the better plan')
  }
})

test('a warm read costs Gitea a ref, and the repository where no ref was given', async () => {
  const { at, sha } = await addPrivate()
  const costs = async (tool: Tool, args: object) => {
    const asked: string[] = []
    await owner.run(tool, { ...at, ...args }, { onRequest: (name) => asked.push(name) })
    return asked.sort()
  }
  for (const [tool, args] of [
    [getFileContents, { filepath: 'docs/plan.md' }],
    [listCommits, { limit: 10 }],
  ] as const) {
    await owner.run(tool, { ...at, ...args })

    expect(await costs(tool, { ...args, ref: 'main' })).toEqual(['getRefs'])
    expect(await costs(tool, args)).toEqual(['getRefs', 'getRepository'])
    expect(await costs(tool, { ...args, ref: sha })).toEqual(['getRepository'])
  }
  expect(await costs(listCommits, { limit: 10, page: 2 })).toContain('listCommits')
})

test('a file that nobody read is asked for together with its ref, and again only when the ref has moved', async () => {
  const { name, at } = await addPrivate()
  const read = async (filepath: string) => {
    const asked: string[] = []
    const text = await owner.text(
      getFileContents,
      { ...at, filepath, ref: 'main' },
      { onRequest: (name) => asked.push(name) },
    )
    return { asked, text }
  }
  await read('docs/plan.md')

  expect(await read('secrets/key')).toEqual({
    asked: ['getContents', 'getRefs'],
    text: expect.stringContaining('hidden'),
  })
  expect((await read('secrets/key')).asked).toEqual(['getRefs'])
  await gitea.commit('alice', name, { message: 'Third', files: { 'docs/new.md': 'new\n', 'secrets/key': 'changed\n' } })
  await gitea.commit('alice', name, { message: 'Fourth', files: { 'docs/new.md': 'newest\n' } })
  expect((await read('secrets/key')).text).toContain('changed')
  expect(await read('docs/new.md')).toEqual({
    asked: ['getContents', 'getRefs'],
    text: expect.stringContaining('newest'),
  })
  await gitea.commit('alice', name, { message: 'Fifth', files: { 'docs/later.md': 'later\n' } })
  const later = await read('docs/later.md')
  expect(later.text).toContain('later')
  expect(later.asked.sort()).toEqual(['getContents', 'getContents', 'getRefs'])
})

test('what one person read is warm for the next, and hidden from whom the policy hides it', async () => {
  const { at, sha } = await addPrivate()
  const mayReadPath = (name: string) => !name.startsWith('secrets')
  await owner.text(getFileTree, { ...at, recursive: true })
  await owner.text(getFileContents, { ...at, filepath: 'secrets/key' })

  const tree = await owner.text(getFileTree, { ...at, recursive: true }, { mayReadPath })
  const several = await owner.text(
    getFileContents,
    { ...at, ref: sha, filepaths: ['secrets/key', 'docs'] },
    { mayReadPath },
  )
  expect(tree).toContain('1 entry not shown')
  expect(tree).not.toContain('key')
  expect(several).toContain('secrets/key at <id>: the policy does not show it.')
  expect(several).not.toContain('hidden')
})

test('reading goes on when the store is deleted under it', async () => {
  const { at } = await addPrivate()
  const read = () => owner.text(getFileContents, { ...at, filepath: 'docs/plan.md', ref: 'main' })
  const before = await read()
  rmSync(dirname(path), { recursive: true })

  expect(await read()).toBe(before)
  expect(await owner.text(getFileTree, { ...at, recursive: true })).toContain('docs/ plan.md')
})

test('without a store everything is read from Gitea', async () => {
  const { at, sha } = await addPrivate()
  const none = createObjectStore({ path, maxBytes: 0, clock: systemClock })
  const runner = await createToolRunner(gitea, 'alice', undefined, none)
  for (const [, read] of READS) expect(await read(runner, at, sha)).toMatch(/plan|commits/)
  await runner.close()
})
