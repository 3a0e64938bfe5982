import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEviction } from '../../src/search/eviction.js'
import { createGuardedFile, type GuardedFile, IndexLost } from '../../src/search/guarded-file.js'

import type { IndexFile, NewBlob } from '../../src/search/index-file.js'
import { BLOB_KIND } from '../../src/search/searchable.js'
import { createSnapshot, packSnapshot, unpackSnapshot } from '../../src/search/snapshot.js'
import { createTempFolder } from '../support/temp-folder.js'

let path: string
let file: GuardedFile
let lost: unknown[]

beforeEach(() => {
  path = join(createTempFolder(), 'search.db')
  lost = []
  file = createGuardedFile({ path, onLost: (error) => lost.push(error) })
})

afterEach(() => {
  file.close()
})

const text = (id: string, content: string): NewBlob => ({ id, kind: BLOB_KIND.text, text: content })

const match = (open: IndexFile, pieces: readonly string[]) => open.matchRows(pieces, 0, 1000)

function addCommit(commit: string, blobs: readonly NewBlob[], now: number): void {
  file.use((open) => {
    open.addBlobs(blobs)
    const files = blobs.map(({ id }) => ({ path: id, ...(open.findBlob(id) ?? { row: 0, kind: BLOB_KIND.text }) }))
    open.addSnapshot(commit, createSnapshot(files, 0), now)
  })
}

test('finds the texts that have all the pieces, in any case', () => {
  file.use((open) => {
    open.addBlobs([text('a', 'Hello world'), text('b', 'hello there'), { id: 'c', kind: BLOB_KIND.binary }])
    const row = (id: string) => open.findBlob(id)?.row

    expect(match(open, ['hel', 'ell'])).toEqual([row('a'), row('b')])
    expect(match(open, ['hel', 'wor'])).toEqual([row('a')])
    expect(match(open, ['"a ', 'xyz'])).toEqual([])
    expect(open.readText(row('b') ?? 0)).toBe('hello there')
    expect(open.findBlob('c')).toMatchObject({ kind: BLOB_KIND.binary })
    expect(open.readText(row('c') ?? 0)).toBeUndefined()
  })
})

test('a text is kept once, and stays what it was', () => {
  file.use((open) => {
    expect(open.addBlobs([text('a', 'first')])).toHaveLength(1)
    expect(open.addBlobs([text('a', 'second')])).toEqual([])
    expect(open.readText(open.findBlob('a')?.row ?? 0)).toBe('first')
  })
})

test('the files of a commit come back as they were', () => {
  const files = [
    { path: 'z/ü \n.md', row: 4_000_000_000, kind: BLOB_KIND.text },
    { path: 'a', row: 1, kind: BLOB_KIND.binary },
    { path: 'vendor/x.go', row: 2, kind: BLOB_KIND.text },
  ]
  const snapshot = createSnapshot(files, 3)

  expect(snapshot.paths).toEqual(['a', 'vendor/x.go', 'z/ü \n.md'])
  expect(unpackSnapshot(packSnapshot(snapshot))).toEqual(snapshot)
  expect(unpackSnapshot(packSnapshot(createSnapshot([], 0)))).toEqual(createSnapshot([], 0))
})

test('what was added is there after the file was closed', () => {
  addCommit('c1', [text('a', 'hello')], 1)
  file.close()

  expect(file.use((open) => open.findSnapshot('c1'))?.paths).toEqual(['a'])
})

test('a damaged file is thrown away, and the next use finds an empty one', () => {
  addCommit('c1', [text('a', 'hello')], 1)
  file.close()
  writeFileSync(path, Buffer.alloc(100_000, 'x'))

  expect(() => file.use((open) => open.findBlob('a'))).toThrow(IndexLost)
  expect(lost).toHaveLength(1)
  expect(file.use((open) => open.findBlob('a'))).toBeUndefined()
})

test('a file that someone deleted is noticed', () => {
  addCommit('c1', [text('a', 'hello')], 1)
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  file.check()

  expect(file.use((open) => open.findBlob('a'))).toBeUndefined()
  expect(lost).toEqual([undefined])
})

