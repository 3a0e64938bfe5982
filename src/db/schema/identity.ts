import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Keys for workspaces without OAuth (`aegis keys`). The key itself is never stored. */
export const apiKey = sqliteTable(
  'api_key',
  {
    id: text().primaryKey(),
    /** SHA-256 of the key. */
    hash: text().notNull().unique(),
    /** First 8 and last 4 characters, to recognise it by. */
    hint: text().notNull(),
    /** What the key is for, in the admin's words. */
    name: text().notNull(),
    /** The Gitea person it acts as. */
    login: text().notNull(),
    /** Space separated. */
    scopes: text().notNull(),
    readOnly: integer({ mode: 'boolean' }).notNull(),
    /** JSON array of lower-case `owner/name`; null means all. */
    repositories: text(),
    createdAt: integer().notNull(),
    expiresAt: integer(),
    /** To the minute. */
    lastUsedAt: integer(),
    revokedAt: integer(),
    /** The key that takes its place after a rotation; both work until the older one expires. */
    replacedBy: text(),
  },
  (table) => [index('api_key_login').on(table.login)],
)

/** What Gitea said a person may do in a repository, where a service token acts for them. */
export const repositoryPermission = sqliteTable(
  'repository_permission',
  {
    login: text().notNull(),
    /** Lower-case `owner/name`. */
    repository: text().notNull(),
    /** Rights by unit as JSON; an empty object means none. */
    rights: text().notNull(),
    checkedAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.login, table.repository] }),
    index('repository_permission_repository').on(table.repository),
  ],
)

/** What an admin has switched for the running server, effective on the next request: `panic`. */
export const serverSwitch = sqliteTable('server_switch', {
  name: text().primaryKey(),
  value: text().notNull(),
  changedAt: integer().notNull(),
  /** Who, in the admin's words. */
  changedBy: text().notNull(),
})
