// The log as JSON lines, for archives and auditors. Lines are made one by one; memory does not grow with the log.
import type { Database } from 'better-sqlite3'
import { InvalidInput } from '../lib/errors.js'
import { canonicalJson } from './canonical-json.js'
import { toCheckpointLine } from './checkpoint.js'
import { type Extent, getHashAt, loadExtent, readChain } from './read.js'
import type { AuditEvent } from './record.js'
import { ChainVerifier, type Verification, type VerifyOptions } from './verify.js'
import { type ExportEnd, type ExportHeader, toEntryLine } from './verify-export.js'

/** Which entries to keep; a property that is absent does not filter. */
export interface ExportFilter {
  /** Login or account id, without regard to case. */
  readonly user?: string
  readonly tool?: string
  /** `owner/name`, without regard to case. */
  readonly repository?: string
  readonly type?: AuditEvent['type']
  /** RFC 3339 in UTC with milliseconds: entries from then on. */
  readonly since?: string
  /** Entries before then. */
  readonly until?: string
}

export interface ExportRequest {
  /** Leaves out the entries up to this `seq`, which an earlier segment holds. */
  readonly after: number
  /** Ends at the last signed checkpoint, so that the next segment begins with a signed head. */
  readonly isSignedOnly?: boolean
  readonly filter?: ExportFilter
}

/**
 * The lines of one segment, without line feeds: header, entries with their checkpoints between them, end. Returns what
 * the end line says.
 *
 * @throws InvalidInput when the log does not reach `after`
 */
export function* exportLines(
  sqlite: Database,
  { after, isSignedOnly, filter }: ExportRequest,
): Generator<string, ExportEnd> {
  const stored = loadExtent(sqlite)
  const extent = isSignedOnly ? toSignedExtent(stored) : stored
  if (after > extent.lastSeq) {
    throw new InvalidInput(
      `There is nothing to export behind entry ${after}: the ${isSignedOnly ? 'signed part of the ' : ''}audit log ends at entry ${extent.lastSeq}.`,
    )
  }
  const isFiltered = filter !== undefined && Object.keys(filter).length > 0
  const prevHash = getHashAt(sqlite, after)
  yield canonicalJson({
    audit_export: 1,
    after,
    prev_hash: prevHash,
    ...(isFiltered ? { chain: 'filtered', filter } : { chain: 'complete' }),
  } satisfies Record<keyof ExportHeader, unknown> | Omit<ExportHeader, 'filter'>)

  let entries = 0
  let checkpoints = 0
  let last = { seq: after, hash: prevHash }
  for (const item of readChain(sqlite, after, extent)) {
    if (item.kind === 'entry' && (!isFiltered || matches(item.row.body, filter))) {
      entries += 1
      last = { seq: item.row.seq, hash: item.row.entry_hash }
      yield toEntryLine(item.row.body, item.row.entry_hash)
    } else if (item.kind === 'checkpoint' && !isFiltered) {
      checkpoints += 1
      yield toCheckpointLine(item.item)
    }
  }
  const end: ExportEnd = { audit_export_end: 1, entries, checkpoints, last_seq: last.seq, head_hash: last.hash }
  yield canonicalJson(end)
  return end
}

/** Walks the stored log, including the columns that an export does not show. */
export function verifyStored(sqlite: Database, options: VerifyOptions): Verification {
  const verifier = new ChainVerifier(options)
  // from before the first entry: a row put in at 0 or below is not part of any export, but it does not belong there
  for (const item of readChain(sqlite, Number.NEGATIVE_INFINITY, loadExtent(sqlite))) {
    if (item.kind === 'checkpoint') {
      verifier.checkpoint(item.item)
    } else {
      const { seq, prev_hash, entry_hash, body } = item.row
      const before = verifier.head
      verifier.entry(body, entry_hash)
      if (!verifier.isBroken && (seq !== before.seq + 1 || prev_hash !== before.hash)) {
        verifier.fail(`Entry ${before.seq + 1} was changed: its columns do not say what it says itself.`, {
          seq: before.seq + 1,
        })
      }
    }
    if (verifier.isBroken) {
      break
    }
  }
  return verifier.finish()
}

function toSignedExtent({ lastSeq, signedSize }: Extent): Extent {
  return { lastSeq: Math.min(lastSeq, signedSize), signedSize }
}

function matches(body: string, filter: ExportFilter): boolean {
  // only the writer's own rows are read here; an altered one may lack any of these and then does not match
  const entry = JSON.parse(body) as {
    readonly type?: string
    readonly tool?: string
    readonly timestamp?: string
    readonly actor?: { readonly login?: string; readonly account?: string }
    readonly target?: { readonly repository?: string }
  }
  const timestamp = entry.timestamp ?? ''
  return (
    (filter.type === undefined || entry.type === filter.type) &&
    (filter.tool === undefined || entry.tool === filter.tool) &&
    (filter.since === undefined || timestamp >= filter.since) &&
    (filter.until === undefined || timestamp < filter.until) &&
    (filter.repository === undefined || isSameName(entry.target?.repository, filter.repository)) &&
    (filter.user === undefined ||
      isSameName(entry.actor?.login, filter.user) ||
      isSameName(entry.actor?.account, filter.user))
  )
}

function isSameName(left: string | undefined, right: string): boolean {
  return left?.toLowerCase() === right.toLowerCase()
}
