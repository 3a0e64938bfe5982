import { afterAll, beforeAll, expect, test } from 'vitest'
import { getCommitDiff } from '../../src/tools/get-commit-diff.js'
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
const changes = { owner: 'alice', repo: 'changes' }
let sha: string
let merge: string

beforeAll(async () => {
  await gitea.addRepository({
    owner: 'alice',
    name: 'changes',
    files: {
      'a.txt': 'one\ntwo\nthree\n',
      'secrets/key': 'old\n',
      'move me.txt': 'moved\nas\nit\nis\n',
      'gone.txt': '',
    },
  })
  sha = await gitea.commit('alice', 'changes', {
    message: 'Change everything\n\nAnd say why.',
    date: Date.parse('2026-10-05T10:00:00Z'),
    files: {
      'a.txt': 'one\n2\nthree\n-- not a header\n++ nor this\n',
      'secrets/key': 'new\n',
      'move me.txt': null,
      'docs/moved here.txt': 'moved\nas\nit\nis\n',
      'gone.txt': null,
      'picture.png': Buffer.from([1, 0, 2, 0]),
      'süß/naïve.md': 'ß\n',
      'say "hi".txt': 'hi\n',
      'long.txt': Array.from({ length: 400 }, (_, at) => `row ${at}\n`).join(''),
    },
  })
  merge = await gitea.commit('alice', 'changes', { message: 'later', files: { 'b.txt': 'b\n' } })
})

test('shows message and changes, each file under its own line', async () => {
  const text = await alice.text(getCommitDiff, { ...changes, sha }, { mayReadPath: (path) => path !== 'long.txt' })

  expect(text).toMatchInlineSnapshot(`
    "<id> by alice, 2026-10-05
    Change everything

    And say why.
    7 files changed, +6 -2.
    1 file not shown: the policy hides them.
    Diff:
    === a.txt +3 -1
    @@ -1,3 +1,5 @@
     one
    -two
    +2
     three
    +-- not a header
    +++ nor this
    === docs/moved here.txt (renamed from move me.txt)
    === gone.txt (deleted)
    === picture.png (added) binary
    === "say \\"hi\\".txt" (added) +1 -0
    @@ -0,0 +1 @@
    +hi
    === secrets/key +1 -1
    @@ -1 +1 @@
    -old
    +new
    === süß/naïve.md (added) +1 -0
    @@ -0,0 +1 @@
    +ß"
  `)
})

test('hides files of the policy with all they say, and renames whose old name is hidden', async () => {
  const text = await alice.text(
    getCommitDiff,
    { ...changes, sha },
    { mayReadPath: (path) => !path.startsWith('secrets') && path !== 'move me.txt' },
  )

  expect(text).not.toMatch(/secrets|move me|moved here|old\n|new\n/)
  expect(text).toContain('2 files not shown: the policy hides them.')
})

test('a diff that is too long lists its files and continues inside one', async () => {
  const limits = { maxChars: 2600 }
  const first = await alice.text(getCommitDiff, { ...changes, sha }, { limits })
  const [, next] = /start_line=(\d+) continues/.exec(first) ?? []
  const second = await alice.text(getCommitDiff, { ...changes, sha, start_line: Number(next) }, { limits })

  expect(first.length).toBeLessThan(2600)
  expect(first).toContain('long.txt (added) +400 -0')
  expect(second).toContain(`lines ${next}-`)
  expect(second).toContain('in long.txt (added) +400 -0:')
  const firstRow = Number(/row (\d+)$/.exec(first)?.[1])
  expect(second).toContain(`\n+row ${firstRow + 1}\n`)
})

test('shows one file or folder alone', async () => {
  const text = await alice.text(getCommitDiff, { ...changes, sha, path: 'docs' })

  expect(text).toContain('=== docs/moved here.txt (renamed from move me.txt)')
  expect(text).not.toContain('a.txt')
  await expect(alice.run(getCommitDiff, { ...changes, sha, path: 'nope' })).rejects.toThrow(
    'Nothing under nope changed',
  )
})

test('takes a shortened commit id, and nothing that is no commit', async () => {
  expect(await alice.text(getCommitDiff, { ...changes, sha: merge.slice(0, 8) })).toContain('=== b.txt (added) +1 -0')
  await expect(alice.run(getCommitDiff, { ...changes, sha: 'main' })).rejects.toThrow('must be a commit id')
  await expect(alice.run(getCommitDiff, { ...booking, sha: 'deadbeef' })).rejects.toThrow(
    /deadbeef"? in harbor\/booking/,
  )
})

test('a start line past the end is refused', async () => {
  await expect(alice.run(getCommitDiff, { ...changes, sha: merge, start_line: 50 })).rejects.toThrow(
    'The diff has 3 lines',
  )
})

test('a diff of one file that is larger than this server reads shows as far as it was read', async () => {
  const line = `${'0123456789abcdef'.repeat(8)}\n`
  const huge = await gitea.commit('alice', 'changes', {
    message: 'Huge',
    branch: 'huge',
    from: 'main',
    files: { 'huge.txt': line.repeat(20 * 8192) },
  })
  const { text, data } = await alice.run(getCommitDiff, { ...changes, sha: huge })

  expect(text).toMatch(/at least 1 file changed, \+\d{6} -0/)
  expect(text).toContain('The diff is larger than this server reads; what comes later is missing here.')
  expect(text).toContain('=== huge.txt (added)')
  expect(text.length).toBeLessThan(20_000)
  expect(JSON.stringify(data).length).toBeLessThan(40_000)
}, 60_000)
