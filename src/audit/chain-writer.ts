// The one place that extends the stored chain. Its head moves only when a commit succeeded, and only if the stored head
// is the one this process left there.
import type { Store } from '../db/open.js'
import { type Clock, toIsoTime } from '../lib/clock.js'
import { type CheckpointSigner, type SignedCheckpoint, signCheckpoint } from './checkpoint.js'
import { type AuditEvent, type Draft, GENESIS_HASH, isOutcome, isPending, sealDraft } from './record.js'
import type { Tail } from './tail.js'

export interface Appended {
  readonly seq: number
  /** `entry_hash`, lower-case hex. */
  readonly hash: string
}

export interface Row {
  readonly event: AuditEvent
  readonly draft: Draft
}

export interface Commit {
  readonly rows: readonly Row[]
  /** Where each row went, in their order. */
  readonly appended: readonly Appended[]
  readonly head: Appended
  readonly checkpoint: SignedCheckpoint | undefined
}

interface ChainWriterOptions {
  readonly signer: CheckpointSigner
  readonly clock: Clock
  readonly checkpointEvery: number
}

/** Someone else extended or replaced the chain: going on would fork it. */
export class ForeignHead extends Error {
  override readonly name = 'ForeignHead'
}

export class ChainWriter {
  readonly #store: Store
  readonly #options: ChainWriterOptions
  readonly #readHead
  readonly #insertEntry
  readonly #insertCheckpoint
  #head: Appended
  #signedSize: number
  /** Calls without a stored outcome and the entry of each, oldest first. */
  readonly #open: Map<string, number>
  /** A commit that reported failure: it may be on disk all the same. */
  #doubtful: Commit | undefined

  constructor(store: Store, tail: Tail, options: ChainWriterOptions) {
    const { sqlite } = store
    this.#store = store
    this.#options = options
    this.#readHead = sqlite.prepare('SELECT seq, entry_hash AS hash FROM audit_entry ORDER BY seq DESC LIMIT 1')
    this.#insertEntry = sqlite.prepare('INSERT INTO audit_entry (seq, prev_hash, entry_hash, body) VALUES (?, ?, ?, ?)')
    this.#insertCheckpoint = sqlite.prepare(
      'INSERT INTO audit_checkpoint (size, head_hash, at, key_id, signature) VALUES (?, ?, ?, ?, ?)',
    )
    this.#head = { seq: tail.seq, hash: tail.hash }
    this.#signedSize = tail.signedSize
    this.#open = new Map(tail.open.map(({ seq, pending }) => [pending.call, seq]))
  }

  get head(): Appended {
    return this.#head
  }

  get isSigned(): boolean {
    return this.#head.seq === this.#signedSize
  }

  isOpen(call: string): boolean {
    return this.#open.has(call)
  }

  /**
   * Appends all rows in one durable commit, with a checkpoint when it is due or `mustSign`.
   *
   * @throws ForeignHead when the stored head is not ours; whatever SQLite throws otherwise
   */
  append(rows: readonly Row[], { mustSign }: { readonly mustSign: boolean }): Commit {
    if (this.#store.sqlite.inTransaction) {
      // joining it would leave the rows at the mercy of someone else's rollback
      throw new Error('A transaction is open on the connection that writes the audit log.')
    }
    let commit: Commit | undefined
    try {
      commit = this.#store.transaction(() => {
        commit = this.#write(rows, mustSign)
        return commit
      })
    } catch (error) {
      // set when the failure came with the commit itself, which may have reached the disk
      this.#doubtful = commit
      throw error
    }
    this.#adopt(commit)
    return commit
  }

  /** If a commit that reported failure is on disk nevertheless, goes on behind it and tells what it was. */
  settle(): Commit | undefined {
    const doubtful = this.#doubtful
    const isStored = doubtful !== undefined && this.#loadStoredHead().hash === doubtful.head.hash
    this.#doubtful = undefined
    if (!isStored) {
      return undefined
    }
    this.#adopt(doubtful)
    return doubtful
  }

  #write(rows: readonly Row[], mustSign: boolean): Commit {
    const stored = this.#loadStoredHead()
    if (stored.seq !== this.#head.seq || stored.hash !== this.#head.hash) {
      throw new ForeignHead(`The stored head is entry ${stored.seq}, not entry ${this.#head.seq} of this process.`)
    }
    let { seq, hash } = this.#head
    let openSince = this.#open.values().next().value
    const appended: Appended[] = []
    for (const { event, draft } of rows) {
      const prevHash = hash
      seq += 1
      if (isPending(event)) {
        openSince ??= seq
      }
      const sealed = sealDraft(draft, seq, prevHash, isPending(event) ? openSince : undefined)
      hash = sealed.hash
      this.#insertEntry.run(seq, prevHash, hash, sealed.body)
      appended.push({ seq, hash })
    }
    const isDue = mustSign || seq - this.#signedSize >= this.#options.checkpointEvery
    return { rows, appended, head: { seq, hash }, checkpoint: isDue ? this.#writeCheckpoint(seq, hash) : undefined }
  }

  #writeCheckpoint(size: number, hash: string): SignedCheckpoint {
    const at = this.#options.clock.now()
    const signed = signCheckpoint(this.#options.signer, { size, hash, timestamp: toIsoTime(at) })
    this.#insertCheckpoint.run(size, hash, at, signed.checkpoint.key_id, signed.signature)
    return signed
  }

  #adopt({ rows, appended, head, checkpoint }: Commit): void {
    this.#head = head
    this.#signedSize = checkpoint?.checkpoint.size ?? this.#signedSize
    rows.forEach(({ event }, index) => {
      const seq = appended[index]?.seq
      if (isPending(event) && seq !== undefined) {
        this.#open.set(event.call, seq)
      } else if (isOutcome(event)) {
        this.#open.delete(event.call)
      }
    })
  }

  #loadStoredHead(): Appended {
    const row = this.#readHead.get()
    return row === undefined ? { seq: 0, hash: GENESIS_HASH } : (row as Appended)
  }
}
