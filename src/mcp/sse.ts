import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { describePanic } from '../gate/panic.js'
import { sha256Hex } from '../lib/crypto.js'
import { SECOND } from '../lib/units.js'
import { type DoorContext, enter, readJsonBody } from './door.js'
import { findEndedSignIn } from './early-refusals.js'
import { INTERNAL_ERROR, INVALID_PARAMS, type McpRequest } from './gate-call.js'
import type { EndpointDeps, McpEndpoint } from './http-endpoint.js'
import { addQueryKey } from './query-key.js'
import { createRequestServer } from './server.js'
import { createSessionMessages } from './sse-message.js'
import { createSseSessions, type SseSession, type SseSessionLimits } from './sse-sessions.js'
import { sendJson } from './thin-exchange.js'

const INVALID_REQUEST = -32600
const PARSE_ERROR = -32700
const KEEP_ALIVE_MS = 15 * SECOND
/** Requests of one session at a time; a model asks for a handful. */
const MAX_UNDER_WAY = 32

interface SseDeps extends EndpointDeps {
  /** Streamable HTTP, for clients that were given this address and speak it. */
  readonly endpoint: McpEndpoint
  readonly sessions: SseSessionLimits
}

export interface SseDoor {
  handle(ctx: DoorContext, next: () => Promise<void>): Promise<void>
  /** Open sessions, of one person or of all. */
  countSessions(accountId?: string): number
  /** Ends idle sessions and keeps the others' connections alive; done by itself every few seconds. */
  sweep(): void
  close(): void
}

/**
 * `/mcp/sse`: the deprecated HTTP+SSE transport of 2024-11-05. GET opens a stream whose first event names the address
 * for messages; POST to that address is answered on the stream. POST without a session is Streamable HTTP.
 */
