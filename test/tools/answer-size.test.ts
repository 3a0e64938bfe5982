import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getFileTree } from '../../src/tools/get-file-tree.js'
import { listCommits } from '../../src/tools/list-commits.js'
import { listIssues } from '../../src/tools/list-issues.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

/*
 * What answers cost a model, in o200k tokens. JSON objects for the same three need about 1,050, 1,450 and 9,600 even
 * when they are compact.
 */

const booking = { owner: 'harbor', repo: 'booking' }
let gitea: GiteaSandbox
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('30 commits on 30 days cost 700 tokens', async () => {
  const { text, data } = await alice.run(listCommits, booking)

  expect(data.commits).toHaveLength(30)
  expect(countTokens(text)).toBeLessThanOrEqual(700)
})

test('a tree of 458 files costs 2,400 tokens', async () => {
  const { text, data } = await alice.run(getFileTree, { ...booking, recursive: true })

  expect(data.files).toBe(458)
  expect(countTokens(text)).toBeLessThanOrEqual(2400)
})

test('30 issues with labels and people cost 750 tokens', async () => {
  const titles = ['Boarding list misses passengers who changed their name', 'Refund mail is sent twice on Sundays']
  for (let at = 0; at < 30; at += 1) {
    await gitea.addIssue({
      ...booking,
      author: at % 3 === 0 ? 'bob' : 'alice',
      title: `${titles[at % 2]} (${at})`,
      labels: at % 2 === 0 ? ['bug', 'help wanted'] : ['feature'],
      assignees: at % 4 === 0 ? ['alice'] : [],
    })
  }

  const { text, data } = await alice.run(listIssues, booking)

  expect(data.issues).toHaveLength(30)
  expect(countTokens(text)).toBeLessThanOrEqual(750)
})

test('a page asks Gitea once, and once more for what its branch is now', async () => {
  const count = async (ask: () => Promise<unknown>) => {
    const before = gitea.requests.length
    await ask()
    return gitea.requests.length - before
  }

  expect(await count(() => alice.run(listIssues, booking))).toBe(1)
  expect(await count(() => alice.run(listCommits, { ...booking, ref: 'main', limit: 7 }))).toBe(2)
  expect(await count(() => alice.run(getFileTree, { ...booking, ref: 'main', recursive: true }))).toBeLessThanOrEqual(2)
})
