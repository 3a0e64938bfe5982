import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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
