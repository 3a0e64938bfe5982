import { createHash } from 'node:crypto'
import { canonicalJson } from '../../src/audit/canonical-json.js'
import { type CheckpointSigner, signCheckpoint, toCheckpointLine } from '../../src/audit/checkpoint.js'
import { exportLines } from '../../src/audit/export.js'
import { pendingCall } from './calls.js'
import { createWorkspace, recordCall } from './fixture.js'

export interface Sample {
  readonly lines: readonly string[]
  readonly signer: CheckpointSigner
}

/** An export as a server writes it: 23 entries, checkpoints at 10, 20 and 23, a call still open. */
export async function createSample(): Promise<Sample> {
  const workspace = createWorkspace()
  try {
    const log = workspace.open({ lazyMs: 60_000 })
    for (let index = 0; index < 10; index++) {
      await recordCall(log, `c-${index}`)
      await log.flush()
    }
    await log.record({ type: 'access_denied', reason: 'policy', request_id: 'r-1', actor: { login: 'bob' } })
    await log.record({ type: 'security_event', reason: 'policy_reloaded' })
    await log.record(pendingCall('c-open'))
    await log.close()
    return { lines: [...exportLines(workspace.store.sqlite, { after: 0 })], signer: workspace.signer }
  } finally {
    workspace.remove()
  }
}

export function findEntryLine(lines: readonly string[], seq: number): number {
  return lines.findIndex((line) => line.includes(`"seq":${seq},`))
}

/** What someone can do who may write the file but has no key: change an entry and compute every later hash anew. */
export function rechain(lines: readonly string[], change: (body: string, seq: number) => string | undefined): string[] {
  const result: string[] = []
  let prevHash = '0'.repeat(64)
  let seq = 0
  for (const line of lines) {
    const body = /^(.*),"entry_hash":"[0-9a-f]{64}"\}$/s.exec(line)?.[1]
    // s: a client name in it holds a line separator, which JSON does not escape
    if (body === undefined) {
      result.push(line)
      continue
    }
    const changed = change(`${body}}`, seq + 1)
    if (changed !== undefined) {
      seq += 1
      const entry = { ...(JSON.parse(changed) as object), seq, prev_hash: prevHash }
      const text = canonicalJson(entry)
      prevHash = createHash('sha256').update(text).digest('hex')
      result.push(`${text.slice(0, -1)},"entry_hash":"${prevHash}"}`)
    }
  }
  return result
}

/** The same, also making the end line fit, and signing the checkpoints with a key of their own, or dropping them. */
export function forge(lines: readonly string[], signer: CheckpointSigner | undefined): string[] {
  const changed = rechain(lines, (body) => body.replaceAll('alice', 'mallory'))
  const result: string[] = []
  let seq = 0
  let hash = '0'.repeat(64)
  let checkpoints = 0
  for (const line of changed) {
    const entryHash = /,"entry_hash":"([0-9a-f]{64})"\}$/.exec(line)?.[1]
    if (entryHash !== undefined) {
      seq += 1
      hash = entryHash
      result.push(line)
    } else if (line.startsWith('{"checkpoint"')) {
      if (signer !== undefined) {
        checkpoints += 1
        result.push(
          toCheckpointLine(signCheckpoint(signer, { size: seq, hash, timestamp: '2026-11-21T12:00:00.000Z' })),
        )
      }
    } else if (line.includes('audit_export_end')) {
      result.push(toEndLine(seq, hash, seq, checkpoints))
    } else {
      result.push(line)
    }
  }
  return result
}

export function toEndLine(entries: number, headHash: string, lastSeq: number, checkpoints: number): string {
  return canonicalJson({ audit_export_end: 1, checkpoints, entries, head_hash: headHash, last_seq: lastSeq })
}
