import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { sha256Hex } from '../lib/crypto.js'
import { InvalidInput } from '../lib/errors.js'

/**
 * Applies the SQL files of `migrationsPath` that this database has not seen, in name order, each in one transaction.
 * The files are drizzle-kit's; they are applied here because drizzle's migrator costs 400 ms of imports at start.
 *
 * @throws InvalidInput when an applied file was edited, or the database comes from a newer version
 */
export function migrate(sqlite: Database, migrationsPath: string): void {
  sqlite.exec(
    'CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY NOT NULL, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID',
  )
  const rows = sqlite.prepare('SELECT name, sha256 FROM migration').all() as { name: string; sha256: string }[]
  const applied = new Map(rows.map((row) => [row.name, row.sha256]))
  const names = readdirSync(migrationsPath)
    .filter((name) => name.endsWith('.sql'))
    .sort()

  for (const name of names) {
    const sql = readFileSync(join(migrationsPath, name), 'utf8')
    const digest = sha256Hex(sql)
    const known = applied.get(name)
    applied.delete(name)
    if (known === digest) {
      continue
    }
    if (known !== undefined) {
      throw new InvalidInput(`The migration ${name} was changed after this database applied it. Restore the file.`)
    }
    sqlite.transaction(() => {
      sqlite.exec(sql)
      sqlite.prepare('INSERT INTO migration (name, sha256) VALUES (?, ?)').run(name, digest)
    })()
  }

  const unknown = [...applied.keys()]
  if (unknown.length > 0) {
    throw new InvalidInput(
      `This database was written by a newer version (${unknown.join(', ')}). Run that version, or restore a backup.`,
    )
  }
}
