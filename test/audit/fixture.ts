import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type CheckpointSigner, createCheckpointSigner } from '../../src/audit/checkpoint.js'
import { exportLines, verifyStored } from '../../src/audit/export.js'
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../../src/audit/log.js'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { openStore, type Store } from '../../src/db/open.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { callOutcome, pendingCall } from './calls.js'

export const MIGRATIONS = new URL('../../migrations', import.meta.url).pathname

export interface Workspace {
  readonly directory: string
  readonly path: string
  readonly signer: CheckpointSigner
  readonly privateKey: KeyObject
  readonly store: Store
  /** Opens the log on the open store, or on `store`. */
  open(options?: Partial<AuditLogOptions>, store?: Store): AuditLog
  closeStore(): void
  /** Closes the file and opens it again, as a restart would; the log is opened with `open`. */
  reopenStore(): Store
  remove(): void
}

/** A real state file in a directory of its own, and a signing key. */
export function createWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'aegis-audit-'))
  const path = join(directory, 'aegis.db')
  const { privateKey } = generateKeyPairSync('ed25519')
  const signer = createCheckpointSigner(privateKey)
  let store = openStore({ path, migrationsPath: MIGRATIONS })
  return {
    directory,
    path,
    signer,
    privateKey,
    get store() {
      return store
    },
    open: (options = {}, other = store) =>
      openAuditLog(other, {
        clock: { now: () => Date.UTC(2026, 10, 21, 12) },
        signer,
        logger: createSilentLogger(),
        checkpointEvery: 10,
        checkpointIntervalMs: 60_000,
        ...options,
      }),
    closeStore: () => store.close(),
    reopenStore: () => {
      store.close()
      store = openStore({ path, migrationsPath: MIGRATIONS })
      return store
    },
    remove: () => {
      store.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Everything that anyone could verify about the stored log; returns what was found. */
export function checkAudit(store: Store, signer: CheckpointSigner): Verification {
  const options = { publicKeys: [signer.publicKey] }
  const stored = verifyStored(store.sqlite, options)
  expect(stored.failure).toBeUndefined()
  const exported = verifyLines(exportLines(store.sqlite, { after: 0 }), options)
  expect(exported).toEqual(stored)
  return stored
}

export interface StoredRecord extends Record<string, unknown> {
  readonly seq: number
  readonly type: string
  readonly status?: string
  readonly call?: string
  readonly reason?: string
}

/** What the log says, oldest first. */
export function readRecords(store: Store): StoredRecord[] {
  const bodies = store.sqlite.prepare('SELECT body FROM audit_entry ORDER BY seq').pluck().all() as string[]
  return bodies.map((body) => JSON.parse(body) as StoredRecord)
}

/** One finished call. */
export async function recordCall(log: AuditLog, call: string): Promise<void> {
  await log.record(pendingCall(call))
  log.recordSoon(callOutcome(call))
}
