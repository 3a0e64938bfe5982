import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createRequestServer, type McpDeps } from '../../src/mcp/server.js'
import { findShortRoute } from '../../src/mcp/thin-exchange.js'
import { defineTool } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, type RawHandler, startMcpEndpoint } from '../support/mcp-endpoint.js'
import { createOddFixtures, ODD_TOOLS } from './odd-tools.js'
import { ask, initialize, legacy, META, modern, type WireAnswer, type WireRequest } from './wire.js'

/*
 * The product answers plain requests without the SDK's HTTP handler, because that costs most of a call. These tests
 * hold both to the same answers: same status, same messages, for requests by hand and for thousands of broken ones.
 */

const MUTATED = 3000
const SEED = 20260728

const echo = defineTool({
  name: 'echo',
  title: 'Echo',
  description: 'Says what it was given.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: [],
  input: z.strictObject({ words: z.array(z.string()).default([]) }),
  output: z.strictObject({ words: z.array(z.string()) }),
  run: async ({ words }) => ({ words }),
  render: ({ words }) => words.join(' '),
})

let under: EndpointUnderTest

beforeAll(async () => {
  under = await startMcpEndpoint({
    tools: [echo],
    fixtures: createOddFixtures(),
    beside: { path: '/sdk', create: createReference },
  })
})
afterAll(() => under.close())

/** The SDK's own handler over the same servers. */
function createReference(deps: McpDeps): RawHandler {
  const request = { caller: buildCaller(), requestId: 'request-1', address: '127.0.0.1', via: 'mcp' } as const
  const handler = toNodeHandler(createMcpHandler(({ era }) => createRequestServer(deps, request, era)))
  return async (req, res, body) => {
    const { method = 'POST', url = '/', headers } = req
    await handler(
      { method, url, headers, [Symbol.asyncIterator]: () => req[Symbol.asyncIterator]() },
      res,
      JSON.parse(body),
    )
  }
}

async function compare(request: WireRequest): Promise<void> {
  const [ours, reference] = await Promise.all([ask(under.url, request), ask(`${under.origin}/sdk`, request)])
  expect(toComparable(ours)).toEqual(toComparable(reference))
}

/** What was not sent as JSON is refused before anything is read, in our own words. */
function toComparable({ status, messages }: WireAnswer) {
  return status === 415 ? { status } : { status, messages }
}

const methods: [string, Record<string, unknown>?][] = [
  ['tools/list'],
  ['tools/list', { cursor: 'x' }],
  ['tools/call', { name: 'echo', arguments: { words: ['1', 'é'] } }],
  ['tools/call', { name: 'echo' }],
  ['tools/call', { name: 'echo', arguments: { wrong: 1 } }],
  ['tools/call', { name: 'echo', arguments: [] }],
  ['tools/call', { name: 'echo', arguments: null }],
  ['tools/call', { name: 'echo', requestState: 's', inputResponses: {} }],
  ['tools/call', { name: 'echo', task: { ttl: 1 } }],
  ['tools/call', { name: 'unknown' }],
  ['tools/call', { name: 5 }],
  ['tools/call'],
  ['resources/list'],
  ['resources/read', { uri: 'x://1' }],
  ['resources/read', { uri: 'x://2' }],
  ['resources/subscribe', { uri: 'x://1' }],
  ['prompts/get', { name: 'p' }],
  ['prompts/list'],
  ['completion/complete'],
  ['ping'],
  ['server/discover'],
  ['logging/setLevel', { level: 'info' }],
  ['tasks/get', { taskId: '1' }],
  ['initialize'],
  ['no/such'],
]

const byHand: WireRequest[] = [
  ...['2025-11-25', '2025-06-18', '2024-11-05', '1999-01-01', 7].map(initialize),
  ...[modern, legacy].flatMap((make) => [
    ...methods.map(([method, params]) => make(method, params)),
    ...Object.keys(ODD_TOOLS).map((name) => make('tools/call', { name, arguments: { a: [1, 'é'] } }, 'id-✓')),
    make('tools/call', { name: 'tells', _meta: { progressToken: 'p' } }),
    make('tools/call', { name: 'tells', _meta: { [`${META}/logLevel`]: 'info' } }),
  ]),
  modern('tools/call', { name: 'asks' }, 1, { elicitation: {} }),
  modern('tools/call', { name: 'asks' }, 1, { elicitation: 5 }),
  ...['2025-03-26', '2024-10-07', '', 'x'].map((version) => legacy('tools/list', {}, 1, version)),
]

const batch: WireRequest = {
  headers: legacy('ping').headers,
  body: [legacy('ping', {}, 1).body, legacy('tools/call', { name: 'echo', arguments: { words: ['a'] } }, 2).body],
}

