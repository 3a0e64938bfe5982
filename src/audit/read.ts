// Reads the stored chain in pages, so that a long export holds no read transaction (which would keep the write-ahead
// log from being reset) and no more than a page in memory.
import type { Database } from 'better-sqlite3'
import { toIsoTime } from '../lib/clock.js'
import { InvalidInput } from '../lib/errors.js'
import type { SignedCheckpoint } from './checkpoint.js'
import { GENESIS_HASH } from './record.js'

const PAGE = 1000

interface StoredEntry {
  readonly seq: number
  readonly prev_hash: string
  readonly entry_hash: string
  readonly body: string
}

interface StoredCheckpoint {
  readonly size: number
  readonly head_hash: string
  readonly at: number
  readonly key_id: string
  readonly signature: string
}

export interface Extent {
  /** `seq` of the last entry, 0 when there is none. */
  readonly lastSeq: number
  /** Size of the last checkpoint, 0 when there is none. Beyond `lastSeq` only when the end was cut off. */
  readonly signedSize: number
}

export type ChainItem =
  | { readonly kind: 'entry'; readonly row: StoredEntry }
  | { readonly kind: 'checkpoint'; readonly item: SignedCheckpoint }

/** How far the log and its checkpoints reach, both at the same moment. */
export function loadExtent(sqlite: Database): Extent {
  const row = sqlite
    .prepare(
      'SELECT (SELECT max(seq) FROM audit_entry) AS lastSeq, (SELECT max(size) FROM audit_checkpoint) AS signedSize',
    )
    .get() as { lastSeq: number | null; signedSize: number | null }
  return { lastSeq: row.lastSeq ?? 0, signedSize: row.signedSize ?? 0 }
}

/** @throws InvalidInput when there is no entry `seq`; 0 is the place before the first */
export function getHashAt(sqlite: Database, seq: number): string {
  if (seq === 0) {
    return GENESIS_HASH
  }
  const hash = sqlite.prepare('SELECT entry_hash FROM audit_entry WHERE seq = ?').pluck().get(seq)
  if (typeof hash !== 'string') {
    throw new InvalidInput(`The audit log has no entry ${seq}.`)
  }
  return hash
}

export function findLastCheckpoint(sqlite: Database): SignedCheckpoint | undefined {
  const row = sqlite.prepare('SELECT * FROM audit_checkpoint ORDER BY size DESC LIMIT 1').get()
  return row === undefined ? undefined : toSigned(row as StoredCheckpoint)
}

/** Entries behind `after` up to `lastSeq`, each checkpoint of that range right behind the entry it was signed at. */
export function* readChain(sqlite: Database, after: number, { lastSeq, signedSize }: Extent): Generator<ChainItem> {
  const entries = sqlite.prepare(
    'SELECT seq, prev_hash, entry_hash, body FROM audit_entry WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  )
  const checkpoints = sqlite.prepare('SELECT * FROM audit_checkpoint WHERE size >= ? AND size <= ? ORDER BY size')
  for (const checkpoint of checkpoints.all(after, after) as StoredCheckpoint[]) {
    yield { kind: 'checkpoint', item: toSigned(checkpoint) }
  }
  let seq = after
  while (seq < lastSeq) {
    const page = entries.all(seq, lastSeq, PAGE) as StoredEntry[]
    const end = page.at(-1)?.seq
    if (end === undefined) {
      break
    }
    const signed = checkpoints.all(seq + 1, end) as StoredCheckpoint[]
    for (const row of page) {
      yield { kind: 'entry', row }
      // a loop, because one whose entry is gone comes behind the next entry, for the reader to refuse
      while (signed[0] !== undefined && signed[0].size <= row.seq) {
        yield { kind: 'checkpoint', item: toSigned(signed[0]) }
        signed.shift()
      }
    }
    seq = end
  }
  for (const checkpoint of checkpoints.all(seq + 1, signedSize) as StoredCheckpoint[]) {
    yield { kind: 'checkpoint', item: toSigned(checkpoint) }
  }
}

function toSigned({ size, head_hash, at, key_id, signature }: StoredCheckpoint): SignedCheckpoint {
  // a time that no Date can hold was not written by the server, and its signature will not fit
  const timestamp = Number.isNaN(new Date(at).getTime()) ? String(at) : toIsoTime(at)
  return { checkpoint: { v: 1, size, head_hash, timestamp, key_id }, signature }
}
