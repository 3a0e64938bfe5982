// Walks the chain and says whether it holds. Pure: it knows nothing of the database or the writer, only of the form of
// an entry, so that the same code runs in the server, in `aegis audit verify` and in scripts/verify-audit.mjs.
import { hash, type KeyObject } from 'node:crypto'
import { toKeyId } from '../lib/crypto.js'
import { findCanonicalJson } from './canonical-json.js'
import { isSignatureValid, type SignedCheckpoint } from './checkpoint.js'

export interface VerifyOptions {
  /** Whose signatures count. With none, signatures are not checked and the result says so. */
  readonly publicKeys: readonly KeyObject[]
  /** Checkpoints that were kept outside the log. */
  readonly published?: readonly SignedCheckpoint[]
}

export interface Failure {
  /** The first entry that is not as it should be; absent when the file around the entries is at fault. */
  readonly seq?: number
  readonly line?: number
  /** One plain sentence. */
  readonly reason: string
}

export interface Verification {
  /** `filtered`: every entry is what was written, but what is missing between them cannot be told. */
  readonly verdict: 'intact' | 'broken' | 'filtered'
  readonly failure?: Failure
  readonly entries: number
  /** The entries are those after this one; 0 from the beginning of the log. */
  readonly after: number
  readonly lastSeq: number
  readonly headHash: string
  readonly checkpoints: number
  /** Published checkpoints that this part of the log could be held against. */
  readonly publishedChecked: number
  /** Up to this entry a valid signature covers the log; 0 when none was checked. */
  readonly signedUpTo: number
  /** Whether the head that the first entry follows is itself signed, or is the beginning of the log. */
  readonly isStartSigned: boolean
  /** Calls that have a `pending` entry and no outcome yet. */
  readonly openCalls: number
  readonly hasKeys: boolean
}

interface Links {
  readonly seq: number
  readonly prevHash: string
  readonly pending?: string
  readonly outcome?: string
}

/** Feed it entries and checkpoints in order; the first failure stays the result. */
export class ChainVerifier {
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #published = new Map<number, SignedCheckpoint[]>()
  #after = 0
  #seq = 0
  #head: string
  #isFiltered = false
  #entries = 0
  #checkpoints = 0
  #publishedChecked = 0
  #signedUpTo = 0
  /** Up to here a checkpoint, signed by whomever, agrees. */
  #agreedUpTo = 0
  #isStartSigned = true
  readonly #open = new Set<string>()
  #failure: Failure | undefined

  constructor({ publicKeys, published = [] }: VerifyOptions, genesisHash = '0'.repeat(64)) {
    this.#keys = new Map(publicKeys.map((key) => [toKeyId(key), key]))
    this.#head = genesisHash
    for (const item of published) {
      const reason = this.#findSignatureFault(item)
      if (reason !== undefined) {
        this.fail(`The published checkpoint at entry ${item.checkpoint.size} ${reason}.`)
      }
      const { size } = item.checkpoint
      this.#published.set(size, [...(this.#published.get(size) ?? []), item])
    }
  }

