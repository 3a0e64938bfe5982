/**
 * The state file as the commands beside a running server see it. None of them migrates, and none makes files that the
 * server could not read afterwards.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { envSections } from '../config/env.js'
import { openStoreBeside, type Store } from '../db/open.js'
import { sha256Hex } from '../lib/crypto.js'
import { InvalidInput } from '../lib/errors.js'
import type { CommandIo } from './command.js'

/** Where the database is by the settings, whether or not the other settings are in order. */
export function toDatabasePath({ env, cwd }: Pick<CommandIo, 'env' | 'cwd'>): string {
  return resolve(cwd, envSections.Storage.DATABASE_PATH.parse(env.DATABASE_PATH || undefined))
}

/** Where the policy file is by the settings. */
export function toPolicyPath({ env, cwd }: Pick<CommandIo, 'env' | 'cwd'>): string {
  return resolve(cwd, envSections.Storage.POLICY_FILE_PATH.parse(env.POLICY_FILE_PATH || undefined))
}

/** Where the keys that were generated beside a database are. */
export function toKeyFolder(databasePath: string): string {
  return join(dirname(databasePath), 'keys')
}

/** The folder of the SQL migrations: beside the bundle's folder, or at the top of the source tree. */
export function findMigrationsFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const folders = [join(here, '..', 'migrations'), join(here, '..', '..', 'migrations')]
  const found = folders.find((folder) => existsSync(folder))
  if (found === undefined) {
    throw new InvalidInput(`The folder migrations/ is missing beside ${here}. Install AegisGitea MCP again.`)
  }
  return found
}

export interface MigrationState {
  readonly applied: number
  /** In this version and not in the database yet. */
  readonly pending: readonly string[]
  /** In the database and unknown to this version, or different from what it applied. */
  readonly foreign: readonly string[]
}

/** Compares what a database has applied with what this version ships; changes nothing. */
export function findMigrationState(sqlite: Database, migrationsPath: string): MigrationState {
  const hasTable = sqlite.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'migration'`).get() !== undefined
  const rows = hasTable
    ? sqlite.prepare<[], { name: string; sha256: string }>('SELECT name, sha256 FROM migration').all()
    : []
  const shipped = new Map(
    readdirSync(migrationsPath)
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map((name) => [name, sha256Hex(readFileSync(join(migrationsPath, name), 'utf8'))]),
  )
  const applied = new Set(rows.map(({ name }) => name))
  return {
    applied: rows.length,
    pending: [...shipped.keys()].filter((name) => !applied.has(name)),
    foreign: rows.filter(({ name, sha256 }) => shipped.get(name) !== sha256).map(({ name }) => name),
  }
}

/**
 * Opens the state file beside a running server and hands it to `work`.
 *
 * @throws InvalidInput when there is none, or another version wrote it
 */
export async function withStore<Result>(
  io: CommandIo,
  options: { readonly readonly: boolean },
  work: (store: Store, path: string) => Result | Promise<Result>,
): Promise<Result> {
  const path = toDatabasePath(io)
  const store = openStoreBeside(path, options)
  try {
    const { pending, foreign } = findMigrationState(store.sqlite, findMigrationsFolder())
    if (foreign.length > 0) {
      throw new InvalidInput(
        `The database ${path} was written by another version (${foreign.join(', ')}). Use that one.`,
      )
    }
    if (pending.length > 0) {
      throw new InvalidInput(`The database ${path} is of an earlier version. Start the server once, which updates it.`)
    }
    return await work(store, path)
  } finally {
    store.close()
  }
}

/**
 * Refuses to write beside the database as somebody else: what root leaves there, readable by its owner alone, the
 * server's own user could not read at its next start.
 */
export function checkOwner(databasePath: string): void {
  const folder = dirname(databasePath)
  const owner = existsSync(folder) ? statSync(folder).uid : undefined
  const user = process.getuid?.()
  if (owner !== undefined && user !== undefined && owner !== user) {
    throw new InvalidInput(
      `${folder} belongs to user ${owner}, and this runs as user ${user}. Run it as the user that the server runs as.`,
    )
  }
}
