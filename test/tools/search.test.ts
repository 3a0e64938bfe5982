import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { search } from '../../src/tools/search.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const Answer = z.object({ results: z.array(z.object({ id: z.string(), title: z.string(), url: z.string() })) })

async function idsFor(query: string, overrides = {}, runner = alice): Promise<string[]> {
  const { data } = await runner.run(search, { query }, overrides)
  return Answer.parse(data).results.map(({ id }) => id)
}

test('finds repositories, issues and files, as a list of ids, titles and addresses', async () => {
  const text = await alice.text(search, { query: 'repo:harbor/booking refundShare' })

  expect(JSON.stringify(JSON.parse(text), null, 1)).toMatchInlineSnapshot(`
    "{
     "results": [
      {
       "id": "gitea://harbor/booking",
       "title": "harbor/booking: Booking service for the ferry lines",
       "url": "https://gitea.example/harbor/booking"
      },
      {
       "id": "gitea://harbor/booking/file/src/booking/cancel-rules.ts",
       "title": "harbor/booking src/booking/cancel-rules.ts line 6: export function refundShare(departureAt: number, now: number): number {",
       "url": "https://gitea.example/harbor/booking/src/commit/<id>/src/booking/cancel-rules.ts#L6"
      }
     ]
    }"
  `)
})

test('the text is the data and nothing else', async () => {
  const { data, text } = await alice.run(search, { query: 'infra' })

  expect(JSON.parse(text)).toEqual(data)
  expect(Answer.parse(data).results[0]).toMatchObject({ id: 'gitea://harbor/infra', url: `${gitea.url}/harbor/infra` })
})

test('issues are found by their words, in the repository that was named', async () => {
  const named = await idsFor('repo:harbor/booking hour')

  expect(named.filter((id) => id.includes('/issue/')).length).toBeGreaterThan(0)
  expect(named.every((id) => id.startsWith('gitea://harbor/booking'))).toBe(true)
})

test('without a name, files of the repositories that changed last are searched', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'latest', files: { 'log.txt': 'a peculiarword here\n' } })

  expect(await idsFor('peculiarword')).toEqual(['gitea://alice/latest/file/log.txt'])
})

test('what grant, policy or Gitea keep back is not there', async () => {
  const hidden = { mayUseRepository: (owner: string) => owner !== 'harbor' }
  expect(await idsFor('repo:harbor/booking refundShare', hidden)).toEqual([])
  expect((await idsFor('hour', hidden)).filter((id) => id.startsWith('gitea://harbor'))).toEqual([])
  const paths = { mayReadPathIn: (_owner: string, _name: string, path: string) => !path.startsWith('src/') }
  expect((await idsFor('repo:harbor/booking refundShare', paths)).filter((id) => id.includes('/src/'))).toEqual([])

  const mallory = await createToolRunner(gitea, 'mallory')
  await gitea.addRepository({ owner: 'alice', name: 'closed', private: true, files: { 'a.txt': 'innermost\n' } })
  expect(await idsFor('repo:alice/closed innermost', {}, mallory)).toEqual([])
  expect(await idsFor('repo:alice/closed innermost')).toContain('gitea://alice/closed/file/a.txt')
  await mallory.close()
})

test('nothing found is an empty list', async () => {
  expect(await idsFor('repo:harbor/nosuchthing x')).toEqual([])
  expect(await idsFor('zzzqqqzzz')).toEqual([])
})
