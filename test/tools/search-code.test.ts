import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchCode } from '../../src/tools/search-code.js'
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

const booking = { owner: 'harbor', repo: 'booking' }

test('shows the lines that match by file, with their numbers', async () => {
  expect(await alice.text(searchCode, { ...booking, query: 'mayCancel' })).toMatchInlineSnapshot(`
    "1 matching file in harbor/booking at main (<id>). 2 matching lines in all.
    src/booking/cancel-rules.ts
    2: export function mayCancel(departureAt: number, now: number): boolean {
    7:   return mayCancel(departureAt, now) ? 0.5 : 0"
  `)
})
