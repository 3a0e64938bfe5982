import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareRefs } from '../../src/tools/compare-refs.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const forks = { owner: 'alice', repo: 'forks' }
const date = Date.parse('2026-10-05T10:00:00Z')
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `row ${from + at} of a long file\n`).join('')

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  const commit = (message: string, branch: string, files: Record<string, string | Buffer | null>, from = 'main') =>
    gitea.commit('alice', 'forks', { message, branch, from, files, date })
  await gitea.addRepository({
    owner: 'alice',
    name: 'forks',
    files: {
      'a.txt': 'one\ntwo\nthree\n',
      'deep/er/b.txt': 'b\n',
      'deep/same.txt': 'same\n',
      'moves.txt': 'moved\nas\nit is\n',
      'gone.txt': 'gone\n',
      'noise.bin': Buffer.from([0, 1, 2]),
      'secrets/key': 'old\n',
    },
  })
  await commit('Only on main', 'main', { 'a.txt': 'one\ntwo\nthree\nfour\n' })
  await commit(
    'Change a few things\n\nWith reasons.',
    'topic',
    {
      'deep/er/b.txt': 'B\n',
      'deep/er/new.txt': 'new',
      'moves.txt': null,
      'moved/to.txt': 'moved\nas\nit is\n',
      'gone.txt': null,
      'noise.bin': Buffer.from([0, 1, 3]),
      'secrets/key': 'new\n',
    },
    'main~1',
  )
  await commit('Long one', 'long', { 'long.txt': rows(0, 2000), 'other.txt': rows(0, 10) })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const compare = (args: Record<string, unknown>) => alice.text(compareRefs, { ...forks, ...args })

test('lists the commits between two refs and the files they changed', async () => {
  expect(await compare({ base: 'main', head: 'topic' })).toMatchInlineSnapshot(`
    "alice/forks main...topic: 1 commit, since <id>:
    2026-10-05
    <id> alice: Change a few things

    6 files changed, +3 -3:
    deep/er/b.txt +1 -1
    deep/er/new.txt (added) +1 -0
    gone.txt (deleted) +0 -1
    moved/to.txt (renamed from moves.txt)
    noise.bin binary
    secrets/key +1 -1"
  `)
})

test('the diff is what head did since the two parted', async () => {
  const text = await compare({ base: 'main', head: 'topic', diff: true })

  expect(text).toMatchInlineSnapshot(`
    "alice/forks main...topic: 1 commit, since <id>.
    6 files changed, +3 -3.
    Diff:
    === deep/er/b.txt +1 -1
    @@ -1 +1 @@
    -b
    +B
    === deep/er/new.txt (added) +1 -0
    @@ -0,0 +1 @@
    +new
    \\ No newline at end of file
    === gone.txt (deleted) +0 -1
    @@ -1 +0,0 @@
    -gone
    === moved/to.txt (renamed from moves.txt)
    === noise.bin binary
    === secrets/key +1 -1
    @@ -1 +1 @@
    -old
    +new"
  `)
})

test('what was merged in from base meanwhile is not a change of head', async () => {
  const work = await gitea.commit('alice', 'forks', {
    message: 'Work',
    branch: 'merged',
    from: 'main',
    files: { 'w.txt': 'w\n' },
  })
  await gitea.commit('alice', 'forks', { message: 'Moved on', files: { 'a.txt': 'main moved on\n' } })
  const text = await compare({ base: 'main', head: work })

  expect(text).toContain('1 commit, since')
  expect(text).toContain('w.txt (added)')
  expect(text).not.toContain('a.txt')
})

test('one file, and from a line on', async () => {
  const one = await compare({ base: 'main', head: 'topic', path: 'deep' })
  const long = await compare({ base: 'main', head: 'long', path: 'long.txt' })
  const [, next] = /start_line=(\d+) continues/.exec(long) ?? []
  const later = await compare({ base: 'main', head: 'long', path: 'long.txt', start_line: Number(next) })

  expect(one).toContain('=== deep/er/b.txt')
  expect(one).not.toContain('moved/to.txt')
  expect(long.length).toBeLessThan(20_000)
  expect(later).toMatch(/, in long.txt \(added\) \+2000 -0:\n\+row \d+/)
  await expect(compare({ base: 'main', head: 'long', path: 'a.txt' })).rejects.toThrow('Nothing under a.txt changed')
})

test('a diff that does not fit lists its files, so that one can be chosen', async () => {
  const text = await compare({ base: 'main', head: 'long', diff: true })

  expect(text).toContain('2 files changed, +2010 -0:\nlong.txt (added) +2000 -0\nother.txt (added) +10 -0')
  expect(text.length).toBeLessThan(20_000)
})

test('hides files of the policy with all they say, and moves whose old name is hidden', async () => {
  const { text, data } = await alice.run(
    compareRefs,
    { ...forks, base: 'main', head: 'topic', diff: true },
    { mayReadPath: (path) => !path.startsWith('secrets') && path !== 'moves.txt' },
  )

  expect(text + JSON.stringify(data)).not.toMatch(/secrets|moves|moved|old\\n/)
  expect(text).toContain('2 files not shown: the policy hides them.')
})

test('a file above the limit is named and not compared', async () => {
  const text = await alice.text(
    compareRefs,
    { ...forks, base: 'main', head: 'long' },
    { limits: { maxFileBytes: 1000 } },
  )

  expect(text).toContain('long.txt (added) (not compared: 47 KB is more than this server reads)')
  expect(text).toContain('other.txt (added) +10 -0')
})

test('the same, or an older ref, has nothing new', async () => {
  expect(await compare({ base: 'topic', head: 'topic' })).toContain('0 commits, since <id>: nothing to compare.')
})

test('says which ref is missing', async () => {
  await expect(compare({ base: 'main', head: 'nope' })).rejects.toThrow('no branch, tag or commit "nope"')
  await expect(compare({ base: 'none', head: 'main' })).rejects.toThrow('no branch, tag or commit "none"')
  await expect(compare({ base: 'bob:main', head: 'main' })).rejects.toThrow('must be a branch or tag name')
})

test('says that Gitea wants the right to read pull requests', async () => {
  await gitea.addUser({ login: 'coder', password: 'coder-password-1' })
  await gitea.addTeam({
    org: 'harbor',
    name: 'code',
    members: ['coder'],
    units: { 'repo.code': 'read' },
    repositories: ['infra'],
  })
  const coder = await createToolRunner(gitea, 'coder')
  const request = { owner: 'harbor', repo: 'infra', base: 'main', head: 'main' }

  await expect(coder.run(compareRefs, request)).rejects.toThrow('only where pull requests are switched on')
  await coder.close()
})
