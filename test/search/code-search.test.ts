import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createGiteaTransport, type GiteaTransport } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import { systemClock } from '../../src/lib/clock.js'
import { MIB } from '../../src/lib/units.js'
import { RESOLVE_OPERATIONS, resolveCommit } from '../../src/objects/resolve-commit.js'
import { createObjectStore, type ObjectStore } from '../../src/objects/store.js'
import {
  type CodeFindings,
  type CodeSearch,
  type CodeSearchRequest,
  createCodeSearch,
} from '../../src/search/code-search.js'
import { FILL_OPERATIONS } from '../../src/search/fill.js'
import { createMatcher } from '../../src/search/matcher.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'

let gitea: GiteaUnderTest
let transport: GiteaTransport
const tokens: Record<string, string> = {}
let search: CodeSearch
let store: ObjectStore
let path: string

const many = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [
    `src/f${at}.ts`,
    `export const value${at} = ${at}\nconst shared = 'needle'\n`,
  ]),
)

beforeAll(async () => {
  gitea = await startGitea()
  transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 16 * MIB })
  for (const login of ['alice', 'bob', 'mallory']) {
    tokens[login] = await gitea.createToken(login, ['read:repository', 'read:user'])
  }
  await gitea.addRepository({
    owner: 'alice',
    name: 'haystack',
    private: true,
    files: {
      ...many,
      'README.md': 'The needle is here.\n',
      'notes.txt': 'line one\nline two\nthe Needle itself\nline four\nline five\n',
      'picture.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]),
      'huge.txt': 'needle\n'.repeat(100_000),
      'vendor/lib.go': 'needle\n',
      'gen.ts': '// @generated\nneedle\n',
      'link.md': { symlink: 'README.md' },
      '.gitattributes': 'hidden.txt export-ignore\nversion.txt export-subst\n',
      'hidden.txt': 'not in the archive: anchorage\n',
      'version.txt': 'built from $Format:%H$ anchorage\n',
    },
    commits: [{ message: 'on a branch', branch: 'other', files: { 'only-here.txt': 'branchword\n' } }],
  })
})

afterAll(async () => {
  await transport.close()
  await gitea.close()
})

beforeEach(() => {
  const folder = createTempFolder()
  path = join(folder, 'search.db')
  store = createObjectStore({ path: join(folder, 'objects.db'), maxBytes: 64 * MIB, clock: systemClock })
  search = createCodeSearch({ path, maxBytes: 64 * MIB, clock: systemClock })
  return () => {
    search.close()
    store.close()
  }
})

interface FindOptions extends Partial<CodeSearchRequest> {
  readonly login?: string
  readonly ref?: string
  readonly repo?: string
  readonly isRegex?: boolean
  readonly sent?: OperationName[]
}

async function find(text: string, options: FindOptions = {}): Promise<CodeFindings> {
  const { login = 'alice', ref, repo = 'haystack', isRegex = false, sent = [], ...more } = options
  const signal = options.signal ?? new AbortController().signal
  const token = tokens[login] ?? ''
  const client = transport.as(
    { token: async () => token, renew: async () => token },
    {
      operations: [...RESOLVE_OPERATIONS, ...FILL_OPERATIONS],
      signal,
      requestId: 'test',
      onRequest: (operation) => sent.push(operation),
    },
  )
  const commit = await resolveCommit(client, store, { owner: 'alice', repo, ref })
  return search.search({
    client,
    store,
    commit,
    signal,
    budgetMs: 20_000,
    onProgress: () => {},
    matcher: createMatcher({ text, isRegex, isWord: false, isCaseSensitive: false }),
    filters: [],
    hasAside: false,
    mayReadPath: () => true,
    maskSecrets: (shown) => shown,
    skip: 0,
    take: 100,
    matchesAFile: 10,
    contextLines: 0,
    scanBudgetMs: 10_000,
    ...more,
  })
}

const pathsOf = ({ files }: CodeFindings) => files.map((file) => file.path)

