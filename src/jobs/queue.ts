import type { Store } from '../db/open.js'
import type { job } from '../db/schema/automation.js'
import type { Clock } from '../lib/clock.js'
import { createToken, createTypedId } from '../lib/ids.js'
import type { JobReport, TriggerFacts } from './define-job.js'

/*
 * The queue: rows of our one database, so that a delivery and its jobs are committed together. At least once: a job
 * whose worker stopped comes back when its lease ends, or at once when the process starts again.
 */

export type JobRow = typeof job.$inferSelect
type JobState = JobRow['state']

export interface NewJob {
  readonly kind: string
  /** `owner/name`; undefined for jobs of no repository. */
  readonly repository?: string | undefined
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly facts?: TriggerFacts
  readonly trigger: JobRow['trigger']
  readonly triggeredBy: string
  readonly dryRun?: boolean
  readonly dedupeKey?: string | undefined
  /** Epoch milliseconds; now when absent. */
  readonly runAt?: number
}

/** A job that this worker holds. Only whoever has the lease may say how it ended. */
export interface ClaimedJob extends JobRow {
  readonly leaseToken: string
}

export interface JobQueue {
  /** Returns the id of the new job, or of the one that waits under the same key. Joins a running transaction. */
  enqueue(wanted: NewJob): { readonly id: string; readonly isNew: boolean }
  /** Takes the next job that is due and whose repository has none running; undefined when there is none. */
  claim(leaseMs: number): ClaimedJob | undefined
  /** Prolongs a lease. False when it was lost: the worker must stop. */
  renew(held: ClaimedJob, leaseMs: number): boolean
  finish(held: ClaimedJob, report: JobReport & { readonly effects: readonly unknown[] }): boolean
  /** Puts it back for another attempt. */
  retry(held: ClaimedJob, runAt: number, error: string): boolean
  /** Puts it back without counting an attempt: nothing was wrong with it. */
  postpone(held: ClaimedJob, runAt: number, reason: string): boolean
  /** Whether this worker still has it. Cheap: asked every second. */
  holds(held: ClaimedJob): boolean
  /**
   * Makes waiting jobs due no earlier than `until`, with the reason as their note: all but those that people asked for.
   * Nothing is lost or reordered. Returns how many had to wait.
   */
  holdBack(wait: HoldBack): number
  /** Ends it for good: `dead` waits for a person, `cancelled` was not wanted. */
  end(held: ClaimedJob, state: 'dead' | 'cancelled', error: string): boolean
  /** Cancels one that waits, or marks one that runs so that its worker stops. */
  cancel(id: string, reason: string): boolean
  /** A dead or cancelled job waits again, with its attempts from the start. */
  revive(id: string): boolean
  find(id: string): JobRow | undefined
  /** Newest first. */
  list(filter: JobFilter & { readonly limit: number; readonly offset?: number }): readonly JobRow[]
  count(filter: JobFilter): number
  /** When the next waiting job is due; undefined when none waits. */
  nextRunAt(): number | undefined
  counts(): Readonly<Record<JobState, number>>
  /** Jobs that an earlier process held: this one is the database's only writer, so nobody works on them. */
  reclaim(): number
  /** Deletes what ended before, with its effects. */
  sweep(endedBefore: number): number
}

interface JobFilter {
  readonly kind?: string | undefined
  /** `owner/name` in any case. */
  readonly repository?: string | undefined
  readonly state?: JobState | undefined
  /** Of jobs asked for by this delivery, schedule, job or person. */
  readonly triggeredBy?: string | undefined
  /** Asked for at or after, epoch milliseconds. */
  readonly since?: number | undefined
}

interface HoldBack {
  /** Epoch milliseconds. */
  readonly until: number
  readonly reason: string
  /** `owner/name`; of every repository without it, and then those that other jobs asked for are not held back. */
  readonly repository?: string | undefined
}

const CONDITIONS: Readonly<Record<keyof JobFilter, string>> = {
  kind: 'kind = @kind',
  repository: 'repository = @repository COLLATE NOCASE',
  state: 'state = @state',
  triggeredBy: 'triggered_by = @triggeredBy',
  since: 'created_at >= @since',
}

const COLUMNS = `id, kind, repository, parameters, facts, trigger, triggered_by AS triggeredBy, dry_run AS dryRun,
  dedupe_key AS dedupeKey, state, attempts, run_at AS runAt, lease_until AS leaseUntil, lease_token AS leaseToken,
  report, last_error AS lastError, created_at AS createdAt, started_at AS startedAt, finished_at AS finishedAt`

