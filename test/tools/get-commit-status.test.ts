import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OperationName } from '../../src/gitea/operations.js'
import { getCommitStatus } from '../../src/tools/get-commit-status.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let sha: string

const notes = { owner: 'alice', repo: 'field-notes' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  sha = await commit('checked')
  await check(sha, { context: 'ci/build', state: 'success', description: 'built in 40 s', target_url: 'https://ci/6' })
  await check(sha, { context: 'ci/test', state: 'pending', description: 'waiting' })
  await check(sha, {
    context: 'ci/test',
    state: 'failure',
    description: '2 of 310 failed',
    target_url: 'https://ci.example/7',
  })
  await check(sha, { context: 'lint', state: 'warning', description: 'one line is too long' })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

function commit(branch: string): Promise<string> {
  return gitea.commit('alice', 'field-notes', { message: branch, branch, from: 'main', files: { 'x.md': branch } })
}

async function check(at: string, status: Record<string, string>): Promise<void> {
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/field-notes/statuses/${at}`, status)
}

async function watch(ref: string): Promise<{ readonly text: string; readonly sent: readonly OperationName[] }> {
  const sent: OperationName[] = []
  const onRequest = (operation: OperationName) => {
    sent.push(operation)
  }
  return { text: await alice.text(getCommitStatus, { ...notes, sha: ref }, { onRequest }), sent }
}

test('shows the last word of each check, the worst first', async () => {
  expect(await alice.text(getCommitStatus, { ...notes, sha: 'checked' })).toMatchInlineSnapshot(`
    "<id> (checked) in alice/field-notes: failure, 3 checks, the worst first:
    failure ci/test: 2 of 310 failed https://ci.example/7
    warning lint: one line is too long
    success ci/build: built in 40 s"
  `)
})

test('a full commit id takes the cheap request, all else the one that finds the commit', async () => {
  const full = await watch(sha)
  const short = await watch(sha.slice(0, 10))
  const branch = await watch('checked')

  expect(full.sent).toEqual(['listStatuses'])
  expect(short.sent).toEqual(['getCombinedStatus'])
  expect(full.text).toBe(short.text)
  expect(branch.text).toBe(full.text.replace(' in ', ' (checked) in '))
})

test('a branch with a slash in its name is found', async () => {
  expect(await alice.text(getCommitStatus, { owner: 'harbor', repo: 'booking', sha: 'feature/refund-window' })).toBe(
    '<id> (feature/refund-window) in harbor/booking: no checks.',
  )
})

test('a commit without checks is told from one that does not exist', async () => {
  const unchecked = await commit('unchecked')

  expect(await alice.text(getCommitStatus, { ...notes, sha: unchecked })).toBe('<id> in alice/field-notes: no checks.')
  await expect(alice.run(getCommitStatus, { ...notes, sha: 'f'.repeat(40) })).rejects.toThrow(
    `There is no branch, tag or commit "${'f'.repeat(40)}" in alice/field-notes`,
  )
})

test('all checks must have gone well for success', async () => {
  const good = await commit('good')
  await check(good, { context: 'ci/build', state: 'success' })
  await check(good, { context: 'ci/docs', state: 'skipped' })
  const before = await alice.text(getCommitStatus, { ...notes, sha: good })
  await check(good, { context: 'ci/test', state: 'pending' })

  expect(before).toBe(
    '<id> in alice/field-notes: success, 2 checks, the worst first:\nskipped ci/docs\nsuccess ci/build',
  )
  expect(await alice.text(getCommitStatus, { ...notes, sha: good })).toContain(': pending, 3 checks')
})

test('what does not fit is counted', async () => {
  const many = await commit('many')
  for (let at = 10; at < 62; at += 1) {
    await check(many, { context: `ci/${at}`, state: at === 40 ? 'error' : 'success', description: 'x'.repeat(40) })
  }

  const text = await alice.text(getCommitStatus, { ...notes, sha: many }, { limits: { maxChars: 2000 } })

  expect(text).toMatch(/^<id> in alice\/field-notes: failure, 52 checks, the worst first:\nerror ci\/40: x+\nsuccess/)
  expect(text).toMatch(/\n(\d+) better checks not shown: \1 success\.$/)
})
