import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore, openStoreBeside } from '../../src/db/open.js'
import { createTempFolder } from '../support/temp-folder.js'

const migrationsPath = 'migrations'

describe('the state file', () => {
  test('is made with its folder, for its owner alone, with write-ahead log and full durability', () => {
    const path = join(createTempFolder(), 'deep', 'aegis.db')

    const store = openStore({ path, migrationsPath })

    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(store.sqlite.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(store.sqlite.pragma('synchronous', { simple: true })).toBe(2)
    expect(store.sqlite.pragma('foreign_keys', { simple: true })).toBe(1)
    store.close()
  })

  test('has one writer: a second process is refused in words, and let in once the first is gone', () => {
    const path = join(createTempFolder(), 'aegis.db')
    const store = openStore({ path, migrationsPath })
    const script = `
      import { openStore } from './src/db/open.ts'
      try { openStore({ path: ${JSON.stringify(path)}, migrationsPath: 'migrations' }).close(); console.log('opened') }
      catch (error) { console.log(error.message) }`
    const openElsewhere = () =>
      spawnSync('node', ['--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' }).stdout

    expect(openElsewhere()).toContain('Another AegisGitea MCP process is using the database')
    store.close()
    expect(openElsewhere()).toContain('opened')
  })

  test('can be read beside its writer', () => {
    const path = join(createTempFolder(), 'aegis.db')
    const store = openStore({ path, migrationsPath })

    const reader = openStoreBeside(path, { readonly: true })

    expect(reader.sqlite.prepare('SELECT count(*) AS n FROM audit_entry').get()).toEqual({ n: 0 })
    expect(() => reader.sqlite.exec('DELETE FROM oauth_client')).toThrow(/readonly/)
    reader.close()
    store.close()
  })

  test('is not made up by a command that wants to read it', () => {
    const path = join(createTempFolder(), 'none.db')

    expect(() => openStoreBeside(path, { readonly: true })).toThrow(/There is no database at .*DATABASE_PATH/)
  })

  test('that is something else is refused', () => {
    const path = join(createTempFolder(), 'aegis.db')
    writeFileSync(path, 'not a database, but long enough to look at'.repeat(50))

    expect(() => openStore({ path, migrationsPath })).toThrow(/cannot be opened: file is not a database/)
  })

  test('takes all of a transaction or none of it', () => {
    const store = openStore({ path: join(createTempFolder(), 'aegis.db'), migrationsPath })
    const count = () => store.sqlite.prepare('SELECT count(*) FROM auth_failure').pluck().get()
    const insert = () => store.sqlite.prepare("INSERT INTO auth_failure (key) VALUES ('a')").run()

    const failing = () =>
      store.transaction(() => {
        insert()
        throw new Error('later')
      })

    expect(failing).toThrow('later')
    expect(count()).toBe(0)
    store.close()
  })
})

describe('migrations', () => {
  function copyMigrations(): string {
    const folder = join(createTempFolder(), 'migrations')
    mkdirSync(folder)
    cpSync(migrationsPath, folder, { recursive: true })
    return folder
  }

  test('that were edited after they were applied are refused', () => {
    const path = join(createTempFolder(), 'aegis.db')
    const edited = copyMigrations()
    openStore({ path, migrationsPath }).close()
    appendFileSync(join(edited, '0000_initial.sql'), '\n-- edited')

    expect(() => openStore({ path, migrationsPath: edited })).toThrow(/0000_initial.sql was changed/)
  })

  test('that this version does not know mean a newer database, which is left alone', () => {
    const path = join(createTempFolder(), 'aegis.db')
    const newer = copyMigrations()
    writeFileSync(join(newer, '9999_future.sql'), 'CREATE TABLE future (id INTEGER) STRICT;')
    openStore({ path, migrationsPath: newer }).close()

    expect(() => openStore({ path, migrationsPath })).toThrow(/written by a newer version \(9999_future.sql\)/)
  })
})
