// Collects audit entries and commits them together. Guarantees: a resolved `record` is on disk; entries keep their
// order; no outcome is dropped while the process lives; a failed commit refuses everyone who waits for it.
import type { Store } from '../db/open.js'
import { type Clock, toIsoTime } from '../lib/clock.js'
import { toErrorText, Unavailable } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { type Appended, ChainWriter, type Commit, ForeignHead, type Row } from './chain-writer.js'
import type { CheckpointSigner, SignedCheckpoint } from './checkpoint.js'
import { CommitTurn } from './commit-turn.js'
import { type AuditEvent, isOutcome, isPending, type PendingInvocation, toDraft, toInterrupted } from './record.js'
import { loadTail } from './tail.js'

type AuditHealth = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface AuditLog {
  /**
   * Resolves when the entry is durable. Entries that are waited for at the same time share a commit.
   *
   * @throws Unavailable when it could not be written: a caller about to act must not, and owes no outcome. An outcome
   *   is kept and tried again nevertheless.
   * @throws Error for an outcome of a call that has no durable pending entry, or has an outcome already
   */
  record(event: AuditEvent): Promise<Appended>
  /**
   * Writes with the next commit, at most `lazyMs` later. When that fails it is kept and tried again.
   * Not for `pending`, which a call has to wait for.
   *
   * @throws Error as `record` does
   */
  recordSoon(event: Exclude<AuditEvent, PendingInvocation>): void
  /** Not ok from a failed commit until one succeeds. */
  health(): AuditHealth
  /** The last durable entry; seq 0 before the first. */
  head(): Appended
  /** Commits what is waiting now. A failure shows in `health()`. */
  flush(): Promise<void>
  /**
   * Writes what is waiting and a last checkpoint; nothing is accepted afterwards.
   *
   * @throws Unavailable when entries could not be written; they are then in the server's log
   */
  close(): Promise<void>
}

export interface AuditLogOptions {
  readonly clock: Clock
  readonly signer: CheckpointSigner
  readonly logger: Logger
  /** A checkpoint is signed after so many entries, */
  readonly checkpointEvery: number
  /** and at the latest so long after the first entry behind the last checkpoint. */
  readonly checkpointIntervalMs: number
  readonly lazyMs?: number
  /** Pause between attempts while the log cannot be written. */
  readonly retryMs?: number
  /** Called with each stored checkpoint, to publish it elsewhere. Must not throw. */
  readonly onCheckpoint?: (checkpoint: SignedCheckpoint) => void
}

/** Kept while the log cannot be written. Outcomes are kept beyond it; other events are counted. */
const MAX_KEPT = 10_000
const REFUSED = 'The audit log cannot be written, so nothing was done. Try again later.'
const NOT_WRITABLE =
  'The audit log cannot be written; calls are refused until it can. The server log says why (audit_write_failed).'
const FOREIGN =
  'The audit log was changed by something other than this server, so nothing more is written to it. ' +
  'Stop the server, run `aegis audit verify`, and find out who else writes to the database.'
const STOPPED_BEFORE = 'The server stopped before the outcome was recorded. Whether Gitea carried it out is not known.'
const STORED_BUT_REFUSED = 'The entry was stored although its commit failed. The call was refused and not carried out.'

interface Waiting extends Row {
  /** Gone once refused; the row itself may be kept. */
  waiter: { resolve(appended: Appended): void; reject(error: unknown): void } | undefined
}

interface Outage {
  readonly since: number
  refused: number
  dropped: number
}

/**
 * Checks the end of the stored chain, closes calls that a crash left open as `interrupted`, and goes on from there.
 *
 * @param store the one writer of the state file
 * @throws InvalidInput when the end of the stored chain is damaged
 */
export function openAuditLog(store: Store, options: AuditLogOptions): AuditLog {
  const tail = loadTail(store.sqlite, options.signer)
  const log = new QueuedAuditLog(new ChainWriter(store, tail, options), options)
  if (tail.open.length > 0) {
    options.logger.warn({ calls: tail.open.length }, 'audit_calls_interrupted')
    for (const { pending } of tail.open) {
      log.recordSoon(toInterrupted(pending, STOPPED_BEFORE))
    }
    log.commitQueue()
  }
  return log
}

