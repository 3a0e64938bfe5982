import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { OperationName } from '../../src/gitea/operations.js'
import type { Caller } from '../../src/identity/caller.js'
import { Unauthenticated } from '../../src/lib/errors.js'
import type { HttpRefusal } from '../../src/mcp/thin-exchange.js'
import { defineTool, TOOLSETS, type Tool, type Toolset } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, startMcpEndpoint } from '../support/mcp-endpoint.js'
import { ask, legacy, modern, type WireRequest } from './wire.js'

/* What is offered on one connection: narrowing, what this Gitea lacks, and what HTTP says about it. */

let under: EndpointUnderTest
let caller: Caller | HttpRefusal
let missing: ReadonlySet<OperationName>
let run: () => Promise<void>

function createTool(name: string, effect: Tool['effect'], toolset: Toolset, operations: OperationName[] = []): Tool {
  return defineTool({
    name,
    title: name,
    description: 'For tests.',
    effect,
    toolset,
    scope: effect === 'read' ? 'read:repository' : 'write:repository',
    operations,
    input: z.strictObject({
      owner: z.string().optional(),
      repo: z.string().optional(),
      issue_number: z.int().optional(),
      limit: z.int().optional(),
    }),
    output: z.strictObject({}),
    run: async () => {
      await run()
      return {}
    },
    render: () => 'done',
  })
}

const tools = [
  createTool('get_issue', 'read', 'issues', ['getIssue']),
  createTool('list_branches', 'read', 'repositories', ['listBranches']),
  createTool('create_issue', 'create', 'issues', ['createIssue']),
  createTool('update_pull', 'update', 'pulls', ['updatePullRequest']),
  createTool('get_me', 'read', 'people', []),
  {
    ...createTool('read_file', 'read', 'files', ['getContents', 'getTree']),
    optionalOperations: ['getContents'] as const,
  },
]
const NAMES = tools.map(({ name }) => name)

beforeAll(async () => {
  under = await startMcpEndpoint({ tools, callsPerMinute: 1_000_000, admit: () => caller, missing: () => missing })
})
afterAll(() => under.close())
beforeEach(() => {
  caller = buildCaller()
  missing = new Set()
  run = async () => {}
})

const send = (request: WireRequest, query = '', headers: Record<string, string> = {}) =>
  ask(`${under.url}${query === '' ? '' : `?${query}`}`, {
    headers: { ...request.headers, ...headers },
    body: request.body,
  })
const call = (name: string, meta = {}) => modern('tools/call', { name, arguments: {}, ...meta })
/** A write that is made again is answered with a note before its first result. */
const mayCall = (message: unknown): boolean => Object(message).result?.isError !== true
const textOf = (message: unknown): string => Object(message).result?.content?.[0]?.text ?? ''

describe('a narrowed connection', () => {
  it.each([modern, legacy])('lists what is left and says by what the rest was taken', async (make) => {
    const { messages } = await send(make('tools/list'), 'toolsets=issues&readonly=1')
    expect(Object(messages[0]).result.tools.map(({ name }: { name: string }) => name)).toEqual(['get_issue'])

    const refused = async (name: string) =>
      textOf((await send(make('tools/call', { name, arguments: {} }), 'toolsets=issues&readonly=1')).messages[0])
    expect(await refused('get_issue')).toBe('done')
    expect(await refused('list_branches')).toContain(
      'list_branches is left out by toolsets=issues in the address of this connection',
    )
    expect(await refused('create_issue')).toContain(
      'create_issue is left out by readonly in the address of this connection',
    )
  })

  it('can be made by headers too', async () => {
    const headers = { 'x-mcp-tools': 'get_me' }
    const { messages } = await send(modern('tools/list'), '', headers)
    expect(Object(messages[0]).result.tools).toHaveLength(1)
    expect(textOf((await send(call('get_issue'), '', headers)).messages[0])).toContain(
      'X-MCP-Tools=get_me in the headers',
    )
  })

  it('never asks for a scope on behalf of a tool it leaves out', async () => {
    caller = buildCaller({ scopes: new Set(['read:repository']) })
    expect(await send(call('create_issue'))).toMatchObject({ status: 403 })
    for (const meta of [{}, { _meta: { progressToken: 1 } }]) {
      await under.gate.audit.flush()
      const before = under.gate.audit.head().seq
      const answer = await send(call('create_issue', meta), 'readonly=1')
      expect(answer.status).toBe(200)
      expect(answer.headers['www-authenticate']).toBeUndefined()
      await under.gate.audit.flush()
      expect(under.gate.audit.head().seq).toBe(before + 1)
    }
  })

  it.each([
    ['toolsets=isues', 'Did you mean issues? The toolsets are actions, all, automation, files,'],
    ['tools=get_isue', 'Did you mean get_issue? The tools are create_issue, get_issue, get_me,'],
    ['readonly=perhaps', 'must be true or false'],
    ['toolset=issues', 'Did you mean toolsets?'],
  ])('%s is a 400 that says what there is', async (query, message) => {
    const answer = await send(modern('tools/list'), query)
    expect(answer).toMatchObject({ status: 400, messages: [{ id: null, error: { code: -32602 } }] })
    expect(Object(answer.messages[0]).error.message).toContain(message)
  })

  it('asks who is there before it looks at what was asked for', async () => {
    caller = { status: 401, headers: { 'www-authenticate': 'Bearer' } }
    expect(await send(modern('tools/list'), 'toolsets=nonsense')).toMatchObject({ status: 401 })
  })
})

