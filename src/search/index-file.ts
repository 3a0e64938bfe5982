import { mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { MIB } from '../lib/units.js'
import { mayHoldRuns, toSieve, toTrigramQuery } from './pieces.js'
import type { BlobKind, SearchedBlob } from './searchable.js'
import { packSnapshot, type Snapshot, unpackSnapshot } from './snapshot.js'

/*
 * The index in its own SQLite file: texts by object id with the pieces in them, and which texts make up a commit. It is no
 * state: the file may be deleted at any time, and one that is damaged is thrown away and filled anew.
 */

interface StoredBlob {
  readonly row: number
  readonly kind: BlobKind
}

export interface NewBlob extends SearchedBlob {
  readonly id: string
}

/** One open file. Every method throws Error when the file is damaged or cannot be written. */
export interface IndexFile {
  findBlob(id: string): StoredBlob | undefined
  /** Adds texts in one transaction and returns their rows; what is there already stays, without one. */
  addBlobs(blobs: readonly NewBlob[]): number[]
  /** The rows from `first` to `last` whose text has all these pieces (see pieces.ts), in any case, and others. */
  matchRows(pieces: readonly string[], first: number, last: number): number[]
  /** Whether the text of a row may have all the runs that are hashed so (`toRunHashes`); rarely yes where it has not. */
  mayHold(row: number, runs: readonly number[]): boolean
  /** Undefined for binary content, and for what was evicted. */
  readText(row: number): string | undefined
  findSnapshot(commit: string): Snapshot | undefined
  addSnapshot(commit: string, snapshot: Snapshot, now: number): void
  /** Keeps a commit and its texts from being evicted before others. */
  touchSnapshot(commit: string, now: number): void
  usedBytes(): number
  /** Drops the least recently used commit but for `kept`; false when there is no other. */
  dropOldestSnapshot(kept: string): boolean
  /** Drops up to `most` texts that no commit and no `pinned` row needs; how many were dropped. */
  sweep(pinned: ReadonlySet<number>, most: number): number
  /** Gives room of dropped texts back, a little at a time; false when there is no more to give. */
  compact(isFirst: boolean): boolean
  close(): void
}

/** Changing it throws older files away. */
const VERSION = 4
const PAGE_BYTES = 8192
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    object TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    text BLOB
  ) STRICT;
  CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY,
    object TEXT NOT NULL UNIQUE,
    used_at INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS snapshot_by_use ON snapshot (used_at);
  CREATE TABLE IF NOT EXISTS sieve (id INTEGER PRIMARY KEY, bits BLOB NOT NULL) STRICT;
  CREATE VIRTUAL TABLE IF NOT EXISTS piece USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'trigram', detail = none
  );
