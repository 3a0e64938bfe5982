import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Every delivery that Gitea signed, kept without its body: what it said in short, and what came of it. */
export const webhookDelivery = sqliteTable(
  'webhook_delivery',
  {
    /** `X-Gitea-Delivery`. */
    id: text().primaryKey(),
    /** `X-Gitea-Event-Type`, the exact one. */
    eventType: text().notNull(),
    action: text(),
    /** Lower-case `owner/name`; null for events of no repository. */
    repository: text(),
    /** Gitea's id of it: names move. */
    repositoryId: integer(),
    sender: text(),
    /** SHA-256 of the body: Gitea sends one event once for each hook that matches, under another id. */
    digest: text().notNull(),
    /** What jobs are told, as JSON: hints, to be read again before anything is done. */
    facts: text().notNull(),
    outcome: text({ enum: ['queued', 'nothing_to_do', 'duplicate', 'unknown_event', 'not_understood'] }).notNull(),
    receivedAt: integer().notNull(),
  },
  (table) => [
    index('webhook_delivery_digest').on(table.digest, table.receivedAt),
    index('webhook_delivery_repository').on(table.repository, table.receivedAt),
    index('webhook_delivery_age').on(table.receivedAt),
  ],
)

/** The queue. A job is worked on at least once; what it changes is made once (`job_effect`). */
export const job = sqliteTable(
  'job',
  {
    id: text().primaryKey(),
    kind: text().notNull(),
    /** `owner/name` as Gitea writes it; null for jobs of no repository. */
    repository: text(),
    /** JSON: what the one who asked for it set, besides the policy. */
    parameters: text().notNull(),
    /** JSON: what set it off. */
    facts: text().notNull(),
    trigger: text({ enum: ['webhook', 'schedule', 'manual', 'reconcile', 'job'] }).notNull(),
    /** Delivery id, schedule, job id, or who asked. */
    triggeredBy: text().notNull(),
    dryRun: integer({ mode: 'boolean' }).notNull().default(false),
    /** While one with this key waits, another one is the same. */
    dedupeKey: text(),
    state: text({ enum: ['ready', 'running', 'done', 'dead', 'cancelled'] }).notNull(),
    attempts: integer().notNull().default(0),
    runAt: integer().notNull(),
    leaseUntil: integer(),
    leaseToken: text(),
    /** JSON: the report of the last attempt that made one. */
    report: text(),
    lastError: text(),
    createdAt: integer().notNull(),
    startedAt: integer(),
    finishedAt: integer(),
  },
  (table) => [
    index('job_due').on(table.state, table.runAt, table.createdAt),
    // one job of a repository runs at a time
    index('job_running').on(table.repository).where(sql`state = 'running'`),
    uniqueIndex('job_waiting').on(table.dedupeKey).where(sql`state = 'ready'`),
    index('job_of_trigger').on(table.triggeredBy),
    index('job_age').on(table.createdAt),
    index('job_of_repository').on(sql`${table.repository} COLLATE NOCASE`, table.createdAt),
  ],
)

/** One change at Gitea by a job. The row is on disk before the request leaves. */
export const jobEffect = sqliteTable(
  'job_effect',
  {
    key: text().primaryKey(),
    jobId: text().notNull(),
    tool: text().notNull(),
    /** `begun`: nobody knows whether Gitea has it; it is looked for before it is made again. */
    state: text({ enum: ['begun', 'done'] }).notNull(),
    /** JSON: what Gitea answered, or what was found. */
    result: text(),
    begunAt: integer().notNull(),
    doneAt: integer(),
  },
  (table) => [index('job_effect_job').on(table.jobId), index('job_effect_age').on(table.begunAt)],
)

/** What automation remembers between runs: where a scan stopped, when a schedule is due, what was seen last. */
export const automationMark = sqliteTable('automation_mark', {
  name: text().primaryKey(),
  value: text().notNull(),
  changedAt: integer().notNull(),
})
