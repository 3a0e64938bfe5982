import { afterAll, beforeAll, expect, test } from 'vitest'
import { approvePullRequest } from '../../src/tools/approve-pull-request.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let bob: ToolRunner
let head: string

const refund = { owner: 'harbor', repo: 'booking', pull_number: 6 }
const path = '/repos/harbor/booking/pulls/6'

beforeAll(async () => {
  gitea = await startGitea()
  bob = await createToolRunner(gitea, 'bob')
  head = await findHead()
})

afterAll(async () => {
  await bob.close()
  await gitea.close()
})

async function findHead(): Promise<string> {
  const pull = (await sendToGitea(gitea, 'bob', 'GET', path)) as { head: { sha: string } }
  return pull.head.sha
}

async function approvals(): Promise<{ commit_id: string }[]> {
  const all = (await sendToGitea(gitea, 'bob', 'GET', `${path}/reviews?page=1&limit=50`)) as {
    state: string
    commit_id: string
  }[]
  return all.filter(({ state }) => state === 'APPROVED')
}

test('approves at the commit that was read', async () => {
  const text = await bob.text(approvePullRequest, { ...refund, sha: head.slice(0, 8), body: 'Good.' })

  expect(text.replaceAll(/issuecomment-\d+/g, 'issuecomment-<n>')).toMatchInlineSnapshot(`
    "Approved harbor/booking#6 at <id>
    https://gitea.example/harbor/booking/pulls/6#issuecomment-<n>"
  `)
  expect(await approvals()).toMatchObject([{ commit_id: head, body: 'Good.' }])
})

test('what was pushed since is not approved unread', async () => {
  await gitea.commit('harbor', 'booking', {
    branch: 'feature/refund-window',
    message: 'One more thing',
    files: { 'src/backdoor.ts': 'export {}\n' },
  })

  await expect(bob.run(approvePullRequest, { ...refund, sha: head })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('read what came since'),
  })
  expect(await approvals()).toHaveLength(1)
})

test.each([
  [{ sha: 'abcd' }, 'must have at least 8 digits'],
  [{ sha: 'main' }, 'must be a commit id'],
  [{ sha: 'a'.repeat(40), pull_number: 66 }, 'There is no pull request #66'],
])('approves nothing else: %j', async (args, reason) => {
  await expect(bob.run(approvePullRequest, { ...refund, ...args })).rejects.toThrow(reason)
  expect(await approvals()).toHaveLength(1)
})

test('nobody approves the own pull request', async () => {
  const alice = await createToolRunner(gitea)

  await expect(alice.run(approvePullRequest, { ...refund, sha: await findHead() })).rejects.toThrow(
    'alice opened #6 and cannot approve it.',
  )
  await alice.close()
})

test('what is closed is not approved', async () => {
  const sha = await findHead()
  await sendToGitea(gitea, 'alice', 'PATCH', path, { state: 'closed' })

  await expect(bob.run(approvePullRequest, { ...refund, sha })).rejects.toThrow(
    '#6 is closed: it is too late to approve it.',
  )
})