type RawRow = Omit<JobRow, 'dryRun'> & { readonly dryRun: number }

/** @param sqlite the server's store, or one opened beside it by a command */
export function createJobQueue({ sqlite }: Pick<Store, 'sqlite'>, clock: Clock): JobQueue {
  const insert = sqlite.prepare(
    `INSERT INTO job (id, kind, repository, parameters, facts, trigger, triggered_by, dry_run, dedupe_key, state, run_at, created_at)
     VALUES (@id, @kind, @repository, @parameters, @facts, @trigger, @triggeredBy, @dryRun, @dedupeKey, 'ready', @runAt, @now)
     ON CONFLICT (dedupe_key) WHERE state = 'ready' DO NOTHING`,
  )
  const selectWaiting = sqlite
    .prepare<[string], string>(`SELECT id FROM job WHERE dedupe_key = ? AND state = 'ready'`)
    .pluck()
  const claimNext = sqlite.prepare<unknown[], RawRow>(
    `UPDATE job SET state = 'running', attempts = attempts + 1, lease_until = @until, lease_token = @token,
            started_at = @now
      WHERE id = (SELECT id FROM job
                   WHERE state = 'ready' AND run_at <= @now
                     AND (repository IS NULL OR lower(repository) NOT IN
                          (SELECT lower(repository) FROM job WHERE state = 'running' AND repository IS NOT NULL))
                   ORDER BY run_at, created_at LIMIT 1)
      RETURNING ${COLUMNS}`,
  )
  const takeBack = sqlite.prepare(
    `UPDATE job SET state = 'ready', lease_until = NULL, lease_token = NULL WHERE state = 'running' AND lease_until < ?`,
  )
  // one that waits under the same key already stands for this one, which then needs no turn of its own
  const dropTwins = sqlite.prepare(
    `UPDATE job SET state = 'cancelled', last_error = 'A newer job does the same.', finished_at = @now,
            lease_until = NULL, lease_token = NULL
      WHERE state = 'running' AND lease_until < @before AND dedupe_key IN (SELECT dedupe_key FROM job WHERE state = 'ready')`,
  )
  const renewLease = sqlite.prepare(
    `UPDATE job SET lease_until = ? WHERE id = ? AND lease_token = ? AND state = 'running'`,
  )
  const close = sqlite.prepare(
    `UPDATE job SET state = @state, report = coalesce(@report, report), last_error = @error, finished_at = @now,
            lease_until = NULL, lease_token = NULL
      WHERE id = @id AND lease_token = @token AND state = 'running'`,
  )
  const putBack = sqlite.prepare(
    `UPDATE OR IGNORE job SET state = 'ready', run_at = @runAt, attempts = attempts - @uncounted, last_error = @error,
            lease_until = NULL, lease_token = NULL
      WHERE id = @id AND lease_token = @token AND state = 'running'`,
  )
  const stop = sqlite.prepare(
    `UPDATE job SET state = 'cancelled', last_error = @reason, finished_at = @now, lease_until = NULL, lease_token = NULL
      WHERE id = @id AND state IN ('ready', 'running')`,
  )
  const wake = sqlite.prepare(
    `UPDATE OR IGNORE job SET state = 'ready', attempts = 0, run_at = @now, finished_at = NULL
      WHERE id = @id AND state IN ('dead', 'cancelled')`,
  )
  const selectOne = sqlite.prepare<[string], RawRow>(`SELECT ${COLUMNS} FROM job WHERE id = ?`)
  const selectNext = sqlite.prepare<[], number | null>(`SELECT min(run_at) FROM job WHERE state = 'ready'`).pluck()
  const countStates = sqlite.prepare<[], { state: JobState; count: number }>(
    'SELECT state, count(*) AS count FROM job GROUP BY state',
  )
  const selectHeld = sqlite
    .prepare<[string, string], 1>(`SELECT 1 FROM job WHERE id = ? AND lease_token = ? AND state = 'running'`)
    .pluck()
  const holdAll = sqlite.prepare(
    `UPDATE job SET run_at = @until, last_error = @reason
      WHERE state = 'ready' AND run_at < @until AND trigger IN ('webhook', 'schedule', 'reconcile')`,
  )
  const holdRepository = sqlite.prepare(
    `UPDATE job SET run_at = @until, last_error = @reason
      WHERE state = 'ready' AND run_at < @until AND trigger <> 'manual' AND repository = @repository COLLATE NOCASE`,
  )

  /** Only the conditions that are asked for, so that their index is used. */
  const toWhere = (filter: JobFilter) => {
    const given = Object.entries(filter).filter(([name, value]) => name in CONDITIONS && value !== undefined)
    const conditions = Object.entries(CONDITIONS).filter(([name]) => given.some(([asked]) => asked === name))
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([, condition]) => condition).join(' AND ')}`
    return { where, values: Object.fromEntries(given) }
  }

  const takeBackBefore = (before: number): number => {
    dropTwins.run({ before, now: clock.now() })
    return takeBack.run(before).changes
  }
  const closeAs = (
    { id, leaseToken: token }: ClaimedJob,
    state: 'done' | 'dead' | 'cancelled',
    report: string | null,
    error: string | null,
  ) => close.run({ id, token, state, report, error, now: clock.now() }).changes === 1

  const release = (held: ClaimedJob, runAt: number, error: string, uncounted: 0 | 1): boolean => {
    const { id, leaseToken: token } = held
    const { changes } = putBack.run({ id, token, runAt, error, uncounted })
    return changes === 1 || closeAs(held, 'cancelled', null, `A newer job does the same. ${error}`)
  }

  return {
    enqueue: (wanted) => {
      const id = createTypedId()
      const now = clock.now()
      const { changes } = insert.run({
        id,
        kind: wanted.kind,
        repository: wanted.repository ?? null,
        parameters: JSON.stringify(wanted.parameters ?? {}),
        facts: JSON.stringify(wanted.facts ?? {}),
        trigger: wanted.trigger,
        triggeredBy: wanted.triggeredBy,
        dryRun: wanted.dryRun === true ? 1 : 0,
        dedupeKey: wanted.dedupeKey ?? null,
        runAt: wanted.runAt ?? now,
        now,
      })
      if (changes === 1) {
        return { id, isNew: true }
      }
      return { id: selectWaiting.get(wanted.dedupeKey ?? '') ?? id, isNew: false }
    },
    claim: (leaseMs) => {
      const now = clock.now()
      takeBackBefore(now)
      const row = claimNext.get({ now, until: now + leaseMs, token: createToken(12) })
      return row === undefined || row.leaseToken === null ? undefined : { ...toRow(row), leaseToken: row.leaseToken }
    },
    renew: ({ id, leaseToken }, leaseMs) => renewLease.run(clock.now() + leaseMs, id, leaseToken).changes === 1,
    finish: (held, report) => closeAs(held, 'done', JSON.stringify(report), null),
    retry: (held, runAt, error) => release(held, runAt, error, 0),
    postpone: (held, runAt, reason) => release(held, runAt, reason, 1),
    end: (held, state, error) => closeAs(held, state, null, error),
    cancel: (id, reason) => stop.run({ id, reason, now: clock.now() }).changes === 1,
    revive: (id) => wake.run({ id, now: clock.now() }).changes === 1,
    find: (id) => {
      const row = selectOne.get(id)
      return row === undefined ? undefined : toRow(row)
    },
    holds: ({ id, leaseToken }) => selectHeld.get(id, leaseToken) === 1,
    holdBack: ({ repository, ...wait }) =>
      (repository === undefined ? holdAll.run(wait) : holdRepository.run({ ...wait, repository })).changes,
    list: ({ limit, offset = 0, ...filter }) => {
      const { where, values } = toWhere(filter)
      return sqlite
        .prepare<unknown[], RawRow>(
          `SELECT ${COLUMNS} FROM job ${where} ORDER BY created_at DESC, id LIMIT @limit OFFSET @offset`,
        )
        .all({ ...values, limit, offset })
        .map(toRow)
    },
    count: (filter) => {
      const { where, values } = toWhere(filter)
      return sqlite.prepare<unknown[], number>(`SELECT count(*) FROM job ${where}`).pluck().get(values) ?? 0
    },
    nextRunAt: () => selectNext.get() ?? undefined,
    counts: () => {
      const counted = { ready: 0, running: 0, done: 0, dead: 0, cancelled: 0 }
      for (const { state, count } of countStates.all()) {
        counted[state] = count
      }
      return counted
    },
    reclaim: () => takeBackBefore(Number.MAX_SAFE_INTEGER),
    sweep: (endedBefore) => {
      sqlite
        .prepare(
          `DELETE FROM job_effect WHERE begun_at < ? AND job_id NOT IN (SELECT id FROM job WHERE state IN ('ready', 'running', 'dead'))`,
        )
        .run(endedBefore)
      return sqlite.prepare(`DELETE FROM job WHERE finished_at < ? AND state IN ('done', 'cancelled')`).run(endedBefore)
        .changes
    },
  }
}

function toRow(row: RawRow): JobRow {
  return { ...row, dryRun: row.dryRun === 1 }
}