export function createSseDoor(deps: SseDeps): SseDoor {
  const { clock, log } = deps.gate
  const sessions = createSseSessions(deps.sessions, clock)
  const timer = setInterval(() => sessions.sweep(), KEEP_ALIVE_MS)
  timer.unref()

  const openStream = async (ctx: DoorContext) => {
    const request = await enter(deps, ctx, 'sse')
    if ('because' in request) {
      refuse(ctx, request.status, request.because === 'narrowing' ? INVALID_PARAMS : INVALID_REQUEST, request)
      return
    }
    const panic = deps.gate.panic.current()
    if (panic?.level === 'stop') {
      refuse(ctx, 503, INVALID_REQUEST, { message: describePanic(panic), headers: { 'retry-after': '300' } })
      return
    }
    if (ctx.accepts('text/event-stream') === false) {
      refuse(ctx, 406, INVALID_REQUEST, { message: 'This answers with text/event-stream only: accept that.' })
      return
    }
    // only who still uses this transport pays for loading it
    const { SSEServerTransport } = await import('@modelcontextprotocol/sdk/server/sse.js')
    if (ctx.res.closed) {
      // the client left meanwhile, and nothing would ever end its session
      return
    }
    // from here to the added session nothing waits, so the limit holds for streams opened at once too
    const { accountId, clientId } = request.caller
    const obstacle = sessions.findObstacle(accountId)
    if (obstacle !== undefined) {
      const [status, message] = OBSTACLES[obstacle]
      refuse(ctx, status, INVALID_REQUEST, { message, headers: { 'retry-after': '60' } })
      return
    }
    const { res } = ctx
    ctx.respond = false
    ctx.req.socket.setKeepAlive(true, 30 * SECOND)
    res.setHeader('x-accel-buffering', 'no')
    const { queryKey } = ctx.state
    // the client posts its messages to this address, and has no other way to prove itself there
    const search = queryKey === undefined ? ctx.search : addQueryKey(ctx.search, queryKey.reveal())
    const stream = new SSEServerTransport(`/mcp/sse${search}`, res)
    // both SDKs describe the same messages, in types of their own
    const send = (message: JSONRPCMessage) => (res.writable ? stream.send(message as never) : Promise.resolve())
    const messages = createSessionMessages(async (message) => {
      session.lastUsedAt = clock.now()
      await send(message)
    })
    const session: SseSession = {
      id: stream.sessionId,
      accountId,
      clientId,
      messages,
      credential: toCredential(ctx),
      lastUsedAt: clock.now(),
      isUsed: false,
      pending: () => res.writableLength,
      keepAlive: () => void res.write(': keep-alive\n\n'),
      end: () => void res.end(),
    }
    res.once('close', () => {
      sessions.remove(session)
      messages.close().catch((error: unknown) => log.warn({ err: error }, 'sse_close_failed'))
    })
    sessions.add(session)
    await stream.start()
  }

  const takeMessage = async (ctx: DoorContext, sessionId: string) => {
    const session = sessions.find(sessionId)
    const request = await enter(deps, ctx, 'sse')
    if ('because' in request) {
      // only who held the session's token may end it with that token
      if (request.status === 401 && session?.credential === toCredential(ctx)) {
        session.end()
      }
      refuse(ctx, request.status, request.because === 'narrowing' ? INVALID_PARAMS : INVALID_REQUEST, request)
      return
    }
    if (session === undefined || !isOf(session, request)) {
      if (session !== undefined) {
        deps.gate.audit.recordSoon({
          type: 'access_denied',
          request_id: request.requestId,
          reason: 'session_of_another',
          actor: { account: request.caller.accountId, client: request.caller.clientId },
          details: { ip: request.address },
        })
      }
      refuse(ctx, 404, INVALID_REQUEST, { message: 'You have no such session. Open the stream again.' })
      return
    }
    const read = await readJsonBody(ctx.req)
    if ('because' in read) {
      refuse(ctx, read.status, read.status === 400 ? PARSE_ERROR : INVALID_REQUEST, read)
      return
    }
    const { JSONRPCMessageSchema } = await import('@modelcontextprotocol/sdk/types.js')
    const parsed = JSONRPCMessageSchema.safeParse(read.json)
    if (!parsed.success) {
      refuse(ctx, 400, INVALID_REQUEST, { message: 'The body is no JSON-RPC message. Send one message at a time.' })
      return
    }
    // both SDKs describe the same messages, in types of their own
    const message = parsed.data as JSONRPCMessage
    const id = 'method' in message && 'id' in message ? message.id : undefined
    if (id !== undefined && session.messages.isUnderWay(id)) {
      refuse(ctx, 400, INVALID_REQUEST, { message: 'A request with this id is under way. Use another id.' })
      return
    }
    if (id !== undefined && session.messages.count() >= MAX_UNDER_WAY) {
      const message = `This session has ${MAX_UNDER_WAY} requests under way. Wait for an answer.`
      refuse(ctx, 429, INVALID_REQUEST, { message, headers: { 'retry-after': '1' } })
      return
    }
    const ended = await findEndedSignIn(deps, request, message)
    if (ended !== undefined) {
      refuse(ctx, ended.refusal.status, INTERNAL_ERROR, { message: ended.message, headers: ended.refusal.headers })
      return
    }
    if (sessions.find(sessionId) !== session) {
      refuse(ctx, 404, INVALID_REQUEST, { message: 'The stream of this session has ended. Open it again.' })
      return
    }
    session.lastUsedAt = clock.now()
    session.isUsed = true
    session.credential = toCredential(ctx)
    ctx.status = 202
    ctx.body = 'Accepted'
    await session.messages.take(message, () => createRequestServer(deps, request, 'legacy'))
  }

  return {
    handle: async (ctx, next) => {
      const sessionId = new URLSearchParams(ctx.querystring).get('sessionId')
      if (ctx.method === 'GET') {
        await openStream(ctx)
      } else if (ctx.method === 'POST' && sessionId !== null) {
        await takeMessage(ctx, sessionId)
      } else {
        await deps.endpoint.handle(ctx, next)
      }
    },
    countSessions: (accountId) => sessions.count(accountId),
    sweep: () => sessions.sweep(),
    close: () => {
      clearInterval(timer)
      sessions.close()
    },
  }
}

const OBSTACLES = {
  person: [
    429,
    'You have as many open sessions as MAX_SESSIONS_PER_USER allows. Close one, or use /mcp, which has none.',
  ],
  server: [503, 'This server has too many open streams. Try again later, or use /mcp, which needs none.'],
} as const

function refuse(
  ctx: DoorContext,
  status: number,
  code: number,
  { message, headers = {} }: { readonly message: string; readonly headers?: Record<string, string> },
): void {
  ctx.respond = false
  sendJson(ctx.res, { status, headers }, { jsonrpc: '2.0', error: { code, message }, id: null })
}

/** A session belongs to one person through one client; knowing its id is worth nothing to anybody else. */
function isOf(session: SseSession, { caller }: McpRequest): boolean {
  return session.accountId === caller.accountId && session.clientId === caller.clientId
}

function toCredential({ req, state }: DoorContext): string {
  return sha256Hex(req.headers.authorization ?? state.queryKey?.reveal() ?? '')
}
