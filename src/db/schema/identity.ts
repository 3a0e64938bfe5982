import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

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

/** API keys. Rows stay when a key is revoked, so that it is told from a guess. */
export const apiKey = sqliteTable(
  'api_key',
  {
    /** Typed by operators. */
    id: text().primaryKey(),
    /** SHA-256 of the key, base64url; keys are 256 random bits, which no dictionary holds. */
    hash: text().notNull(),
    /** Its first 8 and last 4 characters: all of the key that is ever shown again. */
    hint: text().notNull(),
    /** `gitea:<user id>` of the person whom the key stands for. */
    accountId: text().notNull(),
    /** Their login when the key was made. */
    login: text().notNull(),
    name: text().notNull(),
    /** Space separated, sorted. */
    scopes: text().notNull(),
    readOnly: integer({ mode: 'boolean' }).notNull().default(false),
    /** JSON array of `owner/name`, null for every repository. */
    repositories: text(),
    createdAt: integer().notNull(),
    expiresAt: integer(),
    /** At most a minute behind. */
    lastUsedAt: integer(),
    revokedAt: integer(),
    /** The key whose place this one takes; that one works on for its time of grace. */
    replaces: text(),
  },
  (table) => [uniqueIndex('api_key_hash').on(table.hash)],
)
