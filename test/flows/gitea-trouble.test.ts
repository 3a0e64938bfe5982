import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { callTool, listToolNames } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { type Stack, startStack } from '../support/start-stack.js'

const ISSUES = { owner: 'harbor', repo: 'booking' }

let stack: Stack<GiteaSandbox>
let alice: Connection

beforeEach(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }), {
    settings: { REQUEST_TIMEOUT_SECONDS: '1', WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' },
    policy: 'defaults: { read: allow, write: allow }\n',
  })
  alice = await stack.connect(undefined, { scope: 'write:repository' })
})

afterEach(async () => {
  stack.gitea.fault(null)
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('when Gitea', () => {
  test.each([
    ['answers 500', { status: 500, body: '{"message":"boom at /srv/gitea"}' }, /Gitea.*(fault|failed|error)/i],
    ['sends an HTML page of a proxy', { html: true }, /Gitea/],
    ['sends JSON that ends early', { truncate: 200 }, /Gitea/],
    ['closes the connection', { destroySocket: true }, /Gitea/],
    ['does not answer in time', { delayMs: 5000 }, /Gitea did not answer within 1 s/],
  ])('%s, the call says so in our words, once, and the chain holds', async (_what, fault, words) => {
    stack.gitea.fault({ path: '/issues', ...fault })

    const answer = await stack.call(alice, 'list_issues', ISSUES)

    expect(answer.status).toBe(200)
    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(words)
    expect(answer.text).not.toMatch(/boom|srv|<html|ECONN|undici/i)
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({ type: 'tool_invocation', status: 'error' })
  })

  test('is down, tools are still listed, calls say so, and /health names it', async () => {
    await stack.gitea.close()

    expect(await listToolNames(stack.url, alice.accessToken)).toContain('list_issues')
    expect((await stack.call(alice, 'list_issues', ISSUES)).text).toMatch(/Gitea/)
    const health = await fetch(`${stack.url}/health`)
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({ status: 'unhealthy', checks: { gitea: { ok: false } } })
    expect((await fetch(`${stack.url}/health/live`)).status).toBe(200)
  })
})

test('a renamed repository that is redirected again is not followed again', async () => {
  await stack.gitea.renameRepository('alice', 'field-notes', 'logbook')
  // the first request for the new name asks whether this person may see it
  stack.gitea.fault({
    path: '/repos/alice/logbook',
    after: 1,
    status: 301,
    headers: { location: '/api/v1/repos/harbor/booking' },
  })

  const answer = await stack.call(alice, 'get_repository_info', { owner: 'alice', repo: 'field-notes' })

  expect(answer.isError).toBe(true)
  expect(answer.text).toBe(
    'alice/field-notes is now alice/logbook; use that name. There is no repository alice/logbook, or this person may not see it.',
  )
})

describe('when the client leaves', () => {
  test('a read is given up at Gitea too, and recorded as cancelled', async () => {
    stack.gitea.fault({ path: '/issues', delayMs: 900 })
    const leaving = new AbortController()
    const call = callTool(stack.url, alice.accessToken, 'list_issues', ISSUES, { signal: leaving.signal })
    setTimeout(() => leaving.abort(), 200)

    await expect(call).rejects.toThrow()
    await delay(1000)

    expect(stack.gitea.requests.filter((seen) => seen.path.endsWith('/issues')).at(-1)).toMatchObject({ aborted: true })
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({ status: 'cancelled', outcome: { code: 'cancelled' } })
  })

  test('a write that was sent is finished, and recorded as done', async () => {
    stack.gitea.fault({ method: 'POST', path: '/issues', delayMs: 600 })
    const leaving = new AbortController()
    const args = { ...ISSUES, title: 'Written although nobody waits' }
    const call = callTool(stack.url, alice.accessToken, 'create_issue', args, { signal: leaving.signal })
    setTimeout(() => leaving.abort(), 300)

    await expect(call).rejects.toThrow()
    await delay(1000)
    stack.gitea.fault(null)

    expect((await stack.call(alice, 'list_issues', ISSUES)).text).toContain('Written although nobody waits')
    const outcomes = (await readAudit(stack.aegis)).filter((entry) => entry.tool === 'create_issue')
    expect(outcomes.at(-1)).toMatchObject({ status: 'success' })
  })
})

describe('progress', () => {
  test('grows while a long call runs, where the client asked for it', async () => {
    const response = await fetch(`${stack.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${alice.accessToken}`,
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: 'get_pull_request',
          arguments: { owner: 'harbor', repo: 'booking', pull_number: 6 },
          _meta: { progressToken: 'p1' },
        },
      }),
    })

    const events = [...(await response.text()).matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? ''))
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const steps = events.filter(({ method }) => method === 'notifications/progress')
    expect(steps.map(({ params }) => params)).toMatchObject([
      { progressToken: 'p1', progress: 1, message: 'Asking Gitea' },
      { progressToken: 'p1', progress: 2 },
    ])
    const content = expect.arrayContaining([expect.objectContaining({ type: 'text' })])
    expect(events.at(-1)).toMatchObject({ id: 1, result: { content } })
  })
})
