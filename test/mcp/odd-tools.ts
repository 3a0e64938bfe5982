/** Handlers that answer in every way the protocol knows, to stand beside the product's tools in tests. */
import {
  type CallToolResult,
  InMemoryServerEventBus,
  type InputRequiredResult,
  inputRequired,
  ProtocolError,
  ResourceNotFoundError,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Fixtures } from '../../src/mcp/server.js'

type Behaviour = (args: unknown, context: ServerContext) => Promise<unknown>

export const ODD_TOOLS: Readonly<Record<string, Behaviour>> = {
  'naïve tool': async (args) => ({
    structuredContent: { args: args ?? 1 },
    content: [{ type: 'text', text: '✓' }],
    _meta: { extra: 1 },
  }),
  fails: async () => ({ isError: true, content: [{ type: 'text', text: 'no' }] }),
  throws: async () => {
    throw new Error('boom')
  },
  refuses: async () => {
    throw new ProtocolError(-32602, 'bad', { hint: 1 })
  },
  missing: async () => {
    throw new ProtocolError(-32601, 'a method of someone else')
  },
  needs: async () => {
    throw new ProtocolError(-32021, 'capability', { requiredCapabilities: { sampling: {} } })
  },
  malformed: async () => ({ content: [{ type: 'nope' }] }),
  empty: async () => ({}),
  asks: async () =>
    inputRequired({
      inputRequests: {
        sure: inputRequired.elicit({ message: 'Sure?', requestedSchema: { type: 'object', properties: {} } }),
      },
    }),
  tells: async (_args, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    if (progressToken !== undefined) {
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    }
    await mcpReq.log('info', 'seen')
    return { content: [] }
  },
}

export function createOddFixtures(): Fixtures {
  return {
    bus: new InMemoryServerEventBus(),
    options: {
      capabilities: { tools: { listChanged: true }, resources: {}, prompts: {}, completions: {}, logging: {} },
    },
    cacheHints: { 'resources/list': { ttlMs: 5, cacheScope: 'public' } },
    addTo: (server, own) => {
      server.setRequestHandler('tools/call', ({ params }, context) => {
        const behave = ODD_TOOLS[params.name]
        // malformed answers are the point of some
        const odd = behave?.(params.arguments, context) as Promise<CallToolResult | InputRequiredResult> | undefined
        return odd ?? own.callTool(params.name, params.arguments, context)
      })
      server.setRequestHandler('resources/list', async () => ({ resources: [{ uri: 'x://1', name: 'one' }] }))
      server.setRequestHandler('resources/read', async ({ params }) => {
        if (params.uri !== 'x://1') {
          throw new ResourceNotFoundError(params.uri)
        }
        return { contents: [{ uri: 'x://1', text: 'one' }] }
      })
      server.setRequestHandler('prompts/get', async () => ({ messages: [] }))
    },
    serve: async () => false,
    close: async () => {},
  }
}
