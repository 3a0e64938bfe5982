import { rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { OperationName } from '../../src/gitea/operations.js'
import { pathsOf, useSearchGround } from './search-ground.js'

const ground = useSearchGround()

test('two people who ask at once wait for one archive, each after a check of their own', async () => {
  await ground.gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  const sent: OperationName[] = []

  const [one, two] = await Promise.all([ground.find('needle', { sent }), ground.find('needle', { sent, login: 'bob' })])

  expect(two.files).toEqual(one.files)
  expect(sent.filter((operation) => operation === 'getArchive')).toHaveLength(1)
})

test('who leaves stops waiting, and whoever still waits gets the answer', async () => {
  await ground.gitea.addCollaborator('alice', 'haystack', 'bob', 'read')
  const leave = new AbortController()
  const leaving = ground.find('needle', { signal: leave.signal, onProgress: () => leave.abort(new Error('left')) })
  const staying = ground.find('needle', { login: 'bob' })

  await expect(leaving).rejects.toThrow('left')
  expect((await staying).matchingFiles).toBe(62)
})

test('time that is up gives a part and says so; the next call goes on', async () => {
  const part = await ground.find('needle', { budgetMs: 0 })
  expect(part.missing + part.matchingFiles).toBeLessThanOrEqual(part.total)
  expect(part.matchingFiles).toBeLessThan(62)

  const whole = await ground.find('needle')
  expect(whole).toMatchObject({ missing: 0, matchingFiles: 62 })
})

test('pages continue where the last one ended', async () => {
  const first = await ground.find('needle', { take: 40 })
  const second = await ground.find('needle', { skip: 40, take: 40 })

  expect(first.files).toHaveLength(40)
  expect(second.files).toHaveLength(22)
  expect(new Set([...pathsOf(first), ...pathsOf(second)]).size).toBe(62)
})

test('an index that is deleted or damaged while it is in use costs time, not answers', async () => {
  await ground.find('needle')
  for (const suffix of ['', '-wal', '-shm']) rmSync(ground.path + suffix, { force: true })
  expect((await ground.find('needle')).matchingFiles).toBe(62)

  ground.reopen()
  writeFileSync(ground.path, Buffer.alloc(50_000, 'x'))
  for (const suffix of ['-wal', '-shm']) rmSync(ground.path + suffix, { force: true })
  expect((await ground.find('needle')).matchingFiles).toBe(62)
})

test('a repository larger than the index is searched as far as it goes, and says so', async () => {
  ground.reopen(200_000)
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [
      `f${at}.txt`,
      Array.from({ length: 3000 }, (_, word) => `w${at}x${word * 7919}`).join('\n'),
    ]),
  )
  await ground.gitea.addRepository({ owner: 'alice', name: 'wide', files })

  const found = await ground.find('w5', { repo: 'wide' })

  expect(found.isFull).toBe(true)
  expect(found.missing).toBeGreaterThan(0)
})

test('two thousand files are indexed and searched', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 2000 }, (_, at) => [`d${at % 40}/f${at}.go`, `package d\n\nfunc F${at}() { return }\n`]),
  )
  await ground.gitea.addRepository({ owner: 'alice', name: 'wide2000', files })

  expect(await ground.find('func F1999()', { repo: 'wide2000' })).toMatchObject({ total: 2000, missing: 0, matches: 1 })
  const all = await ground.find('return', { repo: 'wide2000', take: 30 })
  expect(all.files).toHaveLength(30)
  expect(all.matchingFiles).toBeGreaterThan(30)
}, 60_000)

test('a search that takes too long ends with what it has and says so', async () => {
  const found = await ground.find('[a-z]+ o?n?e? ?l?', { isRegex: true, scanBudgetMs: 0 })

  expect(found).toMatchObject({ isWhole: false, isLate: true })
})
