import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Caller } from '../../src/identity/caller.js'
import { Unauthenticated, UpstreamTimeout } from '../../src/lib/errors.js'
import { createChallenges } from '../../src/mcp/challenges.js'
import type { HttpRefusal } from '../../src/mcp/thin-exchange.js'
import { defineTool, type Tool, type ToolContext } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type EndpointUnderTest, startMcpEndpoint } from '../support/mcp-endpoint.js'
import { ask, legacy, modern, send, toAnswer, type WireRequest } from './wire.js'

let under: EndpointUnderTest
let caller: Caller | HttpRefusal
let prove: () => Promise<void>
let run: (context: ToolContext) => Promise<void>

/** Tools that do what the test says. */
function createTool(name: string, effect: Tool['effect']): Tool {
  return defineTool({
    name,
    title: name,
    description: 'For tests.',
    effect,
    toolset: 'people',
    scope: effect === 'read' ? 'read:repository' : 'write:repository',
    operations: [],
    input: z.strictObject({ word: z.string().optional() }),
    output: z.strictObject({ word: z.string() }),
    run: async ({ word }, context) => {
      await run(context)
      return { word: word ?? 'none' }
    },
    render: ({ word }) => word,
  })
}

beforeAll(async () => {
  under = await startMcpEndpoint({
    tools: [createTool('read_it', 'read'), createTool('write_it', 'create')],
    callsPerMinute: 100,
    admit: () => caller,
    prove: () => prove(),
  })
})
afterAll(() => under.close())
beforeEach(({ task }) => {
  caller = buildCaller({ tokenHint: task.id })
  prove = async () => {}
  run = async () => {}
})

const call = (name: string, args: Record<string, unknown> = {}, id = 1) =>
  modern('tools/call', { name, arguments: args }, id)
const withProgress = (make: typeof modern | typeof legacy) =>
  make('tools/call', { name: 'read_it', arguments: {}, _meta: { progressToken: 'p' } })
const textOf = (message: unknown) => Object(message).result?.content?.[0]?.text

describe('what HTTP itself must tell', () => {
  it('answers 405 to everything but POST, and names what is allowed', async () => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await toAnswer(await send(under.url, { headers: {}, body: '' }, { method }))
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST, OPTIONS' } })
    }
  })

  it('refuses pages of other origins before it looks at the token, and serves its own', async () => {
    caller = { status: 401, headers: {} }
    const { headers, body } = call('read_it')
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      const answer = await ask(under.url, { headers: { ...headers, origin }, body })
      expect(answer.status).toBe(403)
      expect(answer.messages[0]).toMatchObject({
        id: null,
        error: { message: expect.stringContaining('CORS_ORIGINS') },
      })
    }
    caller = buildCaller()
    expect(await ask(under.url, { headers: { ...headers, origin: under.origin }, body })).toMatchObject({ status: 200 })
  })

  it('sends the challenge of a missing token, whatever the method', async () => {
    caller = createChallenges('https://aegis.example').unauthenticated()
    const { headers, body } = call('read_it')
    for (const method of ['POST', 'GET', 'DELETE']) {
      const answer = await toAnswer(await send(under.url, { headers, body: JSON.stringify(body) }, { method }))
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer resource_metadata="https://aegis.example/.well-known/oauth-protected-resource/mcp", scope="read:repository"',
      )
    }
  })

  it('answers 415 to bodies that are not said to be JSON', async () => {
    const { headers, body } = call('read_it')
    for (const type of ['text/plain', 'application/jsonx', 'application/x-www-form-urlencoded', '']) {
      expect(await ask(under.url, { headers: { ...headers, 'content-type': type }, body })).toMatchObject({
        status: 415,
      })
    }
  })

  it('answers 400 with a parse error to what is no JSON', async () => {
    for (const body of ['{', '', 'nope', '{"jsonrpc":"2.0",}']) {
      const answer = await toAnswer(await send(under.url, { headers: call('read_it').headers, body }))
      expect(answer.status).toBe(400)
      expect(answer.messages[0]).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32700 } })
    }
  })

  it('answers 413 to a body over 4 MiB, announced or not', async () => {
    const { headers, body } = call('read_it', { word: 'x'.repeat(4 * 1024 * 1024) })
    expect(await ask(under.url, { headers, body })).toMatchObject({ status: 413 })
    const chunked = await fetch(under.url, {
      method: 'POST',
      headers,
      body: new Blob([JSON.stringify(body)]).stream(),
      duplex: 'half',
    })
    expect(chunked.status).toBe(413)
    expect(await ask(under.url, call('read_it'))).toMatchObject({ status: 200 })
  })

  it('accepts notifications with 202 and no body', async () => {
    const { headers } = legacy('ping')
    const body = { jsonrpc: '2.0', method: 'notifications/initialized' }
    expect(await ask(under.url, { headers, body })).toMatchObject({ status: 202, messages: [] })
  })
})