  get isBroken(): boolean {
    return this.#failure !== undefined
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return { seq: this.#seq, hash: this.#head }
  }

  /** Starts behind entry `after`, whose hash is `prevHash`, instead of at the beginning of the log. */
  startAfter(after: number, prevHash: string): void {
    this.#after = after
    this.#seq = after
    this.#head = prevHash
    this.#isStartSigned = after === 0
    this.#checkPublished()
  }

  /** Entries are missing by design: each is checked by itself only. */
  allowGaps(): void {
    this.#isFiltered = true
  }

  fail(reason: string, at: { readonly seq?: number; readonly line?: number } = {}): void {
    this.#failure ??= { ...at, reason }
  }

  /**
   * @param body the canonical bytes
   * @param entryHash lower-case hex, as recorded beside them
   */
  entry(body: string, entryHash: string, line?: number): void {
    const expected = this.#seq + 1
    const at = (seq: number) => (line === undefined ? { seq } : { seq, line })
    const links = findLinks(body)
    if (hash('sha256', body, 'hex') !== entryHash) {
      const seq = this.#isFiltered ? (links?.seq ?? expected) : expected
      this.fail(`Entry ${seq} was changed: its bytes do not give the hash that is recorded for it.`, at(seq))
      return
    }
    if (links === undefined) {
      this.fail(`Entry ${expected} is not an audit entry in canonical form.`, at(expected))
      return
    }
    const fault = this.#isFiltered ? this.#findOrderFault(links) : this.#findChainFault(links, expected)
    if (fault !== undefined) {
      this.fail(fault, at(this.#isFiltered ? links.seq : expected))
      return
    }
    this.#seq = links.seq
    this.#head = entryHash
    this.#entries += 1
    this.#pair(links, at(links.seq))
    this.#checkPublished()
  }

  checkpoint(item: SignedCheckpoint, line?: number): void {
    const { size, head_hash } = item.checkpoint
    const at = line === undefined ? {} : { line }
    const fault = this.#findSignatureFault(item)
    if (fault !== undefined) {
      this.fail(`The checkpoint at entry ${size} ${fault}.`, { seq: size, ...at })
    } else if (size > this.#seq) {
      this.fail(`${toMissing(this.#seq, size)} A checkpoint says the log had ${size} entries.`, {
        seq: this.#seq + 1,
        ...at,
      })
    } else if (size < this.#seq) {
      this.fail(`The checkpoint at entry ${size} stands behind entry ${this.#seq}, where it does not belong.`, at)
    } else if (head_hash !== this.#head) {
      this.#failRewritten('The checkpoint', size, line)
    } else {
      this.#checkpoints += 1
      this.#sign(size)
    }
  }

  finish(): Verification {
    for (const size of this.#published.keys()) {
      if (size > this.#seq && !this.#isFiltered) {
        const seq = this.#seq + 1
        this.fail(`${toMissing(this.#seq, size)} A published checkpoint says the log had ${size} entries.`, { seq })
      }
    }
    return {
      verdict: this.#failure !== undefined ? 'broken' : this.#isFiltered ? 'filtered' : 'intact',
      ...(this.#failure !== undefined && { failure: this.#failure }),
      entries: this.#entries,
      after: this.#after,
      lastSeq: this.#seq,
      headHash: this.#head,
      checkpoints: this.#checkpoints,
      publishedChecked: this.#publishedChecked,
      signedUpTo: this.#signedUpTo,
      isStartSigned: this.#isStartSigned,
      openCalls: this.#open.size,
      hasKeys: this.#keys.size > 0,
    }
  }

  #findOrderFault({ seq }: Links): string | undefined {
    return seq > this.#seq ? undefined : `Entry ${seq} stands behind entry ${this.#seq}: repeated, or out of order.`
  }

  #findChainFault({ seq, prevHash }: Links, expected: number): string | undefined {
    if (seq > expected) {
      return toMissing(this.#seq, seq - 1)
    }
    if (seq < expected) {
      return `Where entry ${expected} should be stands entry ${seq}: inserted, repeated, or out of order.`
    }
    if (prevHash !== this.#head) {
      return `Entry ${seq} does not follow the entry before it: one of the two was replaced.`
    }
    return undefined
  }

  /** The writer never lets a call run without `pending`, nor end twice; an outcome alone means it was bypassed. */
  #pair({ pending, outcome, seq }: Links, at: { readonly seq: number; readonly line?: number }): void {
    if (this.#isFiltered) {
      return
    }
    if (pending !== undefined) {
      if (this.#open.has(pending)) {
        this.fail(`Entry ${seq} begins a call that is already under way.`, at)
      }
      this.#open.add(pending)
    }
    // in a later segment the pending entry may lie in the one before
    if (outcome !== undefined && !this.#open.delete(outcome) && this.#after === 0) {
      this.fail(`Entry ${seq} is the outcome of a call that has no pending entry, or has ended before.`, at)
    }
  }

  #checkPublished(): void {
    for (const { checkpoint } of this.#isFiltered ? [] : (this.#published.get(this.#seq) ?? [])) {
      if (checkpoint.head_hash !== this.#head) {
        this.#failRewritten('The published checkpoint', checkpoint.size)
        return
      }
      this.#publishedChecked += 1
      this.#sign(checkpoint.size)
    }
  }

  #sign(size: number): void {
    this.#agreedUpTo = size
    if (this.#keys.size > 0) {
      this.#signedUpTo = size
      this.#isStartSigned ||= size === this.#after
    }
  }

  #findSignatureFault(item: SignedCheckpoint): string | undefined {
    if (this.#keys.size === 0) {
      return undefined
    }
    const key = this.#keys.get(item.checkpoint.key_id)
    if (key === undefined) {
      return `is signed with the key ${item.checkpoint.key_id}, which is not among the public keys given`
    }
    return isSignatureValid(item, key) ? undefined : 'has a wrong signature'
  }

  #failRewritten(what: string, size: number, line?: number): void {
    const seq = Math.max(this.#agreedUpTo, this.#after) + 1
    this.fail(
      `${what} at entry ${size} was signed over a different history: entries between ${seq} and ${size} were rewritten.`,
      line === undefined ? { seq } : { seq, line },
    )
  }
}

function toMissing(last: number, upTo: number): string {
  return last + 1 === upTo ? `Entry ${upTo} is missing.` : `Entries ${last + 1} to ${upTo} are missing.`
}

/** What of an entry the chain is made of; undefined when `body` is not exactly the canonical JSON of an entry. */
function findLinks(body: string): Links | undefined {
  const entry = findCanonicalJson(body)
  if (typeof entry !== 'object' || entry === null) {
    return undefined
  }
  const { v, seq, prev_hash: prevHash, type, status, call } = entry as Record<string, unknown>
  if (v !== 1 || typeof seq !== 'number' || !Number.isSafeInteger(seq) || typeof prevHash !== 'string') {
    return undefined
  }
  if (type !== 'tool_invocation' || typeof call !== 'string') {
    return { seq, prevHash }
  }
  return status === 'pending' ? { seq, prevHash, pending: call } : { seq, prevHash, outcome: call }
}