test('a file of another version is replaced', () => {
  file.use((open) => open.addBlobs([text('a', 'hello')]))
  file.close()
  const other = new Database(path)
  other.pragma('user_version = 99')
  other.close()

  expect(() => file.use((open) => open.findBlob('a'))).toThrow(IndexLost)
  expect(file.use((open) => open.findBlob('a'))).toBeUndefined()
})

test('a file that knows pieces of three characters only is replaced', () => {
  const older = new Database(path)
  older.exec(`
    CREATE TABLE blob (id INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, text BLOB) STRICT;
    CREATE TABLE snapshot (id INTEGER PRIMARY KEY, object TEXT NOT NULL UNIQUE, used_at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE VIRTUAL TABLE piece USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram', detail = none);
    INSERT INTO blob (object, kind) VALUES ('a', 1);
    PRAGMA user_version = 1;
  `)
  older.close()

  expect(() => file.use((open) => open.findBlob('a'))).toThrow(IndexLost)
  addCommit('c1', [text('b', 'hello there')], 1)
  expect(file.use((open) => match(open, ['hel', 'the']))).toHaveLength(1)
  expect(file.use((open) => open.findBlob('a'))).toBeUndefined()
})

test('only the rows of the range that is asked for are found', () => {
  file.use((open) => {
    const rows = open.addBlobs([text('a', 'hello'), text('b', 'hello there'), text('c', 'hello again')])
    const [, second = 0, third = 0] = rows

    expect(open.matchRows(['hel'], second, second)).toEqual([second])
    expect(open.matchRows(['hel'], second, third)).toEqual([second, third])
  })
})

test('texts come back as they were, the empty one and one of many bytes a character too', () => {
  const texts = ['', 'x', 'größe 日本語 😀\n'.repeat(5000), 'a'.repeat(500_000)]
  file.use((open) => {
    open.addBlobs(texts.map((content, at) => text(`t${at}`, content)))

    expect(texts.map((_, at) => open.readText(open.findBlob(`t${at}`)?.row ?? 0))).toEqual(texts)
  })
})

const long = (id: string) => text(id, Array.from({ length: 2000 }, (_, at) => `${id}${at * 7919}`).join(' '))

test('the commits that were used least recently make room, with the texts that only they had', async () => {
  const shared = text('shared', 'shared text')
  for (let at = 0; at < 20; at += 1) addCommit(`c${at}`, [shared, long(`only${at}x`)], at)
  file.use((open) => open.touchSnapshot('c0', 100))
  const before = file.use((open) => open.usedBytes())
  const makeRoom = createEviction(file, {
    maxBytes: before / 2,
    findPinned: () => new Set(),
    onDropped: () => {},
  })

  expect(await makeRoom('c19')).toBe(true)

  file.use((open) => {
    expect(open.usedBytes()).toBeLessThanOrEqual(before / 2)
    expect(open.findSnapshot('c0')).toBeDefined()
    expect(open.findSnapshot('c19')).toBeDefined()
    expect(open.findSnapshot('c1')).toBeUndefined()
    expect(open.findBlob('only1x')).toBeUndefined()
    expect(match(open, ['y1x'])).toEqual([])
    expect(open.findBlob('shared')).toBeDefined()
    expect(match(open, ['only0x'.slice(3)])).toHaveLength(1)
  })
})

test('texts of a run that goes on are not swept, and one that does not fit says so', async () => {
  file.use((open) => open.addBlobs([long('a'), long('b')]))
  const row = file.use((open) => open.findBlob('a'))?.row ?? 0
  const makeRoom = createEviction(file, { maxBytes: 1, findPinned: () => new Set([row]), onDropped: () => {} })

  expect(await makeRoom('c')).toBe(false)
  expect(file.use((open) => open.findBlob('a'))).toBeDefined()
  expect(file.use((open) => open.findBlob('b'))).toBeUndefined()
})
