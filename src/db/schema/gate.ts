import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Calls that the policy lets run only after an admin has said yes (`aegis approvals`). */
export const approval = sqliteTable(
  'approval',
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    login: text().notNull(),
    clientId: text().notNull(),
    tool: text().notNull(),
    /** SHA-256 of the canonical arguments: a yes is for this call and no other. */
    argumentsHash: text().notNull(),
    /** Redacted and bounded, for the person who decides. */
    summary: text().notNull(),
    rule: text().notNull(),
    status: text({ enum: ['waiting', 'approved', 'denied', 'used'] }).notNull(),
    decidedBy: text(),
    createdAt: integer().notNull(),
    decidedAt: integer(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    // the same call asked again finds its earlier request
    index('approval_call').on(table.accountId, table.tool, table.argumentsHash, table.status),
  ],
)

/** Failed authentications per address; the columns are those that rate-limiter-flexible reads and writes. */
export const authFailure = sqliteTable('auth_failure', {
  key: text().primaryKey(),
  points: integer().notNull().default(0),
  /** Epoch milliseconds. */
  expire: integer(),
})
