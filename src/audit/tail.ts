// What the end of the stored log says when the server starts: where the chain goes on, and what a crash left open.
import type { Database } from 'better-sqlite3'
import { InvalidInput } from '../lib/errors.js'
import type { CheckpointSigner } from './checkpoint.js'
import { findLastCheckpoint, getHashAt, loadExtent, readChain } from './read.js'
import type { PendingInvocation } from './record.js'
import { ChainVerifier } from './verify.js'

interface OpenCall {
  readonly seq: number
  readonly pending: PendingInvocation
}

export interface Tail {
  readonly seq: number
  readonly hash: string
  /** Size of the last checkpoint, 0 when there is none. */
  readonly signedSize: number
  /** Calls without outcome, oldest first. */
  readonly open: readonly OpenCall[]
}

/**
 * Checks the entries back to the last checkpoint, and the checkpoint, so that nothing is appended to a broken chain.
 * The whole log is `verifyStored`'s affair: its length must not delay a start.
 *
 * @throws InvalidInput when the end of the log is not as it was written
 */
export function loadTail(sqlite: Database, signer: CheckpointSigner): Tail {
  const checkpoint = findLastCheckpoint(sqlite)
  const signedSize = checkpoint?.checkpoint.size ?? 0
  // one entry more than needed, so that the entry under the checkpoint is checked as well
  const after = Math.max(0, signedSize - 1)
  const isOurs = checkpoint?.checkpoint.key_id === signer.keyId
  const verifier = new ChainVerifier({ publicKeys: isOurs ? [signer.publicKey] : [] })
  const extent = loadExtent(sqlite)
  if (after <= extent.lastSeq) {
    verifier.startAfter(after, getHashAt(sqlite, after))
  }
  for (const item of readChain(sqlite, verifier.head.seq, extent)) {
    if (item.kind === 'entry') {
      verifier.entry(item.row.body, item.row.entry_hash)
    } else if (item.item.checkpoint.size === signedSize) {
      verifier.checkpoint(item.item)
    }
  }
  const { verdict, failure, lastSeq, headHash } = verifier.finish()
  if (verdict === 'broken') {
    throw new InvalidInput(
      `The audit log is damaged, so nothing may be added to it: ${failure?.reason ?? ''} ` +
        'Keep a copy of the database as evidence, run `aegis audit verify`, then restore a backup or set DATABASE_PATH to a new file.',
    )
  }
  return { seq: lastSeq, hash: headHash, signedSize, open: findOpenCalls(sqlite, lastSeq) }
}

/** The last pending entry names the oldest call that was open with it, so only entries from there on can matter. */
function findOpenCalls(sqlite: Database, lastSeq: number): OpenCall[] {
  const openSince = findOpenSince(sqlite)
  const open = new Map<string, OpenCall>()
  if (openSince !== undefined) {
    for (const item of readChain(sqlite, openSince - 1, { lastSeq, signedSize: 0 })) {
      if (item.kind === 'entry') {
        const entry = parseEntry(item.row.body)
        if (entry.status === 'pending') {
          open.set(entry.call, { seq: item.row.seq, pending: entry })
        } else if (entry.call !== undefined) {
          open.delete(entry.call)
        }
      }
    }
  }
  return [...open.values()]
}

function findOpenSince(sqlite: Database): number | undefined {
  // one statement that is left early; nothing else uses the connection meanwhile
  const bodies = sqlite.prepare('SELECT body FROM audit_entry ORDER BY seq DESC').pluck().iterate()
  for (const body of bodies as IterableIterator<string>) {
    const entry = body.includes('"status":"pending"') ? parseEntry(body) : undefined
    if (entry?.status === 'pending') {
      return entry.open_since
    }
  }
  return undefined
}

type Entry =
  | (PendingInvocation & { readonly open_since: number })
  | { readonly status?: 'success' | 'error' | 'cancelled' | 'interrupted'; readonly call?: string }

function parseEntry(body: string): Entry {
  // written by this product, and checked against its hash where it is recent
  return JSON.parse(body) as Entry
}
