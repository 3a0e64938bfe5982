import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createConformanceFixtures } from '../../src/mcp/conformance/fixtures.js'
import { defineTool } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, startMcpEndpoint } from '../support/mcp-endpoint.js'
import { ask, initialize, legacy, modern, send, toAnswer, type WireRequest } from './wire.js'

/* `npm run conformance` runs the suite itself; here is what the switch adds to the endpoint, and what it must not. */

const ownTool = defineTool({
  name: 'zz_own',
  title: 'Own',
  description: 'A tool of the product.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: [],
  input: z.strictObject({}),
  output: z.strictObject({}),
  run: async () => ({}),
  render: () => 'own',
})

let under: EndpointUnderTest
let accountId: string

beforeAll(async () => {
  under = await startMcpEndpoint({
    tools: [ownTool],
    fixtures: createConformanceFixtures(),
    admit: () => buildCaller({ accountId }),
  })
})
afterAll(() => under.close())
beforeEach(() => {
  accountId = 'gitea:1'
})

const inSession = ({ headers, body }: WireRequest, id: string): WireRequest => ({
  headers: { ...headers, 'mcp-session-id': id },
  body,
})

async function openSession(): Promise<string> {
  const answer = await ask(under.url, initialize('2025-11-25'))
  expect(answer.status).toBe(200)
  return String(answer.headers['mcp-session-id'])
}

describe('fixtures of the conformance suite', () => {
  it("are listed behind the product's tools, which still go through the gate", async () => {
    const { messages } = await ask(under.url, modern('tools/list'))
    const names: string[] = Object(messages[0]).result.tools.map(({ name }: { name: string }) => name)
    expect(names[0]).toBe('zz_own')
    expect(names).toContain('test_simple_text')
    const before = under.gate.audit.head().seq
    await ask(under.url, modern('tools/call', { name: 'zz_own' }))
    expect(under.gate.audit.head().seq).toBeGreaterThan(before)
  })

  it('keep a session for the account that opened it only', async () => {
    const session = await openSession()
    const ping = inSession(legacy('ping'), session)
    expect(await ask(under.url, ping)).toMatchObject({ status: 200 })
    accountId = 'gitea:2'
    expect(await ask(under.url, ping)).toMatchObject({ status: 404 })
  })

  it("answer a plain request inside a session the product's way", async () => {
    const session = await openSession()
    const { headers } = await ask(under.url, inSession(legacy('tools/call', { name: 'zz_own' }), session))
    expect(headers['content-type']).toBe('application/json')
  })

  it('end a session when its client says so', async () => {
    const session = await openSession()
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
    const deleted = await toAnswer(await send(under.url, { headers, body: '' }, { method: 'DELETE' }))
    expect(deleted.status).toBe(200)
    expect(await ask(under.url, inSession(legacy('ping'), session))).toMatchObject({ status: 404 })
  })

  it('refuse a state that was not sealed here', async () => {
    const call = { name: 'test_input_required_result_tampered_state', arguments: {} }
    const first = await ask(under.url, modern('tools/call', call, 1, { elicitation: {} }))
    const { requestState } = Object(first.messages[0]).result
    const again = { ...call, inputResponses: { confirm: { action: 'accept', content: { ok: true } } } }
    const honest = await ask(under.url, modern('tools/call', { ...again, requestState }, 2, { elicitation: {} }))
    expect(honest.messages[0]).toMatchObject({ result: { resultType: 'complete' } })
    const forged = await ask(under.url, modern('tools/call', { ...again, requestState: `${requestState}x` }))
    expect(forged.messages[0]).toMatchObject({ error: { code: -32602 } })
  })
})