describe('challenges', () => {
  it.each([
    { way: 'the short way', request: call('write_it') },
    { way: 'the SDK', request: modern('tools/call', { name: 'write_it', arguments: {}, _meta: { progressToken: 1 } }) },
    { way: 'the short way of 2025', request: legacy('tools/call', { name: 'write_it', arguments: {} }) },
  ])('asks for all missing scopes with 403 on $way', async ({ request }) => {
    caller = buildCaller({ scopes: new Set(['read:repository']) })
    const answer = await ask(under.url, request)
    expect(answer.status).toBe(403)
    expect(answer.headers['www-authenticate']).toContain(
      'Bearer error="insufficient_scope", scope="read:repository write:repository", resource_metadata="',
    )
    expect(answer.messages[0]).toMatchObject({ id: 1, error: { code: -32603 } })
  })

  it('answers 401 when Gitea ends the sign-in during the call', async () => {
    run = async () => {
      throw new Unauthenticated('Your sign-in at Gitea has ended. Connect again.')
    }
    const answer = await ask(under.url, call('read_it'))
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
    expect(answer.messages[0]).toMatchObject({ error: { message: 'Your sign-in at Gitea has ended. Connect again.' } })
  })

  it('tells it inside the answer when a stream had to be used', async () => {
    run = async () => {
      throw new Unauthenticated('Your sign-in at Gitea has ended. Connect again.')
    }
    const answer = await ask(under.url, withProgress(modern))
    expect(answer.messages.at(-1)).toMatchObject({
      result: { isError: true, _meta: { 'mcp/www_authenticate': [expect.stringContaining('error="invalid_token"')] } },
    })
  })

  it('answers 429 and says how long to wait when a token calls too often', async () => {
    const answers = await Promise.all(Array.from({ length: 101 }, (_, id) => ask(under.url, call('read_it', {}, id))))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(1)
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
  })

  it.each(['tools/list', 'server/discover'])(
    'asks Gitea before %s whether the sign-in still stands',
    async (method) => {
      prove = async () => {
        throw new Unauthenticated('Your sign-in at Gitea has ended. Connect again.')
      }
      expect(await ask(under.url, modern(method))).toMatchObject({ status: 401 })
      prove = async () => {
        throw new UpstreamTimeout('Gitea is slow.')
      }
      expect(await ask(under.url, modern(method))).toMatchObject({ status: 200 })
    },
  )
})

describe('a call', () => {
  it('answers what the model can mend as a result, and an unknown tool as an error', async () => {
    const invalid = await ask(under.url, call('read_it', { words: 1 }))
    expect(invalid).toMatchObject({ status: 200, messages: [{ result: { isError: true } }] })
    expect(textOf(invalid.messages[0])).toContain('unknown “words” (it takes word)')
    expect(await ask(under.url, call('no_such_tool'))).toMatchObject({
      messages: [{ id: 1, error: { code: -32602, message: expect.stringContaining('read_it, write_it') } }],
    })
  })

  it('gives callers who use the same request id their own answers', async () => {
    run = () => sleep(20)
    const words = Array.from({ length: 20 }, (_, n) => `word-${n}`)
    const answers = await Promise.all(words.map((word) => ask(under.url, call('read_it', { word }, 7))))
    expect(answers.map(({ messages }) => textOf(messages[0]))).toEqual(words)
  })

  it.each([
    { era: '2026-07-28', request: withProgress(modern) },
    { era: '2025-11-25', request: withProgress(legacy) },
  ])('streams progress that only grows under $era', async ({ request }) => {
    run = async ({ progress }) => {
      progress(1, 3, 'one')
      progress(1, 3)
      progress(0.5)
      progress(3, 3)
    }
    const { headers, messages } = await ask(under.url, request)
    expect(headers['content-type']).toContain('text/event-stream')
    expect(messages.slice(0, -1).map((message) => Object(message).params)).toMatchObject([
      { progressToken: 'p', progress: 1, total: 3, message: 'one' },
      { progressToken: 'p', progress: 3, total: 3 },
    ])
    expect(textOf(messages.at(-1))).toBe('none')
  })

  it('says nothing of progress nobody asked for', async () => {
    run = async ({ progress }) => progress(1, 2)
    const { headers, messages } = await ask(under.url, call('read_it'))
    expect(headers['content-type']).toBe('application/json')
    expect(messages).toHaveLength(1)
  })

  it.each([
    { way: 'the short way', request: call('read_it') },
    { way: 'the short way of 2025', request: legacy('tools/call', { name: 'read_it', arguments: {} }) },
    { way: 'a stream', request: withProgress(modern) },
  ])('is told when its caller leaves, on $way', async ({ request }) => {
    const began = Promise.withResolvers<AbortSignal>()
    run = async ({ signal }) => {
      began.resolve(signal)
      await once(signal, 'abort')
    }
    const leave = new AbortController()
    const gone = sendAndLeave(request, leave.signal)
    const signal = await began.promise
    expect(signal.aborted).toBe(false)
    leave.abort()
    await gone
    await expect.poll(() => signal.aborted).toBe(true)
    run = async () => {}
    expect(await ask(under.url, call('read_it'))).toMatchObject({ status: 200 })
  })

  it('is not missed when its caller leaves while Gitea is asked about the sign-in', async () => {
    const asked = Promise.withResolvers<void>()
    const proving = Promise.withResolvers<void>()
    prove = () => {
      asked.resolve()
      return proving.promise
    }
    const leave = new AbortController()
    const gone = sendAndLeave(modern('tools/list'), leave.signal)
    await asked.promise
    leave.abort()
    await gone
    proving.resolve()
    expect(await ask(under.url, call('read_it'))).toMatchObject({ status: 200 })
  })
})

async function sendAndLeave({ headers, body }: WireRequest, signal: AbortSignal): Promise<void> {
  await expect(send(under.url, { headers, body: JSON.stringify(body) }, { signal })).rejects.toThrow('aborted')
}