test('a repository is searched on first use, from one archive', async () => {
  const sent: OperationName[] = []
  const progress: number[] = []

  const found = await find('needle', { sent, onProgress: (done) => progress.push(done) })

  expect(found).toMatchObject({ matchingFiles: 62, matches: 62, isWhole: true, missing: 0 })
  expect(found.files.find((file) => file.path === 'notes.txt')).toEqual({
    path: 'notes.txt',
    lines: [{ number: 3, text: 'the Needle itself', isMatch: true }],
    matches: 1,
    shownMatches: 1,
  })
  expect(sent.filter((operation) => operation === 'getArchive')).toHaveLength(1)
  expect(progress.at(-1)).toBe(found.total)
})

test('what is binary, too large, vendored or generated is left out and counted; a link is no file', async () => {
  const found = await find('needle')

  expect(found).toMatchObject({ binary: 1, large: 1, aside: 2 })
  expect(pathsOf(found)).not.toContain('link.md')
  expect(pathsOf(await find('needle', { hasAside: true }))).toEqual(expect.arrayContaining(['vendor/lib.go', 'gen.ts']))
})

test('what an archive leaves out or rewrites is searched as it is in the tree', async () => {
  expect(pathsOf(await find('anchorage'))).toEqual(['hidden.txt', 'version.txt'])
  expect(pathsOf(await find('$Format:%H$'))).toEqual(['version.txt'])
})

test('the second search asks Gitea only whether this person may read the commit', async () => {
  await find('needle')
  const sent: OperationName[] = []

  expect((await find('line four', { sent })).matches).toBe(1)
  expect(sent.every((operation) => operation === 'getRepository' || operation === 'getRefs')).toBe(true)
  expect(sent.length).toBeGreaterThan(0)
})

test('a push brings in what is new and nothing else', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'pushed', files: many })
  await find('needle', { repo: 'pushed' })
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`src/f${at}.ts`, `pushed ${at}\n`]))
  await gitea.commit('alice', 'pushed', { message: 'ten files', files })
  const sent: OperationName[] = []

  const found = await find('pushed', { repo: 'pushed', sent })

  expect(found.matchingFiles).toBe(10)
  expect(sent.filter((operation) => operation === 'getBlob')).toHaveLength(10)
  expect(sent).not.toContain('getArchive')
  expect((await find('needle', { repo: 'pushed' })).matchingFiles).toBe(50)
})

test('only the tree of the ref that was asked for is searched, old commits by their id', async () => {
  const first = await find('needle', { ref: 'other' })

  expect(pathsOf(await find('branchword', { ref: 'other' }))).toEqual(['only-here.txt'])
  expect(pathsOf(await find('branchword'))).toEqual([])
  await gitea.commit('alice', 'haystack', { message: 'gone', branch: 'other', files: { 'only-here.txt': null } })
  expect(pathsOf(await find('branchword', { ref: 'other' }))).toEqual([])
  expect(pathsOf(await find('branchword', { ref: first.commit.sha }))).toEqual(['only-here.txt'])
})

test('who may not read the code gets nothing, whatever the index has', async () => {
  const { commit } = await find('needle')

  await expect(find('needle', { login: 'mallory' })).rejects.toMatchObject({ code: 'not_found' })
  await expect(find('needle', { login: 'mallory', ref: commit.sha })).rejects.toMatchObject({ code: 'not_found' })
})

test('a commit of another repository is not found through one that the person may read', async () => {
  const { commit } = await find('needle')
  await gitea.addRepository({ owner: 'alice', name: 'open', files: { 'a.txt': 'needle\n' } })

  await expect(find('needle', { repo: 'open', login: 'mallory', ref: commit.sha })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a right that was taken away ends at once', async () => {
  await gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  expect((await find('line four', { login: 'bob' })).matches).toBe(1)
  await gitea.setUserState('bob', { prohibitLogin: true })

  await expect(find('line four', { login: 'bob' })).rejects.toMatchObject({ code: 'forbidden' })
  await gitea.setUserState('bob', { prohibitLogin: false })
})

test('a path that may not be read is neither shown nor counted', async () => {
  const found = await find('needle', { mayReadPath: (file) => !file.startsWith('src/') })

  expect(pathsOf(found)).toEqual(['README.md', 'notes.txt'])
  expect(found).toMatchObject({ matchingFiles: 2, matches: 2 })
})

test('a secret cannot be found, not even by guessing it', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'keys', files: { 'a.env': 'token=hunter2 # for the crane\n' } })
  const maskSecrets = (text: string) => text.replaceAll('hunter2', '[masked]')
  const guess = (text: string, isRegex = false) => find(text, { repo: 'keys', isRegex, maskSecrets })

  expect((await guess('crane')).files[0]?.lines).toEqual([
    { number: 1, text: 'token=[masked] # for the crane', isMatch: true },
  ])
  for (const text of ['hunter2', 'hunt', 'token=h']) expect((await guess(text)).matches).toBe(0)
  // the same answer whether the guess is right or wrong
  expect((await guess('token=\\[masked|hunter', true)).matches).toBe(
    (await guess('token=\\[masked|hunted', true)).matches,
  )
  expect((await guess('^token=h', true)).matches).toBe(0)
})

