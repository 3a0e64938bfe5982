import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Database from 'better-sqlite3'
import type { Clock } from '../lib/clock.js'
import { MIB, SECOND } from '../lib/units.js'

/*
 * Bytes by key in their own SQLite file: what never changes under its name and can be fetched again. It is no state:
 * the file may be deleted at any time, and whatever is wrong with it costs a fetch, never an answer.
 */

export interface ObjectStore {
  /** For what is to be believed only for a while: it carries the time it was read at. */
  readonly clock: Clock
  /** Undefined for what was never put, was evicted or got lost. */
  get(key: string): Buffer | undefined
  /** Keeps `bytes` as long as there is room, in place of what was there under this key. */
  put(key: string, bytes: Uint8Array): void
  /** Writes what is waiting and closes the file. */
  close(): void
}

interface ObjectStoreOptions {
  /** Path of the file; its folder is created. */
  readonly path: string
  /** Largest size of the file; 0 keeps nothing. */
  readonly maxBytes: number
  readonly clock: Clock
  /** Told what is wrong with the file, for the log; at most once a minute while it lasts. */
  readonly onFault?: (error: unknown) => void
}

/** Writes and use times wait this long, so that they share one transaction. */
const FLUSH_MS = SECOND
/** Or until this much waits. */
const MAX_WAITING_BYTES = 4 * MIB
/** After a fault that a fresh file does not cure (a full disk, no right to write) this long is waited. */
const RETRY_MS = 60 * SECOND
const PAGE_BYTES = 4096
/** Marks a file as ours, so that a wrong path never costs a database that is something else. */
const APPLICATION_ID = 0x41454f53
/** An object above this part of the store would push out too much else. */
const LARGEST_PART = 8
/** Eviction makes some room at once, so that it does not run at every write, and little enough not to be felt. */
const SPARE_PART = 10
const MAX_SPARE_BYTES = 4 * MIB

/** Use times are a table of their own: writing one must not write the bytes again. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS object (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    used_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS object_by_use ON object (used_at);
  CREATE TABLE IF NOT EXISTS content (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
`

/** Owns the file until `close()`. Never throws for anything that is wrong with the file. */
export function createObjectStore({ path, maxBytes, clock, onFault }: ObjectStoreOptions): ObjectStore {
  if (maxBytes === 0) return { clock, get: () => undefined, put: () => {}, close: () => {} }
  const file = resolve(path)
  const waiting = new Map<string, Buffer>()
  const used = new Set<string>()
  let waitingBytes = 0
  let opened: OpenFile | undefined
  let closedUntil = 0
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  // the edge to a file that anyone may delete or damage: every fault ends here, as a miss
  const attempt = <Result>(work: (open: OpenFile) => Result): Result | undefined => {
    for (const isLast of [false, true]) {
      if (clock.now() < closedUntil) return undefined
      try {
        opened ??= openFile(file, maxBytes)
        return work(opened)
      } catch (error) {
        if (isBusy(error)) return undefined
        closeQuietly(opened)
        opened = undefined
        if (isDamaged(error)) removeFile(file)
        if (isLast || !isCurable(error)) {
          closedUntil = clock.now() + RETRY_MS
          onFault?.(error)
          return undefined
        }
      }
    }
    return undefined
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const now = clock.now()
    if (opened?.isMoved()) {
      closeQuietly(opened)
      opened = undefined
    }
    attempt((open) => open.write(waiting, used, now))
    waiting.clear()
    used.clear()
    waitingBytes = 0
  }
  const flushSoon = () => {
    timer ??= setTimeout(flush, FLUSH_MS).unref()
  }
  return {
    clock,
    get: (key) => {
      const fresh = waiting.get(key)
      if (fresh !== undefined || isClosed) return fresh
      const bytes = attempt((open) => open.read(key))
      if (bytes !== undefined) {
        used.add(key)
        flushSoon()
      }
      return bytes
    },
    put: (key, bytes) => {
      if (isClosed || bytes.length > maxBytes / LARGEST_PART) return
      // a copy: the caller's buffer may be a view of something larger, or be written again
      waitingBytes += bytes.length - (waiting.get(key)?.length ?? 0)
      waiting.set(key, Buffer.from(bytes))
      if (waitingBytes > Math.min(MAX_WAITING_BYTES, maxBytes / LARGEST_PART)) flush()
      else flushSoon()
    },
    close: () => {
      if (isClosed) return
      flush()
      isClosed = true
      opened?.close()
    },
  }
}

