import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createObjectStore } from '../../src/objects/store.js'
import { createTempFolder } from '../support/temp-folder.js'

const MIB = 1024 * 1024
const bytes = (fill: number, size: number) => Buffer.alloc(size, fill)

function createGround(maxBytes = 8 * MIB) {
  const path = join(createTempFolder(), 'deep', 'objects.db')
  let now = 1_000_000
  const faults: string[] = []
  const open = () =>
    createObjectStore({ path, maxBytes, clock: { now: () => now }, onFault: (error) => faults.push(String(error)) })
  return { path, open, faults, pass: (ms: number) => (now += ms) }
}

test('gives back what was put, at once and after a restart', () => {
  const { open, path } = createGround()
  const store = open()
  store.put('blob:1', Buffer.from('one'))
  expect(store.get('blob:1')?.toString()).toBe('one')
  expect(store.get('blob:2')).toBeUndefined()
  store.close()

  const later = open()
  expect(later.get('blob:1')?.toString()).toBe('one')
  later.close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('keeps a copy, so that a buffer used again changes nothing', () => {
  const store = createGround().open()
  const buffer = Buffer.from('first')
  store.put('k', buffer)
  buffer.fill('x')

  expect(store.get('k')?.toString()).toBe('first')
  store.close()
})

test('the file stays under its cap, and what was used last stays', () => {
  const { open, path, pass } = createGround(2 * MIB)
  for (let round = 0; round < 40; round += 1) {
    const store = open()
    store.put(`round:${round}`, bytes(round, 120_000))
    if (round > 0) expect(store.get('round:0')?.length).toBe(120_000)
    pass(1000)
    store.close()
    expect(statSync(path).size).toBeLessThanOrEqual(2 * MIB)
  }

  const store = open()
  expect(store.get('round:0')?.length).toBe(120_000)
  expect(store.get('round:39')?.length).toBe(120_000)
  expect(store.get('round:1')).toBeUndefined()
  store.close()
})

test('many small and odd sizes stay under the cap too', () => {
  const { open, path } = createGround(2 * MIB)
  const store = open()
  for (let at = 0; at < 6000; at += 1)
    store.put(`blob:${at.toString(16).padStart(40, '0')}`, bytes(at, (at * 37) % 9000))
  store.close()

  expect(statSync(path).size).toBeLessThanOrEqual(2 * MIB)
  expect(statSync(path).size).toBeGreaterThan(MIB)
})

test('one huge object does not push out the others', () => {
  const store = createGround(2 * MIB).open()
  store.put('small', Buffer.from('kept'))
  store.put('huge', bytes(1, MIB))

  expect(store.get('huge')).toBeUndefined()
  expect(store.get('small')?.toString()).toBe('kept')
  store.close()
})

test('a file deleted while it is used is made anew', () => {
  const { open, path, faults } = createGround()
  const store = open()
  store.put('first', bytes(1, 900_000))
  store.put('second', bytes(1, 900_000))
  expect(readdirSync(join(path, '..'))).toContain('objects.db')
  rmSync(join(path, '..'), { recursive: true })
  store.put('third', Buffer.from('after'))
  expect(store.get('third')?.toString()).toBe('after')
  store.close()

  const later = open()
  expect(later.get('third')?.toString()).toBe('after')
  expect(later.get('first')).toBeUndefined()
  later.close()
  expect(faults).toEqual([])
})

test.each([
  ['is no database', (path: string) => writeFileSync(path, bytes(7, 50_000))],
  ['was cut off', (path: string) => writeFileSync(path, bytes(7, 50_000).fill('SQLite format 3\0', 0, 16))],
])('a file that %s is made anew', (_, damage) => {
  const { open, path } = createGround()
  const first = open()
  first.put('k', Buffer.from('lost'))
  first.close()
  damage(path)

  const store = open()
  expect(store.get('k')).toBeUndefined()
  store.put('k', Buffer.from('again'))
  store.close()
  const later = open()
  expect(later.get('k')?.toString()).toBe('again')
  later.close()
})

test('a database of something else is left as it is', () => {
  const { open, path, faults } = createGround()
  const first = open()
  first.put('k', Buffer.from('v'))
  first.close()
  rmSync(path)
  const other = new Database(path)
  other.exec('CREATE TABLE precious (id INTEGER)')
  other.close()

  const store = open()
  store.put('k', Buffer.from('v'))
  store.close()

  const after = new Database(path)
  expect(after.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['precious'])
  after.close()
  expect(faults).toEqual(['Error: the file is a database of something else'])
})

test('a place that cannot be written costs nothing but the store', () => {
  const faults: unknown[] = []
  const clock = { now: () => 1 }
  const inTheWay = join(createTempFolder(), 'file')
  writeFileSync(inTheWay, '')
  const store = createObjectStore({
    path: join(inTheWay, 'objects.db'),
    maxBytes: MIB,
    clock,
    onFault: (e) => faults.push(e),
  })
  store.put('k', Buffer.from('v'))
  expect(store.get('other')).toBeUndefined()
  expect(store.get('another')).toBeUndefined()
  store.close()

  expect(faults).toHaveLength(1)
})

test('a cap of 0 keeps nothing and makes no file', () => {
  const { open, path } = createGround(0)
  const store = open()
  store.put('k', Buffer.from('v'))
  expect(store.get('k')).toBeUndefined()
  store.close()

  expect(() => statSync(path)).toThrow('ENOENT')
})
