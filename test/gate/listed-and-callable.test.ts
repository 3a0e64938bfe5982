import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callTool, type Gate } from '../../src/gate/call.js'
import { type Narrowing, narrowToReads, narrowToTools, narrowToToolsets } from '../../src/gate/narrowing.js'
import { PANIC_LEVELS } from '../../src/gate/panic.js'
import type { GiteaTransport } from '../../src/gitea/client.js'
import { type OperationName, operations } from '../../src/gitea/operations.js'
import type { Caller } from '../../src/identity/caller.js'
import { NotFound } from '../../src/lib/errors.js'
import { createCallId } from '../../src/lib/ids.js'
import { listTools, toInputSchema, toListedTools } from '../../src/mcp/tool-list.js'
import { parsePolicy } from '../../src/policy/load.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import { isForClients, TOOLSETS, type Tool } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, startMcpEndpoint } from '../support/mcp-endpoint.js'
import { sampleArguments } from '../support/sample-arguments.js'

const REPOSITORIES = ['acme/web', 'acme/api', 'other/x', 'who/ever']
const NAMES = catalog.map((tool) => tool.name)
const listed = toListedTools(catalog)

let endpoint: EndpointUnderTest

beforeAll(async () => {
  endpoint = await startMcpEndpoint({ tools: catalog })
})

afterAll(() => endpoint.close())

/** Nothing is there: what reaches Gitea ends with that, and has passed the gate. */
const emptyGitea: GiteaTransport = {
  as: () => ({
    request: async () => {
      throw new NotFound('There is nothing.')
    },
    stream: async () => {
      throw new NotFound('There is nothing.')
    },
  }),
  close: async () => {},
}

const some = <T>(values: readonly T[], maxLength = 3) => fc.subarray([...values], { maxLength })
const toolEntry = fc.constantFrom(...NAMES, 'get_*', '*', '*_issue', 'create_*', 'list_*')
const lists = fc.record(
  {
    allow: fc.array(toolEntry, { maxLength: 3 }),
    deny: fc.array(toolEntry, { maxLength: 2 }),
    approve: fc.array(toolEntry, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const policies = fc.record({
  defaults: fc.record({ read: fc.constantFrom('allow', 'deny'), write: fc.constantFrom('allow', 'deny', 'approve') }),
  tools: lists,
  repositories: fc.dictionary(
    fc.constantFrom('acme/web', 'acme/*', '*/*', 'other/x'),
    fc.record({ tools: lists }, { requiredKeys: [] }),
  ),
})
const writes = fc.record({
  enabled: fc.boolean(),
  allRepositories: fc.boolean(),
  repositories: some(REPOSITORIES).map((names) => new Set(names)),
})
const grants = fc.record({
  readOnly: fc.boolean(),
  repositories: fc.oneof(fc.constant(null), some(REPOSITORIES)),
  expiresAt: fc.constantFrom(null, 1, Number.MAX_SAFE_INTEGER),
})
const source = { name: 'x', place: 'this test' }
const narrowings = fc.oneof(
  fc.constant([]),
  fc.constant(narrowToReads('true', source)),
  fc.subarray([...TOOLSETS], { minLength: 1 }).map((names) => narrowToToolsets(names, source)),
  fc.subarray(NAMES, { minLength: 1 }).map((names) => [narrowToTools(names, NAMES, source)]),
)
const panics = fc.constantFrom(undefined, undefined, ...PANIC_LEVELS)
const missing = some(Object.keys(operations) as OperationName[], 10).map((names) => new Set(names))

function toName(text: string) {
  const [owner, repo] = text.split('/')
  return { owner, repo }
}

/** Where the call ends up: what the gate refuses never begins. */
async function begins(gate: Gate, tool: Tool, caller: Caller, narrowing: readonly Narrowing[]) {
  const { required = [] } = toInputSchema(tool.input)
  const places = [
    ...('repo' in tool.input.shape ? REPOSITORIES.map(toName) : []),
    ...(required.includes('repo') ? [] : [{}]),
  ]
  for (const place of places) {
    const outcome = await callTool(gate, {
      tool: tool.name,
      // one for automations is refused before its arguments are looked at
      args: isForClients(tool) ? sampleArguments(tool, place) : place,
      caller,
      id: createCallId(),
      requestId: 'test',
      address: '127.0.0.1',
      via: 'mcp',
      signal: new AbortController().signal,
      narrowing,
    })
    // an admin may say yes to it; a call that began finds nothing, or needs nothing of Gitea
    if (outcome.ok || ['approval_needed', 'not_found'].includes(outcome.refusal.code)) return true
    expect(['panic', 'narrowed', 'not_in_gitea', 'write_mode', 'grant', 'policy', 'unknown_tool']).toContain(
      outcome.refusal.code,
    )
  }
  return false
}

test('what is listed may be called somewhere, and what is not listed nowhere, whatever policy and settings say', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      writes,
      grants,
      narrowings,
      narrowings,
      missing,
      panics,
      async (policy, write, grant, own, connection, lacks, level) => {
        const parsed = parsePolicy(JSON.stringify(policy), { file: 'policy.yaml', toolNames: NAMES })
        const gate: Gate = {
          ...endpoint.gate,
          gitea: emptyGitea,
          policy: { current: () => parsed, reload: () => true, brokenReload: () => undefined },
          write,
          panic: {
            ...endpoint.gate.panic,
            current: () => (level === undefined ? undefined : { level, by: 'carol', since: 0 }),
          },
          narrowing: own,
          capabilities: { version: () => '1.26.0', missing: () => lacks },
        }
        const caller = buildCaller({ grant })
        const shown = new Set(listTools(listed, gate, { caller, narrowing: connection }).map(({ name }) => name))

        for (const tool of catalog) {
          expect(`${tool.name}: ${await begins(gate, tool, caller, connection)}`).toBe(
            `${tool.name}: ${shown.has(tool.name)}`,
          )
        }
      },
    ),
    { numRuns: 25 },
  )
}, 120_000)

test('a token without the scope to write lists the same and writes nothing', async () => {
  const caller = buildCaller({ scopes: new Set(['read:repository']) })
  const gate: Gate = { ...endpoint.gate, gitea: emptyGitea }

  expect(listTools(listed, gate, { caller })).toEqual(listTools(listed, gate, { caller: buildCaller() }))
  for (const tool of catalog.filter((tool) => tool.effect !== 'read' && isForClients(tool))) {
    const outcome = await callTool(gate, {
      tool: tool.name,
      args: sampleArguments(tool),
      caller,
      id: createCallId(),
      requestId: 'test',
      address: '127.0.0.1',
      via: 'mcp',
      signal: new AbortController().signal,
    })
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'insufficient_scope' } })
  }
})