interface OpenFile {
  read(key: string): Buffer | undefined
  write(objects: ReadonlyMap<string, Buffer>, used: ReadonlySet<string>, now: number): void
  /** Whether the path no longer leads to this file: it was deleted or replaced under us. */
  isMoved(): boolean
  close(): void
}

function openFile(file: string, maxBytes: number): OpenFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // the write-ahead log of a file that was deleted belongs to nothing any more
  if (statSync(file, { throwIfNoEntry: false }) === undefined) removeFile(file)
  const sqlite = new Database(file, { timeout: 50 })
  // private repositories are in it
  const { ino } = secure(file)
  try {
    return {
      ...prepareFile(sqlite, maxBytes),
      isMoved: () => statSync(file, { throwIfNoEntry: false })?.ino !== ino,
      close: () => sqlite.close(),
    }
  } catch (error) {
    sqlite.close()
    throw error
  }
}

function secure(file: string) {
  chmodSync(file, 0o600)
  return statSync(file)
}

function prepareFile(sqlite: Database.Database, maxBytes: number): Pick<OpenFile, 'read' | 'write'> {
  const mark = readNumber(sqlite, 'application_id')
  const isNew = readNumber(sqlite, 'schema_version') === 0
  if (!isNew && mark !== APPLICATION_ID) throw new Error('the file is a database of something else')
  sqlite.pragma(`application_id = ${APPLICATION_ID}`)
  sqlite.pragma(`page_size = ${PAGE_BYTES}`)
  sqlite.pragma('journal_mode = WAL')
  // whole after a crash; the last second may be missing
  sqlite.pragma('synchronous = NORMAL')
  sqlite.pragma(`journal_size_limit = ${MAX_WAITING_BYTES}`)
  sqlite.exec(SCHEMA)
  const read = sqlite
    .prepare<[string], Buffer>('SELECT bytes FROM object JOIN content USING (id) WHERE key = ?')
    .pluck()
  const addKey = sqlite
    .prepare<[string, number], number>(
      'INSERT INTO object (key, used_at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET used_at = excluded.used_at RETURNING id',
    )
    .pluck()
  const addBytes = sqlite.prepare<[number, Buffer]>('INSERT OR REPLACE INTO content (id, bytes) VALUES (?, ?)')
  const touch = sqlite.prepare<[number, string]>('UPDATE object SET used_at = ? WHERE key = ?')
  const oldest = sqlite.prepare<[], number>('SELECT id FROM object ORDER BY used_at, id LIMIT 1').pluck()
  const dropKey = sqlite.prepare<[number]>('DELETE FROM object WHERE id = ?')
  const dropBytes = sqlite.prepare<[number]>('DELETE FROM content WHERE id = ?')
  const usedBytes = () => (readNumber(sqlite, 'page_count') - readNumber(sqlite, 'freelist_count')) * PAGE_BYTES
  const makeRoom = (incoming: number) => {
    if (usedBytes() + incoming <= maxBytes) return
    const goal = maxBytes - incoming - Math.min(maxBytes / SPARE_PART, MAX_SPARE_BYTES)
    while (usedBytes() > goal) {
      const id = oldest.get()
      if (id === undefined) return
      dropKey.run(id)
      dropBytes.run(id)
    }
  }
  const write = sqlite.transaction((objects: ReadonlyMap<string, Buffer>, used: ReadonlySet<string>, now: number) => {
    for (const key of used) touch.run(now, key)
    if (objects.size === 0) return
    makeRoom([...objects].reduce((sum, [key, bytes]) => sum + toFileBytes(key, bytes), 0))
    for (const [key, bytes] of objects) {
      const id = addKey.get(key, now)
      if (id !== undefined) addBytes.run(id, bytes)
    }
  })
  return { read: (key) => read.get(key), write: (...batch) => write.immediate(...batch) }
}

/** What an object takes in the file at most: its last page may be nearly empty. */
function toFileBytes(key: string, bytes: Buffer): number {
  const rows = 2 * key.length + 100
  return rows + (bytes.length < PAGE_BYTES / 4 ? bytes.length : bytes.length + 2 * PAGE_BYTES)
}

function readNumber(sqlite: Database.Database, pragma: string): number {
  return Number(sqlite.pragma(pragma, { simple: true }))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))
}

/** Whether opening the file again can help. */
function isCurable(error: unknown): boolean {
  return isDamaged(error) || /^SQLITE_(IOERR|READONLY_DBMOVED|ERROR|CANTOPEN)/.test(codeOf(error))
}

function closeQuietly(opened: OpenFile | undefined): void {
  // a damaged file may not even close, and nothing in it is needed
  try {
    opened?.close()
  } catch {
    return
  }
}

function removeFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
}