`
const SUFFIXES = ['', '-wal', '-shm', '-journal']

/** @throws Error when it cannot be opened, is damaged, or is of another version */
export function openIndexFile(path: string): IndexFile {
  const file = resolve(path)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const sqlite = new Database(file, { timeout: 100 })
  // a damaged file must not keep its handle, or it could not be replaced
  try {
    return prepareFile(sqlite)
  } catch (error) {
    sqlite.close()
    throw error
  }
}

export function deleteIndexFile(path: string): void {
  for (const suffix of SUFFIXES) rmSync(resolve(path) + suffix, { force: true })
}

/** Which file lies at a path, to notice that it was deleted or replaced; undefined when there is none. */
export function findFileId(path: string): string | undefined {
  const found = statSync(resolve(path), { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

function prepareFile(sqlite: Database.Database): IndexFile {
  sqlite.pragma(`page_size = ${PAGE_BYTES}`)
  sqlite.pragma('journal_mode = WAL')
  // a file that a power cut leaves damaged is found so and filled anew
  sqlite.pragma('synchronous = OFF')
  sqlite.pragma(`journal_size_limit = ${16 * MIB}`)
  sqlite.pragma(`cache_size = ${-16 * 1024}`)
  const version = Number(sqlite.pragma('user_version', { simple: true }))
  if (version !== VERSION && version !== 0) throw new Error(`search index of version ${version}`)
  sqlite.exec(SCHEMA)
  sqlite.pragma(`user_version = ${VERSION}`)
  return {
    ...prepareBlobs(sqlite),
    ...prepareSnapshots(sqlite),
    ...prepareEviction(sqlite),
    close: () => sqlite.close(),
  }
}

type BlobPart = Pick<IndexFile, 'findBlob' | 'addBlobs' | 'matchRows' | 'mayHold' | 'readText'>

function prepareBlobs(sqlite: Database.Database): BlobPart {
  const find = sqlite.prepare<[string], StoredBlob>('SELECT id AS row, kind FROM blob WHERE object = ?')
  const insert = sqlite
    .prepare<[string, number, number, Buffer | null], number>(
      'INSERT INTO blob (object, kind, bytes, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id',
    )
    .pluck()
  const insertPieces = sqlite.prepare<[number, string]>('INSERT INTO piece (rowid, text) VALUES (?, ?)')
  const insertSieve = sqlite.prepare<[number, number, Buffer]>('INSERT INTO sieve (id, bits) VALUES (? * 65536 + ?, ?)')
  const sievePart = sqlite.prepare<[number, number], Buffer>('SELECT bits FROM sieve WHERE id = ? * 65536 + ?').pluck()
  const match = sqlite
    .prepare<[string, number, number], number>('SELECT rowid FROM piece WHERE piece MATCH ? AND rowid BETWEEN ? AND ?')
    .pluck()
  const text = sqlite.prepare<[number], { bytes: number; text: Buffer | null }>(
    'SELECT bytes, text FROM blob WHERE id = ?',
  )
  const addBlobs = sqlite.transaction((blobs: readonly NewBlob[]) => {
    const added: number[] = []
    for (const blob of blobs) {
      const bytes = Buffer.from(blob.text ?? '')
      const packed = blob.text === undefined ? null : deflateRawSync(bytes, { level: 3 })
      const row = insert.get(blob.id, blob.kind, bytes.length, packed)
      if (row === undefined) continue
      added.push(row)
      if (blob.text === undefined) continue
      insertPieces.run(row, blob.text)
      for (const [part, bits] of toSieve(blob.text).entries()) insertSieve.run(row, part, bits)
    }
    return added
  })
  return {
    findBlob: (id) => find.get(id),
    addBlobs: (blobs) => addBlobs.immediate(blobs),
    matchRows: (pieces, first, last) => match.all(toTrigramQuery(pieces), first, last),
    mayHold: (row, runs) => mayHoldRuns((part) => sievePart.get(row, part), runs),
    readText: (row) => {
      const found = text.get(row)
      if (found === undefined || found.text === null) return undefined
      return inflateRawSync(found.text, { chunkSize: Math.max(64, found.bytes + 1) }).toString('utf8')
    },
  }
}

type SnapshotPart = Pick<IndexFile, 'findSnapshot' | 'addSnapshot' | 'touchSnapshot'>

function prepareSnapshots(sqlite: Database.Database): SnapshotPart {
  const find = sqlite.prepare<[string], Buffer>('SELECT body FROM snapshot WHERE object = ?').pluck()
  const touch = sqlite.prepare<[number, string]>('UPDATE snapshot SET used_at = ? WHERE object = ?')
  const insert = sqlite.prepare<[string, number, Buffer]>(
    'INSERT OR REPLACE INTO snapshot (object, used_at, body) VALUES (?, ?, ?)',
  )
  return {
    findSnapshot: (commit) => {
      const body = find.get(commit)
      return body === undefined ? undefined : unpackSnapshot(body)
    },
    addSnapshot: (commit, snapshot, now) => {
      insert.run(commit, now, packSnapshot(snapshot))
    },
    touchSnapshot: (commit, now) => {
      touch.run(now, commit)
    },
  }
}

type EvictionPart = Pick<IndexFile, 'usedBytes' | 'dropOldestSnapshot' | 'sweep' | 'compact'>

/** Pages of the index of pieces that one step of `compact` merges. */
const MERGE_PAGES = 200

function prepareEviction(sqlite: Database.Database): EvictionPart {
  const dropOldest = sqlite.prepare<[string]>(
    'DELETE FROM snapshot WHERE id = (SELECT id FROM snapshot WHERE object <> ? ORDER BY used_at, id LIMIT 1)',
  )
  const bodies = sqlite.prepare<[], Buffer>('SELECT body FROM snapshot').pluck()
  const rows = sqlite.prepare<[], number>('SELECT id FROM blob').pluck()
  const dropBlob = sqlite.prepare<[number]>('DELETE FROM blob WHERE id = ?')
  const dropPieces = sqlite.prepare<[number]>('DELETE FROM piece WHERE rowid = ?')
  const dropSieve = sqlite.prepare<[number, number]>(
    'DELETE FROM sieve WHERE id BETWEEN ? * 65536 AND ? * 65536 + 65535',
  )
  const merge = sqlite.prepare<[number]>("INSERT INTO piece (piece, rank) VALUES ('merge', ?)")
  const readNumber = (pragma: string) => Number(sqlite.pragma(pragma, { simple: true }))
  const countChanges = sqlite.prepare<[], number>('SELECT total_changes()').pluck()
  return {
    usedBytes: () => (readNumber('page_count') - readNumber('freelist_count')) * PAGE_BYTES,
    dropOldestSnapshot: (kept) => dropOldest.run(kept).changes > 0,
    sweep: sqlite.transaction((pinned: ReadonlySet<number>, most: number) => {
      const needed = new Set<number>(pinned)
      for (const body of bodies.iterate()) for (const row of unpackSnapshot(body).rows) needed.add(row)
      const loose = rows
        .all()
        .filter((row) => !needed.has(row))
        .slice(0, most)
      for (const row of loose) {
        dropBlob.run(row)
        dropPieces.run(row)
        dropSieve.run(row, row)
      }
      return loose.length
    }),
    compact(isFirst) {
      const before = countChanges.get() ?? 0
      // a negative number begins with everything, a positive one goes on
      merge.run(isFirst ? -MERGE_PAGES : MERGE_PAGES)
      // SQLite's documentation: fewer than two changes mean that there was nothing to merge
      return (countChanges.get() ?? 0) - before >= 2
    },
  }
}
