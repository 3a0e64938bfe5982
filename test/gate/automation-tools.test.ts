import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { callTool, type ToolCall } from '../../src/gate/call.js'
import { couldRun } from '../../src/gate/listing.js'
import { createCallId } from '../../src/lib/ids.js'
import { defineTool, type Tool } from '../../src/tools/define-tool.js'
import { ask, modern } from '../mcp/wire.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, startMcpEndpoint } from '../support/mcp-endpoint.js'

/* A tool for automations only: whoever else asks is told that there is none. */

const forAll = defineTool({
  name: 'tell_tide',
  title: 'Tell the tide',
  description: 'For tests.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: [],
  input: z.strictObject({}),
  output: z.strictObject({ tide: z.string() }),
  run: async () => ({ tide: 'high' }),
  render: ({ tide }) => tide,
})
const forJobs: Tool = { ...forAll, name: 'set_sails', audience: 'jobs' }

let under: EndpointUnderTest

beforeAll(async () => {
  under = await startMcpEndpoint({ tools: [forAll, forJobs] })
})
afterAll(() => under.close())

async function send(method: string, params: Record<string, unknown>, query = '') {
  const { headers, body } = modern(method, params)
  const { messages } = await ask(`${under.url}${query}`, { headers, body })
  return JSON.stringify(messages)
}

const run = (via: ToolCall['via'], tool = 'set_sails') =>
  callTool(under.gate, {
    tool,
    args: {},
    caller: buildCaller(),
    id: createCallId(),
    requestId: 'test',
    address: 'local',
    via,
    signal: new AbortController().signal,
  })

it('is not in the list of any client', async () => {
  const listed = await send('tools/list', {})

  expect(listed).toContain('tell_tide')
  expect(listed).not.toContain('set_sails')
  expect(couldRun(under.gate, forJobs, buildCaller())).toBe(false)
})

it.each(['mcp', 'sse', 'direct'] as const)('is unknown to a call by %s, which is not told its name', async (via) => {
  expect(await run(via)).toMatchObject({
    ok: false,
    refusal: { code: 'unknown_tool', message: 'There is no tool “set_sails”. The tools are tell_tide.' },
  })
  expect(await send('tools/call', { name: 'set_sails', arguments: {} })).toContain('There is no tool')
})

it('is unknown to a connection that asks for it alone', async () => {
  expect(await send('tools/list', {}, '?tools=set_sails')).toContain('is no tool. The tools are tell_tide.')
})

it('runs for a job, which may use the tools of clients too', async () => {
  expect(await run('job')).toMatchObject({ ok: true, data: { tide: 'high' } })
  expect(await run('job', 'tell_tide')).toMatchObject({ ok: true })
})
