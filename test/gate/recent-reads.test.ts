import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import { createRecentReads, UNNAMED } from '../../src/gate/recent-reads.js'
import { DAY } from '../../src/lib/units.js'

const alice = { accountId: 'gitea:1', clientId: 'client-1' }
const bob = { accountId: 'gitea:2', clientId: 'client-1' }

let folder: string
let store: Store
let now = 5 * DAY
const clock = { now: () => now }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-'))
  store = openStore({ path: join(folder, 'aegis.db'), migrationsPath: 'migrations' })
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

test('the latest comes first, once, and what is older than asked for not at all', () => {
  const reads = createRecentReads(store, clock)
  reads.note(alice, ['harbor/old'])
  now += 1000
  reads.note(alice, ['harbor/booking'])
  reads.note(alice, ['harbor/infra'])
  reads.note(alice, ['Harbor/Booking'])
  reads.note(bob, ['bob/own'])

  expect(reads.list(alice, now).map(({ repository }) => repository)).toEqual(['Harbor/Booking', 'harbor/infra'])
})

test('more than can be remembered by name is remembered as unnamed, not forgotten', () => {
  const reads = createRecentReads(store, clock)
  for (let n = 0; n < 150; n += 1) reads.note(alice, [`harbor/r${n}`])

  const names = reads.list(alice, 0).map(({ repository }) => repository)
  expect(names).toHaveLength(100)
  expect(names).toContain(UNNAMED)
  expect(names).toContain('harbor/r149')
  expect(names).not.toContain('harbor/r0')
})
