import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { openStoreBeside } from '../db/open.js'
import { InvalidInput, toErrorText } from '../lib/errors.js'
import { KIB, MIB } from '../lib/units.js'
import { type Command, type CommandIo, Misuse, printLines, toErrorCode } from './command.js'
import { findMigrationState, findMigrationsFolder, toDatabasePath, toKeyFolder } from './state-file.js'

/** All pages in one step: read from one snapshot, so that a busy server cannot make the copy start over for ever. */
const ALL_PAGES = 0x7fff_ffff

/** `aegis db`: the state file beside a running server. */
export const dbCommand: Command = {
  name: 'db',
  summary: 'back up or check the database beside a running server',
  usage: `aegis db backup <file>
  Copies the database, beside a running server too, then opens the copy and checks it. Never writes over a file.

aegis db check
  Reads the whole database and tells whether it is sound. Whether the audit log in it is unchanged: aegis audit verify.
`,
  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    const [action, file, ...more] = positionals
    if (action === 'backup' && file !== undefined && more.length === 0) {
      return backUp(resolve(io.cwd, file), io)
    }
    if (action === 'check' && file === undefined) {
      return checkDatabase(io)
    }
    if (action === 'backup') {
      throw new Misuse('Name one file for the copy: aegis db backup /backup/aegis.db')
    }
    throw new Misuse(action === undefined ? 'Name what to do: backup or check.' : 'That is not a way to call it.')
  },
}

async function backUp(target: string, io: CommandIo): Promise<number> {
  const source = toDatabasePath(io)
  if (existsSync(target)) {
    throw new InvalidInput(`${target} exists already. Name a file that does not, or move that one away.`)
  }
  if (!existsSync(dirname(target))) {
    throw new InvalidInput(`There is no folder ${dirname(target)}. Make it first.`)
  }
  const unfinished = `${target}.part`
  const store = openStoreBeside(source, { readonly: true })
  try {
    createPrivateFile(unfinished)
    await store.sqlite.backup(unfinished, { progress: () => ALL_PAGES })
    const problems = finishCopy(unfinished)
    if (problems.length > 0) {
      throw new InvalidInput(
        'The copy is not sound, so it was removed. Run aegis db check to see whether the database itself is damaged.',
        { detail: problems.join('\n') },
      )
    }
    renameSync(unfinished, target)
  } catch (error) {
    throw toBackupError(error, target)
  } finally {
    store.close()
    rmSync(unfinished, { force: true })
  }
  printLines(
    io.stdout,
    `${target}: ${toSizeText(statSync(target).size)}, checked and sound.`,
    `The keys in ${toKeyFolder(source)} are not in it. Back them up too, in another place: with both, stored sign-ins can be read.`,
  )
  return 0
}

/** Makes one file of the copy, without a journal beside it, safe on disk. Returns what is wrong with it. */
function finishCopy(file: string): string[] {
  const copy = new Database(file)
  try {
    copy.pragma('journal_mode = DELETE')
    return findDamage(copy)
  } finally {
    copy.close()
    const fd = openSync(file, 'r+')
    fsyncSync(fd)
    closeSync(fd)
  }
}

function createPrivateFile(file: string): void {
  rmSync(file, { force: true })
  closeSync(openSync(file, 'wx', 0o600))
  chmodSync(file, 0o600)
}

function toBackupError(error: unknown, target: string): unknown {
  const words: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    SQLITE_FULL: 'the disk is full',
    EACCES: 'this user may not write there',
    EROFS: 'the file system is read-only',
  }
  const why = words[toErrorCode(error)]
  return why === undefined
    ? error
    : new InvalidInput(`${target} cannot be written: ${why}. No copy was made.`, {
        detail: toErrorText(error),
        cause: error,
      })
}

function checkDatabase(io: CommandIo): number {
  const path = toDatabasePath(io)
  const store = openStoreBeside(path, { readonly: true })
  try {
    const damage = findDamage(store.sqlite)
    const { applied, pending, foreign } = findMigrationState(store.sqlite, findMigrationsFolder())
    const versions = [
      ...(pending.length > 0 ? ['It is of an earlier version; the next start of the server updates it.'] : []),
      ...(foreign.length > 0 ? [`It was written by another version: ${foreign.join(', ')}.`] : []),
    ]
    printLines(io.stdout, `${path}: ${toSizeText(toSize(store.sqlite))}, migrations applied: ${applied}`, ...versions)
    if (damage.length === 0) {
      printLines(io.stdout, 'The file is sound.')
      return foreign.length > 0 ? 1 : 0
    }
    printLines(
      io.stdout,
      ...damage.map((line) => `  ${line}`),
      'The file is damaged. Stop the server, keep this file, and restore the last backup (docs/operations.md).',
    )
    return 1
  } finally {
    store.close()
  }
}

const Integrity = z.array(z.object({ integrity_check: z.string() }))
const ForeignKeys = z.array(z.object({ table: z.string(), parent: z.string() }))

/** What SQLite finds wrong with a database, at most a few lines; empty when it is sound. */
function findDamage(sqlite: Database.Database): string[] {
  // a file too damaged to be read throws instead of listing
  try {
    const found = Integrity.parse(sqlite.pragma('integrity_check(10)')).flatMap((row) =>
      row.integrity_check.split('\n'),
    )
    const dangling = ForeignKeys.parse(sqlite.pragma('foreign_key_check')).slice(0, 10)
    return [
      ...found.filter((line) => line !== 'ok' && !line.startsWith('***')),
      ...dangling.map(({ table, parent }) => `a row of ${table} points at a row of ${parent} that is gone`),
    ]
  } catch (error) {
    if (toErrorCode(error).startsWith('SQLITE_')) {
      return [toErrorText(error)]
    }
    throw error
  }
}

/** With the pages that are still in the write-ahead log. */
function toSize(sqlite: Database.Database): number {
  return Number(sqlite.pragma('page_count', { simple: true })) * Number(sqlite.pragma('page_size', { simple: true }))
}

function toSizeText(bytes: number): string {
  return bytes >= MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${Math.ceil(bytes / KIB)} KiB`
}