describe('the short way and the SDK give the same answer', () => {
  it.each(byHand.map((request) => ({ request, name: describeRequest(request) })))('to $name', ({ request }) =>
    compare(request),
  )

  it.each(['2025-03-26', '2025-11-25', '2026-07-28'])('to a batch under %s', (version) =>
    compare({ headers: { ...batch.headers, 'mcp-protocol-version': version }, body: batch.body }),
  )

  it(`to ${MUTATED} requests with something wrong in them`, { timeout: 120_000 }, async () => {
    let short = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...byHand),
        fc.array(mutation, { minLength: 1, maxLength: 2 }),
        async (from, mutations) => {
          const request = mutations.reduce(apply, from)
          if (isSubscription(request)) {
            return
          }
          short += findShortRoute(request.headers, request.body) === undefined ? 0 : 1
          await compare(request)
        },
      ),
      { seed: SEED, numRuns: MUTATED },
    )
    // otherwise the comparison would be of the SDK with itself
    expect(short).toBeGreaterThan(MUTATED / 5)
  })
})

function describeRequest({ headers, body }: WireRequest): string {
  const { method, params } = Object(body)
  const { _meta, ...rest } = Object(params)
  return `${method} ${JSON.stringify(rest)} under ${headers['mcp-protocol-version'] ?? 'no version'}`
}

/** Streams that stay open have no end to compare. */
function isSubscription({ body }: WireRequest): boolean {
  return Object(body).method === 'subscriptions/listen'
}

type Mutation = (request: WireRequest) => WireRequest

function apply(request: WireRequest, mutate: Mutation): WireRequest {
  return mutate(request)
}

const junk = fc.constantFrom<unknown>(
  ...[null, 0, -1, 1.5, '', 'x', true, [], {}, [1], { a: 1 }, '2026-07-28', '2025-11-25', 'tools/call', 'echo'],
)
const headerNames = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name']
const headerValues = [
  ...[
    '',
    'x',
    ' echo ',
    'echo',
    'ECHO',
    'tools/call',
    '2026-07-28',
    '2025-06-18',
    '*/*',
    'application/json',
    'text/event-stream',
  ],
  ...['application/json;charset=utf-8', 'application/jsonx', '=?base64?ZWNobw==?=', '=?base64?!?='],
]
const metaKeys = ['protocolVersion', 'clientInfo', 'clientCapabilities', 'logLevel'].map((key) => `${META}/${key}`)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constantFrom(...headerNames).map(
    (name): Mutation =>
      ({ headers, body }) => ({ headers: without(headers, name), body }),
  ),
  fc.tuple(fc.constantFrom(...headerNames), fc.constantFrom(...headerValues)).map(
    ([name, value]): Mutation =>
      ({ headers, body }) => ({ headers: { ...headers, [name]: value }, body }),
  ),
  fc.tuple(fc.constantFrom('id', 'method', 'jsonrpc', 'params', 'result', 'error', 'extra'), junk).map(
    ([key, value]): Mutation =>
      (request) =>
        edit(request, [], key, value),
  ),
  fc.constantFrom('id', 'method', 'jsonrpc', 'params').map(
    (key): Mutation =>
      (request) =>
        edit(request, [], key, undefined),
  ),
  fc
    .tuple(
      fc.constantFrom('name', 'arguments', '_meta', 'uri', 'cursor', 'requestState', 'inputResponses', 'extra'),
      junk,
    )
    .map(
      ([key, value]): Mutation =>
        (request) =>
          edit(request, ['params'], key, value),
    ),
  fc
    .tuple(
      fc.constantFrom(...metaKeys, 'progressToken', 'traceparent', 'extra'),
      fc.oneof(junk, fc.constant(undefined)),
    )
    .map(
      ([key, value]): Mutation =>
        (request) =>
          edit(request, ['params', '_meta'], key, value),
    ),
  fc.constantFrom<unknown>('s', 0, -5, 2 ** 53, 1.5, null).map(
    (id): Mutation =>
      (request) =>
        edit(request, [], 'id', id),
  ),
  fc.constant<Mutation>(({ headers, body }) => ({ headers, body: [body] })),
)

function without(headers: WireRequest['headers'], name: string): WireRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))
}

/** The request with one field of its body set, or gone when `value` is undefined; nothing where there is no object. */
function edit({ headers, body }: WireRequest, path: readonly string[], key: string, value: unknown): WireRequest {
  const copy = structuredClone(body)
  const target = path.reduce<unknown>((at, step) => Object(at)[step], copy)
  if (typeof target === 'object' && target !== null && !Array.isArray(target)) {
    Object.assign(target, { [key]: value })
  }
  return { headers, body: copy }
}
