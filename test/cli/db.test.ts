import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

/** A server that holds its database open. */
function startServer(): { folder: string; path: string; store: Store } {
  const folder = createTempFolder()
  const path = join(folder, 'data', 'aegis.db')
  const store = openStore({ path, migrationsPath: 'migrations' })
  store.sqlite.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT')
  return { folder, path, store }
}

function fill(store: Store, rows: number): void {
  const insert = store.sqlite.prepare('INSERT INTO note (text) VALUES (?)')
  store.transaction(() => {
    for (let row = 0; row < rows; row++) {
      insert.run('x'.repeat(1000))
    }
  })
}

const db = (folder: string, ...args: string[]) => runAegis(['db', ...args], { cwd: folder })

test('copies the database of a running server, rows of a moment ago included, into one private file', async () => {
  const { folder, store } = startServer()
  fill(store, 500)

  const run = await db(folder, 'backup', 'copy.db')

  const copy = join(folder, 'copy.db')
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(/copy\.db: .*iB, checked and sound\.\nThe keys in .*data\/keys are not in it/)
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).sort()).toEqual(['copy.db', 'data'])
  const restored = openStore({ path: copy, migrationsPath: 'migrations' })
  expect(restored.sqlite.prepare('SELECT count(*) FROM note').pluck().get()).toBe(500)
  restored.close()
  store.close()
})

test('a server that keeps writing neither waits for the copy nor keeps it from ending', async () => {
  const { folder, store } = startServer()
  fill(store, 5000)
  let written = 0
  const writing = setInterval(() => {
    fill(store, 1)
    written += 1
  }, 1)

  const run = await db(folder, 'backup', 'copy.db')

  clearInterval(writing)
  expect(run.code).toBe(0)
  const copy = openStore({ path: join(folder, 'copy.db'), migrationsPath: 'migrations' })
  const copied = Number(copy.sqlite.prepare('SELECT count(*) FROM note').pluck().get())
  expect(copied).toBeGreaterThanOrEqual(5000)
  expect(copied).toBeLessThanOrEqual(5000 + written)
  copy.close()
  store.close()
})

test('never writes over a file', async () => {
  const { folder, store } = startServer()
  writeFileSync(join(folder, 'copy.db'), 'mine')

  const run = await db(folder, 'backup', 'copy.db')

  expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/exists already\. Name a file that does not/) })
  expect(readFileSync(join(folder, 'copy.db'), 'utf8')).toBe('mine')
  store.close()
})

test('says what is missing, and leaves nothing behind', async () => {
  const { folder, store } = startServer()
  const empty = createTempFolder()

  const noFolder = await db(folder, 'backup', 'no/such/copy.db')
  const noDatabase = await db(empty, 'backup', 'copy.db')
  // not even root makes files there
  const noRight = await db(folder, 'backup', '/sys/copy.db')

  expect(noFolder).toMatchObject({ code: 1, stderr: expect.stringMatching(/There is no folder .*no\/such/) })
  expect(noDatabase).toMatchObject({ code: 1, stderr: expect.stringMatching(/There is no database at/) })
  expect(noRight).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be written: .*\. No copy was made/) })
  expect(readdirSync(empty)).toEqual([])
  store.close()
})

test('a damaged database is found by check, and no copy of it is kept', async () => {
  const { folder, path, store } = startServer()
  fill(store, 500)
  store.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, bytes.length - 20_000, bytes.length - 2_000)
  writeFileSync(path, bytes)

  const check = await db(folder, 'check')
  const backup = await db(folder, 'backup', 'copy.db')

  expect(check.code).toBe(1)
  expect(check.stdout).toMatch(/The file is damaged\. Stop the server, keep this file, and restore the last backup/)
  expect(backup).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/copy is not sound, so it was removed\. Run aegis db check/),
  })
  expect(existsSync(join(folder, 'copy.db'))).toBe(false)
  expect(existsSync(join(folder, 'copy.db.part'))).toBe(false)
})

test('rows that point nowhere are damage too', async () => {
  const { folder, store } = startServer()
  store.sqlite.exec(`
    CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE child (parent_id INTEGER REFERENCES parent (id)) STRICT;
    PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (7);`)

  const run = await db(folder, 'check')

  expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('a row of child points at a row of parent') })
  store.close()
})

test('a sound database is said to be so beside a running server', async () => {
  const { folder, path, store } = startServer()

  const run = await db(folder, 'check')

  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain(path)
  expect(run.stdout).toContain('The file is sound.')
  store.close()
})
