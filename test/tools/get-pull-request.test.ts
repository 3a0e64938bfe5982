import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPullRequest } from '../../src/tools/get-pull-request.js'
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

const refund = { ...booking, pull_number: 6 }

test('shows a pull request with its files', async () => {
  expect(
    (await alice.text(getPullRequest, refund)).replace(/, (not )?mergeable( \(.*?\))?/, ''),
  ).toMatchInlineSnapshot(`
    "harbor/booking#6 Refund a cancelled booking within 24 hours
    open pull request, feature/refund-window (<id>) into main, opened <today> by alice, 0 comments
    Labels: feature. Review asked of: bob
    Text:
    Adds the refund window and removes the old manual list.

    Closes #2

    3 files changed, +9 -4:
    src/booking/cancel-rules.ts +6 -2
    src/booking/manual-refunds.txt (deleted) +0 -2
    test/booking/cancel-rules.test.ts (added) +3 -0"
  `)
})

test('shows the diff of one file alone', async () => {
  expect(await alice.text(getPullRequest, { ...refund, path: 'test' })).toMatchInlineSnapshot(`
    "harbor/booking#6: Diff:
    === test/booking/cancel-rules.test.ts (added) +3 -0
    @@ -0,0 +1,3 @@
    +import { test } from 'vitest'
    +
    +test.todo('a booking made an hour ago is refunded in full')"
  `)
})

test('shows the whole diff when asked', async () => {
  const text = await alice.text(getPullRequest, { ...refund, diff: true })

  expect(text).toContain('harbor/booking#6: 3 files changed')
  expect(text).toContain('=== src/booking/manual-refunds.txt (deleted)')
})

test('hides files of the policy from list, counts and diff', async () => {
  const mayReadPath = (path: string) => !path.startsWith('src/')
  const facts = await alice.text(getPullRequest, refund, { mayReadPath })
  const diff = await alice.text(getPullRequest, { ...refund, diff: true }, { mayReadPath })

  for (const text of [facts, diff]) {
    expect(text).toContain('1 file changed')
    expect(text).toContain('2 files not shown: the policy hides them.')
    expect(text).not.toContain('src/')
  }
})

test('a long text is continued by get_issue', async () => {
  await gitea.commit('alice', 'field-notes', {
    message: 'side',
    branch: 'side',
    from: 'main',
    files: { 'x.md': 'x\n' },
  })
  const body = Array.from({ length: 300 }, (_, at) => `sentence ${at + 1}`).join('\n')
  const number = await gitea.addPullRequest({
    owner: 'alice',
    repo: 'field-notes',
    author: 'alice',
    title: 'Long',
    body,
    head: 'side',
  })

  const text = await alice.text(
    getPullRequest,
    { owner: 'alice', repo: 'field-notes', pull_number: number },
    { limits: { maxChars: 3000 } },
  )

  expect(text).toMatch(new RegExp(`of 300, get_issue issue_number=${number} start_line=\\d+ continues`))
  expect(text).toContain('x.md (added) +1 -0')
})

test('an issue is no pull request', async () => {
  await expect(alice.run(getPullRequest, { ...booking, pull_number: 1 })).rejects.toThrow(
    'There is no pull request #1 in harbor/booking',
  )
})
