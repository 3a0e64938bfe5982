import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The hash chain. Triggers in the migration refuse UPDATE and DELETE; rows are only ever appended by `audit/log.ts`. */
export const auditEntry = sqliteTable('audit_entry', {
  seq: integer().primaryKey(),
  prevHash: text().notNull(),
  entryHash: text().notNull(),
  /** RFC 8785 canonical JSON; `entry_hash` is the SHA-256 of exactly these bytes. */
  body: text().notNull(),
})

/** Ed25519-signed statements of how long the log was and what its head was. Append-only like the chain. */
export const auditCheckpoint = sqliteTable('audit_checkpoint', {
  size: integer().primaryKey(),
  headHash: text().notNull(),
  at: integer().notNull(),
  keyId: text().notNull(),
  signature: text().notNull(),
})

/**
 * What commands changed beside a running server, in the transaction of the change. Only the server writes the chain: it
 * moves these there, in order.
 */
export const auditOutbox = sqliteTable('audit_outbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  at: integer().notNull(),
  /** JSON of the event. */
  event: text().notNull(),
})
