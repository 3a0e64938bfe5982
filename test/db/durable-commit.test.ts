import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDurableCommits } from '../../src/db/durable-commit.js'
import { openStore, type Store } from '../../src/db/open.js'
import { createTempFolder } from '../support/temp-folder.js'

let store: Store
/** Syncs that were begun; the test says when each ends. */
let syncs: { end(error?: Error): void }[]

beforeEach(() => {
  store = openStore({ path: join(createTempFolder(), 'aegis.db'), migrationsPath: 'migrations' })
  syncs = []
})
afterEach(() => store.close())

const open = () =>
  createDurableCommits(
    store,
    () =>
      new Promise((resolve, reject) =>
        syncs.push({ end: (error) => (error === undefined ? resolve() : reject(error)) }),
      ),
  )

const note = (name: string) =>
  void store.sqlite.prepare(`INSERT INTO automation_mark (name, value, changed_at) VALUES (?, '', 0)`).run(name)
const names = () => store.sqlite.prepare('SELECT name FROM automation_mark ORDER BY name').pluck().all()
const level = () => store.sqlite.pragma('synchronous', { simple: true })
/** What has ended by the next turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('a commit resolves when the log is on disk, and one made meanwhile waits for the sync after it', async () => {
  const commits = open()
  const ended: string[] = []
  const run = (name: string) => commits.run(() => note(name)).then(() => ended.push(name))

  void run('a')
  expect(names()).toEqual(['a'])
  void run('b')
  void run('c')
  await settle()
  expect([ended, syncs.length]).toEqual([[], 1])

  syncs[0]?.end()
  await settle()
  expect([ended, syncs.length]).toEqual([['a'], 2])

  syncs[1]?.end()
  await settle()
  expect([ended, syncs.length]).toEqual([['a', 'b', 'c'], 2])
  commits.close()
})

test('work that fails keeps nothing, a disk that fails is told, and other commits wait for the disk as before', async () => {
  const commits = open()
  expect(level()).toBe(2)

  await expect(
    commits.run(() => {
      note('a')
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect([names(), level(), syncs.length]).toEqual([[], 2, 0])

  const failing = commits.run(() => note('b'))
  syncs[0]?.end(new Error('disk'))
  await expect(failing).rejects.toThrow('disk')
  const after = commits.run(() => note('c'))
  syncs[1]?.end()
  await after
  expect(level()).toBe(2)
  commits.close()
})

test('with the real disk it survives that checkpoints start the log anew', async () => {
  const commits = createDurableCommits(store)
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, at) => commits.run(() => note(`${round}-${at}`))))
    store.sqlite.pragma('wal_checkpoint(TRUNCATE)')
  }

  expect(names()).toHaveLength(100)
  commits.close()
})
