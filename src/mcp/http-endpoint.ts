import type { IncomingMessage, ServerResponse } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { type AuthInfo, createMcpHandler, type McpHttpHandler, type Server } from '@modelcontextprotocol/server'
import type Koa from 'koa'
import { findDoor } from './challenges.js'
import { type DoorDeps, enter, readJsonBody } from './door.js'
import { findEndedSignIn, findMissingScope, toObject } from './early-refusals.js'
import { INTERNAL_ERROR, INVALID_PARAMS, type McpRequest } from './gate-call.js'
import { createRequestServer, type McpDeps } from './server.js'
import { type Exchange, findShortRoute, runExchange, sendJson } from './thin-exchange.js'

const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600

export interface EndpointDeps extends McpDeps, DoorDeps {}

export interface McpEndpoint {
  readonly handle: Koa.Middleware<{ requestId: string; address: string }>
  /** Tells listening clients that what they may use may have changed. */
  notifyListsChanged(): void
  close(): Promise<void>
}

/** `POST /mcp`: Streamable HTTP of 2026-07-28 and of the 2025 revisions on one URL. */
export function createMcpEndpoint(deps: EndpointDeps): McpEndpoint {
  const sdk: McpHttpHandler = createMcpHandler(
    ({ era, authInfo }): Server => createRequestServer(deps, toRequest(authInfo), era),
    {
      onerror: (error) => deps.gate.log.debug({ err: error }, 'mcp_request_rejected'),
      ...(deps.fixtures === undefined ? {} : { bus: deps.fixtures.bus }),
    },
  )
  const viaSdk = toNodeHandler(sdk)

  const handle: McpEndpoint['handle'] = async function handleMcp(ctx) {
    const { req, res } = ctx
    const refuse = (status: number, code: number, message: string, headers: Record<string, string> = {}) => {
      ctx.respond = false
      sendJson(res, { status, headers }, { jsonrpc: '2.0', error: { code, message }, id: null })
    }
    const entered = await enter(deps, ctx, findDoor(ctx.path))
    if ('because' in entered) {
      const code = entered.because === 'narrowing' ? INVALID_PARAMS : INVALID_REQUEST
      refuse(entered.status, code, entered.message, entered.headers)
      return
    }
    const revision = req.headers['mcp-protocol-version']
    const request: McpRequest = typeof revision === 'string' ? { ...entered, revision } : entered
    if (req.method !== 'POST') {
      // the product keeps no sessions; the fixtures of the conformance suite do
      if (deps.fixtures !== undefined && 'mcp-session-id' in req.headers) {
        ctx.respond = false
        await serve(deps, viaSdk, req, res, undefined, request)
        return
      }
      refuse(405, INVALID_REQUEST, 'This endpoint takes POST only: it keeps no sessions and no standing streams.', {
        allow: 'POST, OPTIONS',
      })
      return
    }
    const read = await readJsonBody(req)
    if ('because' in read) {
      refuse(read.status, read.status === 400 ? PARSE_ERROR : INVALID_REQUEST, read.message)
      return
    }
    const body = read.json
    ctx.respond = false
    const ended = await findEndedSignIn(deps, request, body)
    if (ended !== undefined) {
      sendJson(res, ended.refusal, {
        jsonrpc: '2.0',
        error: { code: INTERNAL_ERROR, message: ended.message },
        id: toId(body),
      })
      return
    }
    await serve(deps, viaSdk, req, res, body, request)
  }

  const close = async () => {
    await sdk.close()
    await deps.fixtures?.close()
  }
  const notifyListsChanged = () => {
    sdk.notify.toolsChanged()
    sdk.notify.promptsChanged()
    sdk.notify.resourcesChanged()
  }
  return { handle, notifyListsChanged, close }
}

async function serve(
  deps: EndpointDeps,
  viaSdk: ReturnType<typeof toNodeHandler>,
  req: IncomingMessage,
  res: ServerResponse,
  body: unknown,
  request: McpRequest,
): Promise<void> {
  try {
    const open = () => createRequestServer(deps, request, 'legacy')
    if (await deps.fixtures?.serve(req, res, body, request.caller.accountId, open)) {
      return
    }
    const short = findShortRoute(req.headers, body)
    if (short !== undefined) {
      const exchange: Exchange = {}
      const server = createRequestServer(deps, { ...request, exchange }, short.route.kind)
      await runExchange(res, short, server, exchange)
      return
    }
    const missing = await findMissingScope(deps, request, body)
    if (missing !== undefined) {
      sendJson(res, missing.refusal, {
        jsonrpc: '2.0',
        error: { code: INTERNAL_ERROR, message: missing.message },
        id: toId(body),
      })
      return
    }
    await viaSdk(toSdkRequest(req, request), res, body)
  } catch (error) {
    // an edge: the answer is ours to write now that Koa has handed over the response
    deps.gate.log.error({ request_id: request.requestId, err: error }, 'mcp_failed')
    if (res.headersSent) {
      res.end()
      return
    }
    const message = `Internal error, request ${request.requestId}.`
    sendJson(
      res,
      { status: 500, headers: {} },
      { jsonrpc: '2.0', error: { code: INTERNAL_ERROR, message }, id: toId(body) },
    )
  }
}

function toRequest(authInfo: AuthInfo | undefined): McpRequest {
  const request = authInfo?.extra?.request
  if (!isRequest(request)) {
    throw new Error('an MCP request reached its handler without a caller')
  }
  return request
}

function isRequest(value: unknown): value is McpRequest {
  return typeof value === 'object' && value !== null && 'caller' in value && 'requestId' in value
}

/** What the SDK's handler needs of a request whose body is already read. The token itself stays out of it. */
function toSdkRequest(req: IncomingMessage, request: McpRequest): Parameters<ReturnType<typeof toNodeHandler>>[0] {
  const { clientId, scopes } = request.caller
  return {
    method: req.method ?? 'POST',
    url: req.url ?? '/',
    headers: req.headers,
    auth: { token: '', clientId, scopes: [...scopes], extra: { request } },
    [Symbol.asyncIterator]: () => req[Symbol.asyncIterator](),
  }
}

function toId(body: unknown): string | number | null {
  const { id } = toObject(body)
  return typeof id === 'string' || typeof id === 'number' ? id : null
}
