import type { IncomingMessage, ServerResponse } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { type AuthInfo, createMcpHandler, type McpHttpHandler, type Server } from '@modelcontextprotocol/server'
import type Koa from 'koa'
import type { Narrowing } from '../gate/narrowing.js'
import { AppError, InvalidInput, toErrorText } from '../lib/errors.js'
import { isNestedDeeper } from '../lib/json-depth.js'
import { readBody } from '../lib/read-body.js'
import { MIB } from '../lib/units.js'
import type { Admission } from './admission.js'
import { findEndedSignIn, findMissingScope, toObject } from './early-refusals.js'
import { INTERNAL_ERROR, INVALID_PARAMS, type McpRequest } from './gate-call.js'
import { parseNarrowing } from './request-narrowing.js'
import { createRequestServer, type McpDeps } from './server.js'
import { type Exchange, findShortRoute, type HttpRefusal, runExchange, sendJson } from './thin-exchange.js'

const MAX_BODY_BYTES = 4 * MIB
/** No tool takes a tenth of it, and the SDK's checks call themselves for every level. */
const MAX_DEPTH = 100
const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
interface EndpointDeps extends McpDeps {
  readonly admission: Admission
  isAllowedOrigin(origin: string): boolean
}

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
    const { requestId, address } = ctx.state
    const refuse = (status: number, code: number, message: string, headers: Record<string, string> = {}) => {
      ctx.respond = false
      sendJson(res, { status, headers }, { jsonrpc: '2.0', error: { code, message }, id: null })
    }
    const origin = req.headers.origin
    if (origin !== undefined && !deps.isAllowedOrigin(origin)) {
      refuse(403, INVALID_REQUEST, `Pages of ${origin.slice(0, 200)} may not call this server. See CORS_ORIGINS.`)
      return
    }
    const admitted = await deps.admission.admit(req, address, requestId)
    if ('status' in admitted) {
      refuse(admitted.status, INVALID_REQUEST, describe(admitted), admitted.headers)
      return
    }
    const narrowing = findNarrowing(deps, ctx)
    if (narrowing instanceof InvalidInput) {
      refuse(narrowing.status, INVALID_PARAMS, narrowing.message)
      return
    }
    const revision = req.headers['mcp-protocol-version']
    const request: McpRequest = {
      caller: admitted,
      requestId,
      address,
      via: 'mcp',
      narrowing,
      ...(typeof revision === 'string' ? { revision } : {}),
    }
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
    if (!/^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')) {
      refuse(415, INVALID_REQUEST, 'Send the request as application/json.')
      return
    }
    const body = await parseBody(req)
    if (body instanceof AppError) {
      refuse(body.status, body.status === 413 ? INVALID_REQUEST : PARSE_ERROR, body.message)
      return
    }
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

/** What the connection asks to be left out, or what is wrong with how it asks. */
function findNarrowing({ gate }: McpDeps, ctx: Koa.Context): readonly Narrowing[] | InvalidInput {
  try {
    return parseNarrowing(ctx.querystring, ctx.req.headers, gate.tools.keys())
  } catch (error) {
    // what a person can get wrong in an address becomes the answer
    if (error instanceof InvalidInput) {
      return error
    }
    throw error
  }
}

async function parseBody(req: IncomingMessage): Promise<unknown> {
  try {
    const bytes = await readBody(req, MAX_BODY_BYTES)
    if (isNestedDeeper(bytes, MAX_DEPTH)) {
      return new InvalidInput(`The request body is nested deeper than ${MAX_DEPTH} levels.`)
    }
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    // what a client can get wrong here becomes the answer
    return error instanceof AppError
      ? error
      : new InvalidInput('The request body is not valid JSON.', { detail: toErrorText(error) })
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

function describe(refusal: HttpRefusal): string {
  if (refusal.message !== undefined) {
    return refusal.message
  }
  return refusal.status === 429
    ? 'Too many failed sign-ins from this address. Wait as long as Retry-After says.'
    : 'Sign in first: send a Bearer token of this server.'
}

function toId(body: unknown): string | number | null {
  const { id } = toObject(body)
  return typeof id === 'string' || typeof id === 'number' ? id : null
}