test('a text that is withheld as a whole has no matches', async () => {
  const found = await find('needle', { maskSecrets: (text) => (text.includes('itself') ? 'needle, withheld' : text) })

  expect(pathsOf(found)).not.toContain('notes.txt')
  expect(found.matchingFiles).toBe(61)
})

test('an empty repository says that it is empty', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'void' })

  await expect(find('needle', { repo: 'void' })).rejects.toThrow('alice/void is empty')
})

test('two people who ask at once wait for one archive, each after a check of their own', async () => {
  await gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  const sent: OperationName[] = []

  const [one, two] = await Promise.all([find('needle', { sent }), find('needle', { sent, login: 'bob' })])

  expect(two.files).toEqual(one.files)
  expect(sent.filter((operation) => operation === 'getArchive')).toHaveLength(1)
})

test('who leaves stops waiting, and whoever still waits gets the answer', async () => {
  await gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  const leave = new AbortController()
  const leaving = find('needle', { signal: leave.signal, onProgress: () => leave.abort(new Error('left')) })
  const staying = find('needle', { login: 'bob' })

  await expect(leaving).rejects.toThrow('left')
  expect((await staying).matchingFiles).toBe(62)
})

test('time that is up gives a part and says so; the next call goes on', async () => {
  const part = await find('needle', { budgetMs: 0 })
  expect(part.missing + part.matchingFiles).toBeLessThanOrEqual(part.total)
  expect(part.matchingFiles).toBeLessThan(62)

  const whole = await find('needle')
  expect(whole).toMatchObject({ missing: 0, matchingFiles: 62 })
})

test('pages continue where the last one ended', async () => {
  const first = await find('needle', { take: 40 })
  const second = await find('needle', { skip: 40, take: 40 })

  expect(first.files).toHaveLength(40)
  expect(second.files).toHaveLength(22)
  expect(new Set([...pathsOf(first), ...pathsOf(second)]).size).toBe(62)
})

test('an index that is deleted or damaged while it is in use costs time, not answers', async () => {
  await find('needle')
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  expect((await find('needle')).matchingFiles).toBe(62)

  search.close()
  writeFileSync(path, Buffer.alloc(50_000, 'x'))
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  expect((await find('needle')).matchingFiles).toBe(62)
})

test('a repository larger than the index is searched as far as it goes, and says so', async () => {
  search.close()
  search = createCodeSearch({ path, maxBytes: 200_000, clock: systemClock })
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [
      `f${at}.txt`,
      Array.from({ length: 3000 }, (_, word) => `w${at}x${word * 7919}`).join('\n'),
    ]),
  )
  await gitea.addRepository({ owner: 'alice', name: 'wide', files })

  const found = await find('w5', { repo: 'wide' })

  expect(found.isFull).toBe(true)
  expect(found.missing).toBeGreaterThan(0)
})

test('two thousand files are indexed and searched', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 2000 }, (_, at) => [`d${at % 40}/f${at}.go`, `package d\n\nfunc F${at}() { return }\n`]),
  )
  await gitea.addRepository({ owner: 'alice', name: 'wide2000', files })

  expect(await find('func F1999()', { repo: 'wide2000' })).toMatchObject({ total: 2000, missing: 0, matches: 1 })
  const all = await find('return', { repo: 'wide2000', take: 30 })
  expect(all.files).toHaveLength(30)
  expect(all.matchingFiles).toBeGreaterThan(30)
}, 60_000)

test('a search that takes too long ends with what it has and says so', async () => {
  const found = await find('[a-z]+ o?n?e? ?l?', { isRegex: true, scanBudgetMs: 0 })

  expect(found).toMatchObject({ isWhole: false, isLate: true })
})
