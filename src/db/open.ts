import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { InvalidInput, toErrorText } from '../lib/errors.js'
import { migrate } from './migrate.js'
import { auditCheckpoint, auditEntry, auditOutbox } from './schema/audit.js'
import { automationMark, job, jobEffect, webhookDelivery } from './schema/automation.js'
import { approval } from './schema/gate.js'
import { apiKey, repositoryPermission, serverSwitch } from './schema/identity.js'
import { giteaSignIn, giteaTokenSet, oauthApproval, oauthClient, oauthGrant, oauthState } from './schema/oauth.js'

const schema = {
  auditEntry,
  auditCheckpoint,
  auditOutbox,
  approval,
  repositoryPermission,
  serverSwitch,
  apiKey,
  oauthState,
  oauthClient,
  oauthGrant,
  oauthApproval,
  giteaSignIn,
  giteaTokenSet,
  webhookDelivery,
  job,
  jobEffect,
  automationMark,
}

export interface Store {
  /** The one connection of this process, for prepared statements on hot paths. */
  readonly sqlite: Database.Database
  readonly orm: BetterSQLite3Database<typeof schema>
  /** Runs `work` in one immediate transaction: all of it or none. Nested calls join the outer one. */
  transaction<Result>(work: () => Result): Result
  close(): void
}

interface OpenOptions {
  /** Path of the database file; its directory is created. */
  readonly path: string
  /** Where the SQL migrations lie. */
  readonly migrationsPath: string
}

/**
 * Opens the state file as its one writer, applies migrations and holds the writer lock until `close()`.
 *
 * @throws InvalidInput when another process is the writer, or the file cannot be opened
 */
export function openStore({ path, migrationsPath }: OpenOptions): Store {
  const file = resolve(path)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const lock = takeWriterLock(file)
  try {
    const sqlite = openFile(file, false)
    // everything in it is private: tokens are encrypted, but names and calls are not
    chmodSync(file, 0o600)
    migrate(sqlite, migrationsPath)
    return toStore(sqlite, () => lock.close())
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * Opens the state file beside a running server, for commands that read, or write single rows that no audit entry
 * depends on. Does not migrate.
 *
 * @throws InvalidInput when the file does not exist
 */
export function openStoreBeside(path: string, { readonly }: { readonly readonly: boolean }): Store {
  const file = resolve(path)
  if (!existsSync(file)) {
    throw new InvalidInput(`There is no database at ${file}. Set DATABASE_PATH to the one the server uses.`)
  }
  return toStore(openFile(file, readonly), () => {})
}

function openFile(file: string, readonly: boolean): Database.Database {
  let sqlite: Database.Database
  try {
    sqlite = new Database(file, { readonly, timeout: 5000 })
    if (!readonly) {
      sqlite.pragma('journal_mode = WAL')
    }
  } catch (error) {
    throw new InvalidInput(`The database ${file} cannot be opened: ${toErrorText(error)}.`, { cause: error })
  }
  // FULL is per connection: with NORMAL a committed audit row could be lost with the machine
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('foreign_keys = ON')
  return sqlite
}

function toStore(sqlite: Database.Database, release: () => void): Store {
  return {
    sqlite,
    orm: drizzle(sqlite, { schema, casing: 'snake_case' }),
    transaction: (work) => (sqlite.inTransaction ? work() : sqlite.transaction(work).immediate()),
    close: () => {
      sqlite.close()
      release()
    },
  }
}

/**
 * An exclusive transaction on a file beside the database. The operating system drops it with the process, also after
 * `kill -9`, so there is no stale lock to clean up.
 */
function takeWriterLock(file: string): Database.Database {
  const lock = new Database(`${file}-lock`, { timeout: 0 })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw new InvalidInput(
      `Another AegisGitea MCP process is using the database ${file}. ` +
        'Stop it first, or set DATABASE_PATH to a different file: two writers would break the audit chain.',
      { cause: error },
    )
  }
}
