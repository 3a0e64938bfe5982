import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../src/lib/clock.js'
import { MINUTE, SECOND } from '../../src/lib/units.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { callTool } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const NOTES = { owner: 'alice', repo: 'field-notes' }

let stack: Stack<GiteaSandbox>
let alice: Connection
let ahead = 0
let titles = 0

beforeAll(async () => {
  const clock: Clock = { now: () => Date.now() + ahead }
  stack = await startStack(await startGiteaSandbox({ seed: true }), {
    settings: { REQUEST_TIMEOUT_SECONDS: '1', WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' },
    policy: 'defaults: { read: allow, write: allow }\n',
    clock,
  })
  alice = await stack.connect(undefined, { scope: 'write:repository' })
})

afterEach(() => stack.gitea.fault(null))

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

function someIssue() {
  titles += 1
  return { ...NOTES, title: `Low water ${titles}` }
}

/** How many issues with that title there are at Gitea, whatever the product says. */
async function countIssues({ title }: { title: string }, state = 'all'): Promise<number> {
  const { text } = await stack.call(alice, 'list_issues', { ...NOTES, state, limit: 50 })
  return text.split('\n').filter((line) => line.includes(` ${title} `)).length
}

function create(issue: Record<string, unknown>, connection = alice) {
  return stack.call(connection, 'create_issue', issue)
}

describe('a write that is sent again', () => {
  test('gets the first answer, says so, and creates nothing', async () => {
    const issue = someIssue()
    const first = await create(issue)

    const again = await create(issue)

    expect(again.isError).toBe(false)
    expect(again.text).toMatch(/^This call was made \d+ s ago already, and nothing was done again; its answer was/)
    expect(again.text).toContain(/Created \S+/.exec(first.text)?.[0] ?? 'no answer')
    expect(await countIssues(issue)).toBe(1)
  })

  test('has entries of its own, which name the first call', async () => {
    const issue = someIssue()
    await create(issue)
    await create(issue)

    const [first, , second, outcome] = (await readAudit(stack.aegis)).slice(-4)
    expect(second).toMatchObject({ status: 'pending', decision: { rule: 'repeat' } })
    expect(outcome).toMatchObject({
      call: second?.call,
      status: 'success',
      outcome: { repeats: first?.call, upstream_calls: 0, made: expect.stringContaining('/field-notes/issues/') },
    })
  })

  test('is the same however its arguments are ordered', async () => {
    const issue = someIssue()
    await create({ ...issue, body: 'text' })

    await create({ body: 'text', title: issue.title, repo: 'field-notes', owner: 'alice' })

    expect(await countIssues(issue)).toBe(1)
  })

  test.each([
    ['with anything changed', async (issue: Record<string, unknown>) => create({ ...issue, body: 'Once more' })],
    [
      'after a minute',
      async (issue: Record<string, unknown>) => {
        ahead += MINUTE + SECOND
        return create(issue)
      },
    ],
    [
      'through another client',
      async (issue: Record<string, unknown>) => {
        const other = await stack.connect(undefined, { scope: 'write:repository' })
        return create(issue, other)
      },
    ],
    [
      'by another person',
      async (issue: Record<string, unknown>) => {
        const bob = await stack.connect(seedPeople.bob, { scope: 'write:repository' })
        return create(issue, bob)
      },
    ],
  ])('%s is another write', async (_what, again) => {
    const issue = someIssue()
    await create(issue)

    expect((await again(issue)).text).not.toContain('nothing was done again')

    expect(await countIssues(issue)).toBe(2)
  })

  test('at the same time waits for the first, and gets its answer', async () => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', delayMs: 300 })

    const answers = await Promise.all([create(issue), create(issue), create(issue)])

    expect(answers.map(({ isError }) => isError)).toEqual([false, false, false])
    expect(answers.filter(({ text }) => text.includes('nothing was done again'))).toHaveLength(2)
    expect(await countIssues(issue)).toBe(1)
  })

  test('while it waits its client may leave', async () => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', delayMs: 500 })
    const leaving = new AbortController()
    const first = create(issue)
    await expect.poll(() => stack.gitea.requests.at(-1)?.method).toBe('POST')
    const second = callTool(stack.url, alice.accessToken, 'create_issue', issue, { signal: leaving.signal })
    setTimeout(() => leaving.abort(), 100)

    await expect(second).rejects.toThrow()
    expect((await first).isError).toBe(false)
    expect(await countIssues(issue)).toBe(1)
  })

  test('after its client had left gets the answer that was lost', async () => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', delayMs: 400 })
    const leaving = new AbortController()
    const lost = callTool(stack.url, alice.accessToken, 'create_issue', issue, { signal: leaving.signal })
    await expect.poll(() => stack.gitea.requests.at(-1)?.method).toBe('POST')
    leaving.abort()
    await expect(lost).rejects.toThrow()

    expect((await create(issue)).text).toMatch(/nothing was done again[\s\S]*Created/)

    expect(await countIssues(issue)).toBe(1)
  })
})

describe('a write that failed', () => {
  test('and surely changed nothing may be sent again at once', async () => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', status: 403, body: '{"message":"no"}', times: 1 })
    expect((await create(issue)).isError).toBe(true)

    expect((await create(issue)).text).toContain('Created')

    expect(await countIssues(issue)).toBe(1)
  })

  test.each([
    ['whose answer was lost', { loseReply: true }],
    ['whose answer came too late', { delayMs: 1400 }],
    ['that Gitea failed on', { status: 500, body: '{"message":""}' }],
  ])('%s is not repeated blindly: the model is told to look first', async (_what, fault) => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', times: 1, ...fault })
    const first = await create(issue)
    expect(first.text).toMatch(/[Ww]hether it was carried out is not known/)

    const sent = stack.gitea.requests.length
    const again = await create(issue)

    expect(again.isError).toBe(true)
    expect(again.text).toMatch(/The same call was made \d+ s ago, and how much of it Gitea carried out is not known/)
    expect(stack.gitea.requests).toHaveLength(sent)
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      type: 'access_denied',
      decision: { rule: 'repeat.unclear' },
      details: { repeats: expect.any(String) },
    })
  })

  test('of unknown outcome may be sent again after a minute', async () => {
    const issue = someIssue()
    stack.gitea.fault({ method: 'POST', path: '/issues', destroySocket: true, times: 1 })
    await create(issue)
    ahead += MINUTE + SECOND

    expect((await create(issue)).text).toContain('Created')
  })
})

test('a read is never answered from before', async () => {
  const before = stack.gitea.requests.length
  await stack.call(alice, 'list_issues', NOTES)
  await stack.call(alice, 'list_issues', NOTES)

  expect(stack.gitea.requests.length).toBe(before + 2)
})