describe('what this Gitea lacks', () => {
  it('does not stop a tool that has another way', async () => {
    missing = new Set(['getContents'])
    expect(textOf((await send(call('read_file'))).messages[0])).toBe('done')
    missing = new Set(['getContents', 'getTree'])
    expect(textOf((await send(call('read_file'))).messages[0])).toContain('does not have')
  })

  it('is not listed, and calling it names the version', async () => {
    missing = new Set(['listBranches'])
    const { messages } = await send(modern('tools/list'))
    expect(Object(messages[0]).result.tools.map(({ name }: { name: string }) => name)).not.toContain('list_branches')
    const text = textOf((await send(call('list_branches'))).messages[0])
    expect(text).toContain('list_branches needs something that this Gitea (1.26.0) does not have')
    expect(textOf((await send(call('get_issue'))).messages[0])).toBe('done')
  })
})

it('what is listed may be called and what may be called is listed, whatever is left out, missing or granted', async () => {
  const subset = <T>(values: readonly T[]) => fc.subarray([...values])
  await fc.assert(
    fc.asyncProperty(
      fc.option(subset(TOOLSETS).filter((some) => some.length > 0)),
      fc.option(subset(NAMES).filter((some) => some.length > 0)),
      fc.option(fc.constantFrom('1', '0')),
      subset<OperationName>(['getIssue', 'listBranches', 'createIssue', 'updatePullRequest']),
      fc.boolean(),
      fc.boolean(),
      async (toolsets, names, readonly, lacking, readOnlyGrant, byHeader) => {
        missing = new Set(lacking)
        caller = buildCaller({ grant: { readOnly: readOnlyGrant, repositories: null, expiresAt: null } })
        const query = new URLSearchParams({
          ...(toolsets && !byHeader ? { toolsets: toolsets.join(',') } : {}),
          ...(names ? { tools: names.join(',') } : {}),
          ...(readonly ? { readonly } : {}),
        }).toString()
        const headers: Record<string, string> = toolsets && byHeader ? { 'x-mcp-toolsets': toolsets.join(',') } : {}
        const { messages } = await send(modern('tools/list'), query, headers)
        const listed = Object(messages[0]).result.tools.map(({ name }: { name: string }) => name)
        const answers = await Promise.all(
          NAMES.map(async (name) => ({ name, answer: await send(call(name), query, headers) })),
        )
        const callable = answers.filter(({ answer }) => mayCall(answer.messages[0])).map(({ name }) => name)
        expect(listed.sort()).toEqual(callable.sort())
      },
    ),
    { numRuns: 60 },
  )
})

describe('reading a resource, what HTTP must tell', () => {
  const URI = 'gitea://acme/web/issue/1'
  const ways = [
    { way: 'the short way', request: modern('resources/read', { uri: URI }) },
    { way: 'the SDK', request: modern('resources/read', { uri: URI, _meta: { progressToken: 1 } }) },
    { way: 'the short way of 2025', request: legacy('resources/read', { uri: URI }) },
  ]

  it.each(ways)('a missing scope is a 403 challenge on $way', async ({ request }) => {
    caller = buildCaller({ scopes: new Set() })
    const answer = await send(request)
    expect(answer.status).toBe(403)
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope", scope="read:repository"')
  })

  it('a sign-in that Gitea has ended is a 401, and inside a stream it is an error that says so', async () => {
    run = async () => {
      throw new Unauthenticated('Your sign-in at Gitea has ended. Connect again.')
    }
    const [short, sdk] = ways
    expect(await send(short?.request ?? call(''))).toMatchObject({ status: 401 })
    const { messages } = await send(sdk?.request ?? call(''))
    expect(messages.at(-1)).toMatchObject({
      error: {
        code: -32602,
        message: 'Your sign-in at Gitea has ended. Connect again.',
        data: { reason: 'unauthenticated' },
      },
    })
  })

  it('a fault of ours is an internal error without a word about it', async () => {
    run = async () => {
      throw new Error('secret detail')
    }
    const { messages } = await send(modern('resources/read', { uri: URI }))
    expect(messages[0]).toMatchObject({ error: { code: -32603 } })
    expect(JSON.stringify(messages)).not.toContain('secret detail')
  })

  it('a completion passes a 401 on, and is otherwise silent', async () => {
    const request = modern('completion/complete', {
      ref: { type: 'ref/resource', uri: 'gitea://{owner}/{repo}/issue/{number}' },
      argument: { name: 'ref', value: '' },
      context: { arguments: { owner: 'acme', repo: 'web' } },
    })
    run = async () => {
      throw new Error('broken')
    }
    expect(await send(request)).toMatchObject({ status: 200, messages: [{ result: { completion: { values: [] } } }] })
    run = async () => {
      throw new Unauthenticated('Ended.')
    }
    expect(await send(request)).toMatchObject({ status: 401 })
  })
})
