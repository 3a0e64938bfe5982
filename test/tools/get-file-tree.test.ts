import { afterAll, beforeAll, expect, test } from 'vitest'
import { getFileTree } from '../../src/tools/get-file-tree.js'
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

const booking = { owner: 'harbor', repo: 'booking' }
const empty = { owner: 'alice', repo: 'scratch' }

const hidesFixtures = (path: string) => !path.startsWith('fixtures')

test('lists a folder in one line', async () => {
  expect(await alice.text(getFileTree, { ...booking, path: 'src/booking' })).toMatchInlineSnapshot(`
    "harbor/booking/src/booking: 13 files.
    ./ cancel-rules.ts change.ts check.ts find.ts format.ts limits.ts list.ts manual-refunds.txt parse.ts price.ts remove.ts rules.ts store.ts"
  `)
})

test('lists the top with its folders', async () => {
  expect(await alice.text(getFileTree, booking)).toMatchInlineSnapshot(`
    "harbor/booking: 5 folders, 5 files.
    ./ .gitignore LICENSE README.md docs/ fixtures/ package.json scripts/ src/ test/ tsconfig.json"
  `)
})

test('lists everything below, folder by folder', async () => {
  const { text, data } = await alice.run(getFileTree, { ...booking, recursive: true })

  expect(text).toMatch(/^docs\/areas\/ booking.md cargo.md/m)
  expect(data.files).toBeGreaterThan(400)
})

test('marks links and quotes odd names', async () => {
  const text = await alice.text(getFileTree, { owner: 'alice', repo: 'field-notes', recursive: true })

  expect(text).toContain('latest.md(symlink)')
  expect(text).toContain('"a # strange ? name+100%.md"')
})

test('what is too much is folded into folders with a count', async () => {
  const text = await alice.text(getFileTree, { ...booking, recursive: true }, { limits: { maxChars: 1500 } })

  expect(text).toContain('fixtures/ routes/(130)')
  expect(text).toContain('pass it as path to see them.')
  expect(text.length).toBeLessThan(1500)
})

test('a folder that is too long has pages that join without a gap', async () => {
  const request = { ...booking, path: 'fixtures/routes' }
  const limits = { maxChars: 1600 }
  const names: string[] = []
  let page: number | undefined = 1
  while (page !== undefined) {
    const { data, text } = await alice.run(getFileTree, { ...request, page }, { limits })
    expect(text.length).toBeLessThan(1600)
    names.push(...(data.entries as { path: string }[]).map((entry) => entry.path))
    page = (data.next as { page: number } | undefined)?.page
  }

  expect(names).toHaveLength(130)
  expect(new Set(names).size).toBe(130)
  await expect(alice.run(getFileTree, { ...request, page: 99 }, { limits })).rejects.toThrow(
    /The list ends with page \d/,
  )
})

test('hides what the policy hides and only says how much that is', async () => {
  const top = await alice.text(getFileTree, booking, { mayReadPath: hidesFixtures })
  const all = await alice.text(getFileTree, { ...booking, recursive: true }, { mayReadPath: hidesFixtures })

  expect(top).not.toContain('fixtures')
  expect(top).toContain('1 entry not shown: the policy hides them.')
  expect(all).not.toContain('fixtures')
  expect(all).toContain('130 entries not shown: the policy hides them.')
})

test('the id of a tree is no ref: its paths would escape the policy', async () => {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/git/trees/main:fixtures`)
  const { sha } = (await response.json()) as { sha: string }

  expect(sha).toMatch(/^[0-9a-f]{40}$/)
  await expect(alice.run(getFileTree, { ...booking, ref: sha })).rejects.toThrow('has no branch, tag or commit')
})

test.each(['main:fixtures', 'main~1', 'main^{tree}', '../main', 'refs/heads/main', '-x', 'a b', ''])(
  'a ref that is an expression (%j) is refused before Gitea sees it',
  async (ref) => {
    await expect(alice.run(getFileTree, { ...booking, ref })).rejects.toThrow('must be a branch or tag name')
  },
)

test('says what is missing: repository, commits, ref or folder', async () => {
  await expect(alice.run(getFileTree, { owner: 'harbor', repo: 'nope' })).rejects.toThrow('no repository harbor/nope')
  await expect(alice.run(getFileTree, empty)).rejects.toThrow('alice/scratch is empty: it has no commits yet.')
  await expect(alice.run(getFileTree, { ...booking, ref: 'nope' })).rejects.toThrow('no branch, tag or commit "nope"')
  await expect(alice.run(getFileTree, { ...booking, path: 'Src' })).rejects.toThrow('There is src.')
  await expect(alice.run(getFileTree, { ...booking, path: 'README.md' })).rejects.toThrow('is a file, which cannot')
})

test('does not suggest a name that the policy hides', async () => {
  await expect(
    alice.run(getFileTree, { ...booking, path: 'Fixtures' }, { mayReadPath: hidesFixtures }),
  ).rejects.toThrow('has no Fixtures at main. get_file_tree shows what there is.')
})
