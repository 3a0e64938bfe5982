import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchCode } from '../../src/tools/search-code.js'
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

test('shows the lines that match by file, with their numbers', async () => {
  expect(await alice.text(searchCode, { ...booking, query: 'mayCancel' })).toMatchInlineSnapshot(`
    "1 matching file in harbor/booking at main (<id>). 2 matching lines in all.
    src/booking/cancel-rules.ts
    2: export function mayCancel(departureAt: number, now: number): boolean {
    7:   return mayCancel(departureAt, now) ? 0.5 : 0"
  `)
})

const files = {
  'src/one.ts': 'alpha\nbeta\nconst mark = 1\ngamma\ndelta\n',
  'src/two.ts': Array.from({ length: 12 }, (_, at) => `use(mark, ${at})\n`).join(''),
  'docs/a.md': 'About the mark.\n',
  'docs/b.md': 'Marks and remarks.\n',
  'lib/c.go': 'var Mark int\n',
  'vendor/x.go': 'mark\n',
  'logo.png': Buffer.from([1, 0, 2]),
}
const marks = { owner: 'alice', repo: 'marks' }

beforeAll(() => gitea.addRepository({ ...marks, name: 'marks', private: true, files }))

const find = (args: Record<string, unknown>, overrides = {}) => alice.text(searchCode, { ...marks, ...args }, overrides)

test('many matches of a file are counted, and what was left out is said', async () => {
  expect(await find({ query: 'mark' })).toMatchInlineSnapshot(`
    "5 matching files in alice/marks at main (<id>). 16 matching lines in all.
    docs/a.md:1: About the mark.
    docs/b.md:1: Marks and remarks.
    lib/c.go:1: var Mark int
    src/one.ts:3: const mark = 1
    src/two.ts (12 matching lines)
    1: use(mark, 0)
    2: use(mark, 1)
    3: use(mark, 2)
    4: use(mark, 3)
    5: use(mark, 4)
    Not searched: 1 binary, 1 vendored or generated (files=… includes them)."
  `)
})

test('context, whole words, case, language and files narrow it', async () => {
  expect(await find({ query: 'mark', files: 'src/one.ts', context: 1 })).toContain(
    'src/one.ts\n2- beta\n3: const mark = 1\n4- gamma',
  )
  expect(await find({ query: 'mark', word: true, language: 'markdown' })).toContain('1 matching file in alice/marks')
  expect(await find({ query: 'Mark', case: true, files: '*.go' })).toContain('lib/c.go:1: var Mark int')
  expect(await find({ query: 'mark', files: 'vendor' })).toContain('vendor/x.go:1: mark')
  expect(await find({ query: 'use\\(mark, 1[01]\\)', regex: true })).toContain('src/two.ts\n11: use(mark, 10)')
})

test('a page continues where the last one ended', async () => {
  const first = await find({ query: 'mark', limit: 2 })
  const second = await find({ query: 'mark', limit: 2, page: 2 })

  expect(first).toContain('5 matching files in alice/marks at main (<id>); 1-2 here, page=2 continues.')
  expect(second).toContain('; 3-4 here, page=3 continues.')
  expect(second).not.toContain('docs/a.md')
})

test('nothing found says so', async () => {
  expect(await find({ query: 'nosuchword', files: 'src' })).toMatch(/^No matching files in alice\/marks at main/)
})

test('what the policy hides is neither shown nor counted', async () => {
  const mayReadPathIn = (_owner: string, _name: string, path: string) => path.startsWith('docs/')

  expect(await find({ query: 'mark' }, { mayReadPathIn })).toContain('2 matching files in alice/marks')
})

test('without a repository all are searched that this person and this connection may use', async () => {
  const all = await alice.text(searchCode, { query: 'About the mark' })
  expect(all).toMatch(/^Matches in 1 repository/)
  expect(all).toContain('alice/marks docs/a.md:1: About the mark.')

  const kept = await alice.text(
    searchCode,
    { query: 'About the mark' },
    { mayUseRepository: (_owner: string, name: string) => name !== 'marks' },
  )
  expect(kept).not.toContain('marks')
  const mallory = await createToolRunner(gitea, 'mallory')
  expect(await mallory.text(searchCode, { query: 'About the mark' })).toMatch(/^No matches/)
  await mallory.close()
})

test('with an owner alone, that owner’s repositories are searched', async () => {
  expect(await alice.text(searchCode, { owner: 'harbor', query: 'mayCancel' })).toContain(
    'harbor/booking src/booking/cancel-rules.ts',
  )
  expect(await alice.text(searchCode, { owner: 'alice', query: 'mayCancel' })).toMatch(/^No matches of alice/)
})

test.each([
  [{ query: '' }, 'must be one line of text'],
  [{ query: 'a\nb' }, 'must be one line of text'],
  [{ query: '(', regex: true }, 'not a regular expression in RE2 syntax'],
  [{ query: 'x', language: 'klingon' }, 'is no language that is known here'],
  [{ query: 'x', ref: 'nope' }, 'has no branch, tag or commit "nope"'],
  [{ query: 'x', ref: 'main:src' }, 'must be a branch'],
])('%j is refused in words', async (args, reason) => {
  await expect(find(args)).rejects.toThrow(reason)
})

test('a repository needs its owner, and a ref its repository', async () => {
  await expect(alice.run(searchCode, { repo: 'marks', query: 'x' })).rejects.toThrow('repo needs owner too')
  await expect(alice.run(searchCode, { ref: 'main', query: 'x' })).rejects.toThrow('ref needs owner and repo')
})

test('progress is told while a repository is indexed', async () => {
  const lazy = await createToolRunner(gitea)
  const steps: [number, number | undefined][] = []

  await lazy.run(searchCode, { ...booking, query: 'x' }, { progress: (done, total) => steps.push([done, total]) })

  expect(steps.length).toBeGreaterThan(0)
  expect(steps.at(-1)?.[0]).toBe(steps.at(-1)?.[1])
  await lazy.close()
})