class QueuedAuditLog implements AuditLog {
  readonly #writer: ChainWriter
  readonly #options: AuditLogOptions
  #queue: Waiting[] = []
  /** Calls whose outcome is in the queue. */
  readonly #closing = new Set<string>()
  readonly #turn = new CommitTurn(
    () => this.#queue.filter(({ waiter }) => waiter !== undefined).length,
    () => this.commitQueue(),
  )
  #timer: NodeJS.Timeout | undefined
  #checkpointTimer: NodeJS.Timeout | undefined
  #outage: Outage | undefined
  #isForeign = false
  #isClosed = false

  constructor(writer: ChainWriter, options: AuditLogOptions) {
    this.#writer = writer
    this.#options = options
    this.#armCheckpoint()
  }

  record(event: AuditEvent): Promise<Appended> {
    if (this.#isClosed || this.#isForeign) {
      return Promise.reject(new Unavailable(REFUSED, { detail: this.#isForeign ? FOREIGN : 'closed' }))
    }
    return new Promise((resolve, reject) => {
      this.#enqueue(event, { resolve, reject })
      this.#turn.request()
    })
  }

  recordSoon(event: Exclude<AuditEvent, PendingInvocation>): void {
    if (this.#isClosed) {
      this.#options.logger.error({ entry: event }, 'audit_entry_not_written')
      return
    }
    if (this.#outage !== undefined && this.#queue.length >= MAX_KEPT && !isOutcome(event)) {
      this.#outage.dropped += 1
      return
    }
    this.#enqueue(event, undefined)
    if (!this.#turn.isDue) {
      this.#timer ??= setTimeout(() => this.commitQueue(), this.#options.lazyMs ?? 10)
    }
  }

  health(): AuditHealth {
    if (this.#isForeign) {
      return { ok: false, reason: FOREIGN }
    }
    return this.#outage === undefined ? { ok: true } : { ok: false, reason: NOT_WRITABLE }
  }

  head(): Appended {
    return this.#writer.head
  }

  async flush(): Promise<void> {
    this.commitQueue()
  }

  async close(): Promise<void> {
    this.commitQueue()
    this.#sign()
    clearTimeout(this.#timer)
    clearTimeout(this.#checkpointTimer)
    this.#isClosed = true
    const lost = this.#queue
    this.#queue = []
    for (const { event } of lost) this.#options.logger.error({ entry: event }, 'audit_entry_not_written')
    if (lost.length > 0) {
      throw new Unavailable(
        `Audit entries that could not be written: ${lost.length}. They are in the server log instead.`,
      )
    }
  }

  commitQueue(): void {
    this.#turn.cancel()
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#queue.length > 0 || this.#outage !== undefined) {
      this.#commit(false)
    }
  }

  #enqueue(event: AuditEvent, waiter: Waiting['waiter']): void {
    if (isOutcome(event)) {
      // the verifier would rightly call such a log wrong for ever
      if (!this.#writer.isOpen(event.call) || this.#closing.has(event.call)) {
        throw new Error(`The call ${event.call} has no pending audit entry, or has an outcome already.`)
      }
      this.#closing.add(event.call)
    }
    this.#queue.push({ event, draft: toDraft(event, this.#options.clock.now()), waiter })
  }

  #commit(mustSign: boolean): void {
    if (this.#isClosed || this.#isForeign) {
      return
    }
    let commit: Commit
    try {
      this.#settle()
      commit = this.#writer.append([...this.#queue, ...this.#toOutageRows()], { mustSign })
    } catch (error) {
      // not an edge, but whatever goes wrong here has to become a refusal for everyone who waits
      this.#fail(error)
      return
    }
    const written = this.#queue
    this.#queue = []
    this.#closing.clear()
    if (this.#outage !== undefined) {
      this.#options.logger.info({ ...this.#outage }, 'audit_recovered')
      this.#outage = undefined
    }
    written.forEach(({ waiter }, index) => {
      waiter?.resolve(commit.appended[index] ?? commit.head)
    })
    this.#announce(commit)
  }

  /** Nothing that a commit stored although it reported failure is written twice, and the calls it refused are closed. */
  #settle(): void {
    const stored = this.#writer.settle()
    if (stored === undefined) {
      return
    }
    const rows = new Set<Row>(stored.rows)
    this.#queue = this.#queue.filter((row) => !rows.has(row))
    for (const { event } of stored.rows) {
      if (isPending(event)) {
        this.#enqueue(toInterrupted(event, STORED_BUT_REFUSED), undefined)
      }
    }
    this.#announce(stored)
  }

  #fail(error: unknown): void {
    const detail = toErrorText(error)
    this.#isForeign = error instanceof ForeignHead
    if (this.#outage === undefined || this.#isForeign) {
      this.#options.logger.error({ error: detail }, 'audit_write_failed')
    }
    this.#outage ??= { since: this.#options.clock.now(), refused: 0, dropped: 0 }
    const kept: Waiting[] = []
    for (const row of this.#queue) {
      if (row.waiter === undefined || isOutcome(row.event)) {
        kept.push(row)
      }
      if (row.waiter !== undefined) {
        this.#outage.refused += 1
        row.waiter.reject(new Unavailable(REFUSED, { detail, cause: error }))
        row.waiter = undefined
      }
    }
    this.#queue = kept
    if (!this.#isForeign) {
      this.#timer ??= setTimeout(() => this.commitQueue(), this.#options.retryMs ?? 1000).unref()
    }
  }

  /** A gap tells of itself. This is also what the retries write, so that health recovers when nobody calls any more. */
  #toOutageRows(): Row[] {
    if (this.#outage === undefined) {
      return []
    }
    const { since, refused, dropped } = this.#outage
    const details = { since: toIsoTime(since), refused, dropped }
    const event: AuditEvent = { type: 'security_event', reason: 'audit_log_was_not_writable', details }
    return [{ event, draft: toDraft(event, this.#options.clock.now()) }]
  }

  #sign(): void {
    if (this.#outage === undefined && !this.#writer.isSigned) {
      this.#commit(true)
    }
  }

  #announce({ checkpoint }: Commit): void {
    if (checkpoint !== undefined) {
      clearTimeout(this.#checkpointTimer)
      this.#checkpointTimer = undefined
      this.#options.onCheckpoint?.(checkpoint)
    }
    this.#armCheckpoint()
  }

  #armCheckpoint(): void {
    if (!this.#writer.isSigned) {
      this.#checkpointTimer ??= setTimeout(() => {
        this.#checkpointTimer = undefined
        this.#sign()
      }, this.#options.checkpointIntervalMs).unref()
    }
  }
}
