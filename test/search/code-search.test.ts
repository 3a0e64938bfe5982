import { expect, test } from 'vitest'
import type { OperationName } from '../../src/gitea/operations.js'
import { many, pathsOf, useSearchGround } from './search-ground.js'

const ground = useSearchGround()

test('a repository is searched on first use, from one archive', async () => {
  const sent: OperationName[] = []
  const progress: number[] = []

  const found = await ground.find('needle', { sent, onProgress: (done) => progress.push(done) })

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
  const found = await ground.find('needle')

  expect(found).toMatchObject({ binary: 1, large: 1, aside: 2 })
  expect(pathsOf(found)).not.toContain('link.md')
  expect(pathsOf(await ground.find('needle', { hasAside: true }))).toEqual(
    expect.arrayContaining(['vendor/lib.go', 'gen.ts']),
  )
})

test('what an archive leaves out or rewrites is searched as it is in the tree', async () => {
  expect(pathsOf(await ground.find('anchorage'))).toEqual(['hidden.txt', 'version.txt'])
  expect(pathsOf(await ground.find('$Format:%H$'))).toEqual(['version.txt'])
})

test('the second search asks Gitea only whether this person may read the commit', async () => {
  await ground.find('needle')
  const sent: OperationName[] = []

  expect((await ground.find('line four', { sent })).matches).toBe(1)
  expect(sent.every((operation) => operation === 'getRepository' || operation === 'getRefs')).toBe(true)
  expect(sent.length).toBeGreaterThan(0)
})

test('a push brings in what is new and nothing else', async () => {
  await ground.gitea.addRepository({ owner: 'alice', name: 'pushed', files: many })
  await ground.find('needle', { repo: 'pushed' })
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`src/f${at}.ts`, `pushed ${at}\n`]))
  await ground.gitea.commit('alice', 'pushed', { message: 'ten files', files })
  const sent: OperationName[] = []

  const found = await ground.find('pushed', { repo: 'pushed', sent })

  expect(found.matchingFiles).toBe(10)
  expect(sent.filter((operation) => operation === 'getBlob')).toHaveLength(10)
  expect(sent).not.toContain('getArchive')
  expect((await ground.find('needle', { repo: 'pushed' })).matchingFiles).toBe(50)
})

test('only the tree of the ref that was asked for is searched, old commits by their id', async () => {
  const first = await ground.find('needle', { ref: 'other' })

  expect(pathsOf(await ground.find('branchword', { ref: 'other' }))).toEqual(['only-here.txt'])
  expect(pathsOf(await ground.find('branchword'))).toEqual([])
  await ground.gitea.commit('alice', 'haystack', { message: 'gone', branch: 'other', files: { 'only-here.txt': null } })
  expect(pathsOf(await ground.find('branchword', { ref: 'other' }))).toEqual([])
  expect(pathsOf(await ground.find('branchword', { ref: first.commit.sha }))).toEqual(['only-here.txt'])
})

test('who may not read the code gets nothing, whatever the index has', async () => {
  const { commit } = await ground.find('needle')

  await expect(ground.find('needle', { login: 'mallory' })).rejects.toMatchObject({ code: 'not_found' })
  await expect(ground.find('needle', { login: 'mallory', ref: commit.sha })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a commit of another repository is not found through one that the person may read', async () => {
  const { commit } = await ground.find('needle')
  await ground.gitea.addRepository({ owner: 'alice', name: 'open', files: { 'a.txt': 'needle\n' } })

  await expect(ground.find('needle', { repo: 'open', login: 'mallory', ref: commit.sha })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a right that was taken away ends at once', async () => {
  await ground.gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  expect((await ground.find('line four', { login: 'bob' })).matches).toBe(1)
  await ground.gitea.setUserState('bob', { prohibitLogin: true })

  await expect(ground.find('line four', { login: 'bob' })).rejects.toMatchObject({ code: 'forbidden' })
  await ground.gitea.setUserState('bob', { prohibitLogin: false })
})

test('a path that may not be read is neither shown nor counted', async () => {
  const found = await ground.find('needle', { mayReadPath: (file) => !file.startsWith('src/') })

  expect(pathsOf(found)).toEqual(['README.md', 'notes.txt'])
  expect(found).toMatchObject({ matchingFiles: 2, matches: 2 })
})

test('a secret cannot be found, not even by guessing it', async () => {
  await ground.gitea.addRepository({
    owner: 'alice',
    name: 'keys',
    files: { 'a.env': 'token=hunter2 # for the crane\n' },
  })
  const maskSecrets = (text: string) => text.replaceAll('hunter2', '[masked]')
  const guess = (text: string, isRegex = false) => ground.find(text, { repo: 'keys', isRegex, maskSecrets })

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
  const found = await ground.find('needle', {
    maskSecrets: (text) => (text.includes('itself') ? 'needle, withheld' : text),
  })

  expect(pathsOf(found)).not.toContain('notes.txt')
  expect(found.matchingFiles).toBe(61)
})

test('an empty repository says that it is empty', async () => {
  await ground.gitea.addRepository({ owner: 'alice', name: 'void' })

  await expect(ground.find('needle', { repo: 'void' })).rejects.toThrow('alice/void is empty')
})
