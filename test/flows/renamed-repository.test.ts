import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const POLICY = `
defaults: { read: allow, write: allow }
repositories:
  "*/closed-*":
    tools: { deny: ["get_*", "list_*"] }
`

let gitea: GiteaUnderTest
let stack: Stack
let alice: Connection

beforeAll(async () => {
  gitea = await startGitea()
  stack = await startStack(gitea, {
    settings: { WRITE_MODE: 'true', WRITE_REPOSITORY_WHITELIST: 'alice/jetty,alice/pier,alice/slip,alice/quay' },
    policy: POLICY,
  })
  alice = await stack.connect(undefined, { scope: 'write:repository' })
  const names = [
    ['jetty', 'pier', false],
    ['slip', 'ramp', false],
    ['plain', 'closed-vault', false],
    ['anchor', 'hidden-anchor', true],
  ] as const
  for (const [before, after, isPrivate] of names) {
    await gitea.addRepository({ owner: 'alice', name: before, private: isPrivate, files: { 'README.md': 'water\n' } })
    await gitea.renameRepository('alice', before, after)
  }
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await gitea.close()
})

function read(connection: Connection, repo: string) {
  return stack.call(connection, 'get_repository_info', { owner: 'alice', repo })
}

test('a call under the old name is answered under the new one, and says so', async () => {
  const answer = await read(alice, 'jetty')

  expect(answer.isError).toBe(false)
  expect(answer.text).toMatch(/^alice\/jetty is now alice\/pier; use that name\.\n/)
  expect(answer.text).toContain('alice/pier')
})

test('the log has both calls, each with its end, tied by their request', async () => {
  await read(alice, 'jetty')

  const [asked, moved, again, done] = (await readAudit(stack.aegis)).slice(-4)
  expect(asked).toMatchObject({ status: 'pending', target: { repository: 'alice/jetty' } })
  expect(moved).toMatchObject({ status: 'error', call: asked?.call, outcome: { code: 'not_found' } })
  expect(again).toMatchObject({
    status: 'pending',
    target: { repository: 'alice/pier' },
    request_id: asked?.request_id,
  })
  expect(done).toMatchObject({ status: 'success', call: again?.call, request_id: asked?.request_id })
  expect(again?.call).not.toBe(asked?.call)
})

test('a write is decided and sent under the new name', async () => {
  const answer = await stack.call(alice, 'create_issue', { owner: 'alice', repo: 'jetty', title: 'Rotten planks' })

  expect(answer.text).toMatch(
    /^alice\/jetty is now alice\/pier; use that name\.\n[\s\S]*Created alice\/pier#1 Rotten planks/,
  )
  expect((await stack.call(alice, 'list_issues', { owner: 'alice', repo: 'pier' })).text).toContain('Rotten planks')
})

test('a write that is sent again under the old name is not done twice', async () => {
  const issue = { owner: 'alice', repo: 'jetty', title: 'Loose rope' }
  await stack.call(alice, 'create_issue', issue)
  const again = await stack.call(alice, 'create_issue', issue)

  expect(again.text).toMatch(/nothing was done again[\s\S]*Created alice\/pier#/)
  const { text } = await stack.call(alice, 'list_issues', { owner: 'alice', repo: 'pier' })
  expect(text.match(/Loose rope/g)).toHaveLength(1)
})

describe('what is not allowed under the new name', () => {
  test('by the policy is refused without telling it', async () => {
    const answer = await read(alice, 'plain')

    expect(answer.isError).toBe(true)
    expect(answer.text).toContain('alice/plain was renamed or moved, and this call is not allowed under its new name')
    expect(answer.text).not.toContain('vault')
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      type: 'access_denied',
      decision: { rule: expect.stringContaining('*/closed-*') },
    })
  })

  test('by the write list is refused without telling it, and nothing is written', async () => {
    const answer = await stack.call(alice, 'create_issue', { owner: 'alice', repo: 'slip', title: 'Slippery' })

    expect(answer.isError).toBe(true)
    expect(answer.text).not.toContain('ramp')
    expect((await stack.call(alice, 'list_issues', { owner: 'alice', repo: 'ramp' })).text).not.toContain('Slippery')
  })

  test('by what the person agreed to for this client is refused without telling it', async () => {
    const narrowed = await stack.connect(undefined, { narrow: { repositories: 'alice/jetty' } })

    const answer = await read(narrowed, 'jetty')

    expect(answer.isError).toBe(true)
    expect(answer.text).not.toContain('pier')
  })

  test('to a person who may not see it looks like any repository that is not there', async () => {
    const mallory = await stack.connect(seedPeople.mallory)

    const moved = await read(mallory, 'anchor')
    const missing = await read(mallory, 'nowhere')

    expect(moved.isError).toBe(true)
    expect(moved.text).toBe(missing.text.replaceAll('nowhere', 'anchor'))
  })
})
