import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import * as auditTables from '../../src/db/schema/audit.js'
import * as automationTables from '../../src/db/schema/automation.js'
import * as gateTables from '../../src/db/schema/gate.js'
import * as identityTables from '../../src/db/schema/identity.js'
import * as oauthTables from '../../src/db/schema/oauth.js'

function openFresh() {
  return openStore({ path: join(mkdtempSync(join(tmpdir(), 'aegis-')), 'aegis.db'), migrationsPath: 'migrations' })
}

test('the migrations make the tables that the schema describes, all of them STRICT', () => {
  const store = openFresh()
  const tables: SQLiteTable[] = [
    ...Object.values(auditTables),
    ...Object.values(automationTables),
    ...Object.values(gateTables),
    ...Object.values(identityTables),
    ...Object.values(oauthTables),
  ]

  const described = Object.fromEntries(
    tables.map((table) => {
      const { name, columns } = getTableConfig(table)
      return [name, columns.map((column) => toSnake(column.name)).sort()]
    }),
  )
  const made = store.sqlite
    .prepare<[], { name: string; strict: number }>(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all()

  expect(made.filter(({ strict }) => strict !== 1)).toEqual([])
  const columnsOf = store.sqlite.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck()
  const found = Object.fromEntries(
    made.filter(({ name }) => name !== 'migration').map(({ name }) => [name, (columnsOf.all(name) as string[]).sort()]),
  )
  expect(found).toEqual(described)
  store.close()
})

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
