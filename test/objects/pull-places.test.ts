import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GiteaClient } from '../../src/gitea/client.js'
import { systemClock } from '../../src/lib/clock.js'
import { NotFound } from '../../src/lib/errors.js'
import { loadPull } from '../../src/objects/pull-places.js'
import { createObjectStore } from '../../src/objects/store.js'
import { createTempFolder } from '../support/temp-folder.js'

type Wire = ReturnType<typeof toWire>

function toWire(number: number) {
  const side = { label: 'main', ref: 'main', sha: 'a'.repeat(40), repo: { full_name: 'harbor/booking' } }
  return {
    number,
    title: `Pull ${number}`,
    state: 'open',
    user: { login: 'alice' },
    created_at: '2026-10-01T00:00:00Z',
    updated_at: '2026-10-01T00:00:00Z',
    html_url: '',
    mergeable: true,
    draft: false,
    merged: false,
    merged_by: null as { login: string } | null,
    base: side,
    head: side,
  }
}

/** The pull requests of one repository, oldest first, as Gitea lists them; with whoever merged one only in the one. */
function createRepository(numbers: readonly number[]) {
  const pulls: Wire[] = numbers.map(toWire)
  const asked: string[] = []
  const store = createObjectStore({ path: join(createTempFolder(), 'o.db'), maxBytes: 1024 * 1024, clock: systemClock })
  const client: GiteaClient = {
    stream: () => Promise.reject(new Error('nothing is streamed here')),
    async request(operation, { path = {}, query = {}, subject }) {
      if (operation === 'getPullRequest') {
        asked.push(`one ${path.index}`)
        const body = pulls.find(({ number }) => number === path.index)
        if (!body) throw new NotFound(`There is no ${subject}`)
        return { operation, body, total: undefined, truncated: false }
      }
      const limit = Number(query.limit)
      const from = (Number(query.page) - 1) * limit
      asked.push(`${query.sort === 'oldest' ? 'oldest' : 'newest'} ${from + 1}-${from + limit}`)
      const ordered = query.sort === 'oldest' ? pulls : pulls.toReversed()
      const body = ordered.slice(from, from + limit).map((pull) => ({ ...pull, merged_by: null }))
      return { operation, body, total: pulls.length, truncated: false }
    },
  }
  const load = (index: number) => loadPull(client, store, { owner: 'harbor', repo: 'booking', index })
  return {
    pulls,
    store,
    load,
    /** What reading it asks. */
    async costs(index: number): Promise<string[]> {
      asked.length = 0
      const pull = await load(index).catch((thrown: unknown) => thrown)
      expect(pull).toSatisfy((found) => found instanceof NotFound || Object(found).number === index)
      return [...asked]
    },
  }
}

const change = (pull: Wire | undefined, how: Partial<Wire>) => Object.assign(pull ?? {}, how)

test('one of the newest is taken from the list at once, and from its place ever after', async () => {
  const { costs, pulls } = createRepository([3, 4, 8, 9, 20])

  expect(await costs(8)).toEqual(['newest 1-10'])
  expect(await costs(8)).toEqual(['oldest 3-3'])
  expect(await costs(20)).toEqual(['oldest 5-5'])
  pulls.push(toWire(21))
  expect(await costs(8)).toEqual(['oldest 3-3'])
  expect(await costs(21)).toEqual(['newest 1-10'])
})

test('an old one is found between those that are known', async () => {
  const { costs } = createRepository(Array.from({ length: 200 }, (_, at) => 3 * at + 1))

  expect(await costs(301)).toEqual(['newest 1-10', 'one 301'])
  expect(await costs(301)).toEqual(['oldest 101-110'])
  expect(await costs(301)).toEqual(['oldest 101-101'])
})

test('what is told is what Gitea says now', async () => {
  const { load, pulls } = createRepository([1, 2])
  await load(2)
  change(pulls[1], { title: 'Another', state: 'closed' })

  expect(await load(2)).toMatchObject({ title: 'Another', state: 'closed' })
})

test('one that was merged is asked for by its number, which says by whom', async () => {
  const { load, costs, pulls } = createRepository([1, 2])
  await load(2)
  change(pulls[1], { merged: true, state: 'closed', merged_by: { login: 'bob' } })

  expect((await load(2)).mergedBy).toBe('bob')
  expect(await costs(2)).toEqual(['one 2'])
  expect(await costs(1)).toEqual(['oldest 1-1'])
})

test('one that may have conflicts is asked for by its number, for which Gitea checks it', async () => {
  const { costs, pulls } = createRepository([1, 2])
  change(pulls[1], { mergeable: false })

  expect(await costs(2)).toEqual(['newest 1-10', 'one 2'])
  expect(await costs(2)).toEqual(['oldest 2-2', 'one 2'])
  change(pulls[1], { draft: true })
  expect(await costs(2)).toEqual(['oldest 2-2'])
})

test('what is remembered is a guess: one that was taken away or imported costs a question, never an answer', async () => {
  const { costs, pulls } = createRepository([1, 2, 3, 4])
  for (const index of [1, 2, 3, 4]) await costs(index)
  pulls.splice(1, 1)

  expect(await costs(4)).toEqual(['oldest 4-4', 'one 4'])
  expect(await costs(4)).toEqual(['newest 1-10'])
  expect(await costs(2)).toEqual(['one 2'])
})

test('a number that no pull request has is looked for in fewer and fewer places', async () => {
  const { costs } = createRepository([1, 2, 5])

  expect(await costs(4)).toEqual(['newest 1-10', 'one 4'])
  expect(await costs(4)).toEqual(['one 4'])
})

test('damage to what is remembered costs nothing but a question', async () => {
  for (const bytes of ['[[1,', '{"1":1}', '[[1,"x"]]', '[[2,-7],[1,99]]', '[[1,0],[2,0]]']) {
    const { costs, store } = createRepository([1, 2])
    store.put('pull-places:harbor/booking', Buffer.from(bytes))

    for (const index of [1, 2, 3]) await costs(index)
  }
})

test('property: whatever the numbers and the order of reading, the right one is read, and soon at one question', async () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(numbers, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), async (made, picks) => {
      const sorted = made.toSorted((left, right) => left - right)
      const { costs } = createRepository(sorted)
      const index = sorted[(picks[0] ?? 0) % sorted.length] ?? 0
      for (const pick of picks) await costs(sorted[pick % sorted.length] ?? 0)
      let reads = 0
      while ((await costs(index)).length > 1) reads += 1
      expect(reads).toBeLessThanOrEqual(30)
    }),
    { numRuns: 40 },
  )
})
