import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.js'
import { HOUR } from '../../src/lib/units.js'
import { createObjectStore } from '../../src/objects/store.js'
import { listCommits } from '../../src/tools/list-commits.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'
import { createToolRunner } from '../tools/run-tool.js'

let gitea: GiteaUnderTest

beforeAll(async () => {
  gitea = await startGitea()
})

afterAll(() => gitea.close())

const booking = { owner: 'harbor', repo: 'booking', limit: 5 }

/** Asks for the same page at each of these times, and tells at which of them Gitea had to list it. */
async function listAt(times: readonly number[], damage: (page: Buffer) => Buffer = (page) => page) {
  let now = systemClock.now()
  const start = now
  const clock = { now: () => now }
  const store = createObjectStore({ path: join(createTempFolder(), 'objects.db'), maxBytes: 8 * 1024 * 1024, clock })
  const get = (key: string) => {
    const bytes = store.get(key)
    return bytes && key.startsWith('history:') ? damage(bytes) : bytes
  }
  const runner = await createToolRunner(gitea, 'alice', undefined, { ...store, get })
  const listed: number[] = []
  const texts: string[] = []
  for (const time of times) {
    now = start + time
    const onRequest = (name: string) => name === 'listCommits' && listed.push(time)
    texts.push(await runner.text(listCommits, booking, { onRequest }))
  }
  await runner.close()
  store.close()
  return { listed, texts: [...new Set(texts)] }
}

test('a page is kept for an hour, since people can be renamed', async () => {
  const { listed, texts } = await listAt([0, 10, HOUR - 1, HOUR + 1, HOUR + 2])

  expect(listed).toEqual([0, HOUR + 1])
  expect(texts).toHaveLength(1)
})

test('a clock that was set back makes no page last longer', async () => {
  expect((await listAt([0, -2 * HOUR, -HOUR - 1])).listed).toEqual([0, -2 * HOUR])
})

test('a damaged page is read anew', async () => {
  for (const damage of [() => Buffer.from('{"items":'), () => Buffer.from('{"readAt":1}'), () => Buffer.alloc(0)]) {
    const { listed, texts } = await listAt([0, 1], damage)

    expect(listed).toEqual([0, 1])
    expect(texts).toHaveLength(1)
  }
})
