import { createRequestStateCodec, InMemoryServerEventBus } from '@modelcontextprotocol/server'
import { createToken } from '../../lib/ids.js'
import type { Fixtures } from '../server.js'
import { getPrompt, PROMPTS, RESOURCE_TEMPLATES, RESOURCES, readResource } from './documents.js'
import { createInputTools, type RoundState } from './input-tools.js'
import { SESSION_TOOLS } from './session-tools.js'
import { createSessions } from './sessions.js'
import { createPlainTools } from './tools.js'

const fixturePrompts = new Set(PROMPTS.map(({ name }) => name))
const CACHE_HINT = { ttlMs: 0, cacheScope: 'private' } as const

/**
 * What the official conformance suite asks a server for beyond our own tools, put beside them on the same endpoint so
 * that the suite tests the product's own way of answering. Only for tests: the settings refuse it in production and
 * on any address that others can reach.
 */
export function createConformanceFixtures(): Fixtures {
  const bus = new InMemoryServerEventBus()
  // a key of this process is enough: the rounds of one call do not outlive it
  const states = createRequestStateCodec<RoundState>({ key: createToken(32) })
  const tools = [...createPlainTools(bus), ...createInputTools(states), ...SESSION_TOOLS]
  const byName = new Map(tools.map((tool) => [tool.listed.name, tool]))
  const sessions = createSessions()

  return {
    bus,
    options: {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: states.verify },
    },
    cacheHints: {
      'prompts/list': CACHE_HINT,
      'resources/list': CACHE_HINT,
      'resources/templates/list': CACHE_HINT,
      'resources/read': CACHE_HINT,
    },
    addTo: (server, own) => {
      server.setRequestHandler('tools/list', async () => ({
        tools: [...own.listTools(), ...tools.map(({ listed }) => listed)],
      }))
      server.setRequestHandler('tools/call', ({ params }, context) => {
        const fixture = byName.get(params.name)
        return fixture === undefined
          ? own.callTool(params.name, params.arguments, context)
          : fixture.call(params.arguments ?? {}, context)
      })
      server.setRequestHandler('prompts/list', async () => ({ prompts: [...own.listPrompts(), ...PROMPTS] }))
      server.setRequestHandler('prompts/get', ({ params }, context) =>
        fixturePrompts.has(params.name)
          ? getPrompt(params.name, params.arguments ?? {}, context)
          : own.getPrompt(params.name, params.arguments ?? {}),
      )
      server.setRequestHandler('resources/list', async () => ({ resources: [...RESOURCES] }))
      server.setRequestHandler('resources/templates/list', async () => ({
        resourceTemplates: [...own.listTemplates(), ...RESOURCE_TEMPLATES],
      }))
      server.setRequestHandler('resources/read', async ({ params }, context) =>
        params.uri.startsWith('test:') ? readResource(params.uri) : own.readResource(params.uri, context),
      )
      server.setRequestHandler('resources/subscribe', async () => ({}))
      server.setRequestHandler('resources/unsubscribe', async () => ({}))
      server.setRequestHandler('completion/complete', async ({ params }, context) => {
        if (
          params.ref.type === 'ref/prompt' ? !fixturePrompts.has(params.ref.name) : !params.ref.uri.startsWith('test:')
        ) {
          return own.complete(params, context)
        }
        const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(params.argument.value))
        return { completion: { values, total: values.length, hasMore: false } }
      })
    },
    serve: sessions.serve,
    close: sessions.close,
  }
}
