import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import {
  classifyInboundRequest,
  type InboundClassificationOutcome,
  type JSONRPCMessage,
  type MessageExtraInfo,
  PerRequestHTTPServerTransport,
  type Server,
  type Transport,
} from '@modelcontextprotocol/server'

/*
 * One POST /mcp without fetch objects. The SDK decides the era and does all protocol work (its low-level Server, fresh
 * per request); only its two HTTP conversions are replaced, which cost twice what the rest of a call costs.
 * Anything that is not plainly well-formed is left to the SDK's own handler, so its rules stay the only ones.
 */

export const MODERN_REVISION = '2026-07-28'
const LEGACY_REVISIONS = new Set(['2025-11-25', '2025-06-18', '2025-03-26'])
/** Requests that must carry Mcp-Name, and the parameter it repeats (MCP 2026-07-28, Request Metadata). */
const NAMED: Record<string, string> = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' }
const SDK_ONLY = new Set(['subscriptions/listen', 'tasks/get', 'tasks/update', 'tasks/cancel'])
/** HTTP status of an error raised before the handler ran (MCP 2026-07-28, Streamable HTTP). */
const EARLY_STATUS: Record<number, number> = {
  [-32700]: 400,
  [-32600]: 400,
  [-32601]: 404,
  [-32022]: 400,
  [-32021]: 400,
  [-32020]: 400,
}
const MISSING_CAPABILITY = -32021

type Route = Extract<InboundClassificationOutcome, { kind: 'modern' | 'legacy' }>
export type JsonObject = Record<string, unknown>

/** Replaces the whole HTTP answer, for refusals that HTTP itself must tell: 401, 403, 429. */
export interface HttpRefusal {
  readonly status: number
  readonly headers: Record<string, string>
  /** What to tell, where the status alone does not say it. */
  readonly message?: string
}

/** What a handler can say about the HTTP answer of its own request. */
export interface Exchange {
  refusal?: HttpRefusal
}

/** A request that the short way may answer, with its classification. */
export interface ShortRequest {
  readonly route: Route
  readonly body: JsonObject
}

/** The classified request when the short way may answer, undefined when the SDK's handler must. */
export function findShortRoute(headers: IncomingHttpHeaders, body: unknown): ShortRequest | undefined {
  if (!isObject(body) || !isObject(body.params ?? {}) || typeof body.method !== 'string' || SDK_ONLY.has(body.method)) {
    return undefined
  }
  if (typeof body.id !== 'string' && !Number.isSafeInteger(body.id)) {
    return undefined
  }
  const accept = headers.accept ?? ''
  if (!accept.includes('application/json') || !accept.includes('text/event-stream')) {
    return undefined
  }
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
    return undefined
  }
  const params = isObject(body.params) ? body.params : {}
  const meta = params._meta
  // progress and logs make a stream with keep-alives, which is the SDK's business
  if (
    meta !== undefined &&
    (!isObject(meta) || 'progressToken' in meta || 'io.modelcontextprotocol/logLevel' in meta)
  ) {
    return undefined
  }
  const route = classify(headers, body, params)
  return route && { route, body }
}

function classify(headers: IncomingHttpHeaders, body: JsonObject, params: JsonObject): Route | undefined {
  const version = toSingle(headers['mcp-protocol-version'])
  const method = toSingle(headers['mcp-method'])
  const name = toSingle(headers['mcp-name'])
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    body,
    ...(version === undefined ? {} : { protocolVersionHeader: version }),
    ...(method === undefined ? {} : { mcpMethodHeader: method }),
    ...(name === undefined ? {} : { mcpNameHeader: name }),
  })
  if (route.kind === 'modern') {
    const key = NAMED[String(body.method)]
    const isPlain =
      version === MODERN_REVISION &&
      route.classification.revision === MODERN_REVISION &&
      method === body.method &&
      (key === undefined || (typeof params[key] === 'string' && name === params[key]))
    return isPlain ? route : undefined
  }
  if (route.kind === 'legacy') {
    const isPlain = version === undefined ? body.method === 'initialize' : LEGACY_REVISIONS.has(version)
    return isPlain ? route : undefined
  }
  return undefined
}

type Answer = (status: number, message: JSONRPCMessage, last: boolean) => void

/** Extends the SDK's transport only so that `connect` binds the Server to the classified revision. */
class ModernExchange extends PerRequestHTTPServerTransport {
  dispatching = false
  readonly #answer: Answer

  constructor(route: Extract<Route, { kind: 'modern' }>, answer: Answer) {
    super({ classification: route.classification })
    this.#answer = answer
  }

  override async start(): Promise<void> {}

  override async send(message: JSONRPCMessage): Promise<void> {
    const code = 'error' in message ? message.error.code : undefined
    const early = code !== undefined && (this.dispatching || code === MISSING_CAPABILITY)
    deliver(this.#answer, message, early ? (EARLY_STATUS[code] ?? 200) : 200)
  }
}

class LegacyExchange implements Transport {
  dispatching = false
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: <Message extends JSONRPCMessage>(message: Message, extra?: MessageExtraInfo) => void
  readonly #answer: Answer

  constructor(answer: Answer) {
    this.#answer = answer
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {
    this.onclose?.()
  }

  async send(message: JSONRPCMessage): Promise<void> {
    deliver(this.#answer, message, 200)
  }
}

function deliver(answer: Answer, message: JSONRPCMessage, status: number): void {
  if (!('method' in message)) {
    answer(status, message, true)
    return
  }
  if ('id' in message) {
    throw new Error('this exchange carries no server-to-client requests')
  }
  answer(200, message, false)
}

/**
 * Answers one classified request on `res`. Resolves when the answer was handed to the socket or the caller has left;
 * a caller who leaves aborts the handler.
 */
export function runExchange(
  res: ServerResponse,
  { body, route }: ShortRequest,
  server: Server,
  exchange: Exchange,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered = false
    const answer: Answer = (status, message, last) => {
      if (last && !res.headersSent) {
        sendJson(res, exchange.refusal ?? { status, headers: {} }, message)
      } else {
        stream(res, message, last)
      }
      if (last) {
        answered = true
        resolve()
      }
    }
    const transport = route.kind === 'modern' ? new ModernExchange(route, answer) : new LegacyExchange(answer)
    res.on('close', () => {
      if (!answered) {
        server.close().then(resolve, reject)
      }
    })
    server.onerror = (error) => {
      if (error.message.startsWith('Failed to send')) {
        reject(error)
      }
    }
    server
      .connect(transport)
      .then(() => {
        transport.dispatching = true
        transport.onmessage?.(
          toMessage(body),
          route.kind === 'modern' ? { classification: route.classification } : undefined,
        )
        transport.dispatching = false
      })
      .catch(reject)
  })
}

/** The classifier has checked the shape of `body`; the Server validates everything in it again. */
function toMessage(body: JsonObject): JSONRPCMessage {
  return body as unknown as JSONRPCMessage
}

export function sendJson(res: ServerResponse, { status, headers }: HttpRefusal, message: unknown): void {
  const text = JSON.stringify(message)
  res
    .writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

function stream(res: ServerResponse, message: JSONRPCMessage, last: boolean): void {
  if (!res.headersSent) {
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
  }
  res.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
  if (last) {
    res.end()
  }
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function toSingle(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
