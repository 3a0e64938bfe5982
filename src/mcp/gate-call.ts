import {
  type CallToolResult,
  ProtocolError,
  ResourceNotFoundError,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { callTool, type Gate } from '../gate/call.js'
import { couldRun } from '../gate/listing.js'
import type { Narrowing } from '../gate/narrowing.js'
import type { CallOutcome, Refusal } from '../gate/refusal.js'
import type { Caller } from '../identity/caller.js'
import { createCallId } from '../lib/ids.js'
import type { Tool } from '../tools/define-tool.js'
import type { Challenges, Door } from './challenges.js'
import type { Exchange } from './thin-exchange.js'

/*
 * Whatever MCP calls it (a tool, a resource, a completion), it is a tool call to the gate; here is the one place where
 * this door makes one and turns a refusal into what the protocol says.
 */

export const INVALID_PARAMS = -32602
export const INTERNAL_ERROR = -32603

/** One authenticated HTTP request as the MCP handlers see it. */
export interface McpRequest {
  readonly caller: Caller
  readonly requestId: string
  readonly address: string
  readonly via: Door
  /** What this connection asked to be left out. */
  readonly narrowing?: readonly Narrowing[]
  /** MCP-Protocol-Version of the request; undefined for the revisions before there was one. */
  readonly revision?: string
  /** How this request's HTTP answer is influenced, where the short way answers it. */
  readonly exchange?: Exchange
}

export interface CallDeps {
  readonly gate: Gate
  readonly challenges: Challenges
}

export interface WantedCall {
  readonly tool: string
  readonly args: unknown
  readonly form?: 'text' | 'data'
  /** The caller's own name for this call, for the audit log. */
  readonly correlationId?: string
}

/** Runs a tool for the caller of this request. */
export function callForRequest(
  { gate }: CallDeps,
  request: McpRequest,
  wanted: WantedCall,
  signal: AbortSignal,
  progress?: (done: number, total?: number, message?: string) => void,
): Promise<CallOutcome> {
  const { caller, requestId, address, via, narrowing } = request
  return callTool(gate, {
    ...wanted,
    caller,
    id: createCallId(),
    requestId,
    address,
    via,
    signal,
    ...(narrowing === undefined ? {} : { narrowing }),
    ...(progress === undefined ? {} : { progress }),
  })
}

/**
 * P2: what a caller may never call is not listed. A write tool whose scope this token lacks stays listed, because the
 * caller can get that scope by agreeing to it (step-up).
 */
export function isListed(
  gate: Gate,
  tool: Tool,
  { caller, narrowing }: Pick<McpRequest, 'caller' | 'narrowing'>,
): boolean {
  return couldRun(gate, tool, caller, narrowing)
}

/**
 * Throws what HTTP itself must tell (who are you, you need more scope, slow down), where HTTP can still tell it.
 *
 * @throws ProtocolError with the HTTP answer left in the request's exchange
 */
export function throwForHttp(challenges: Challenges, { exchange, via }: McpRequest, refusal: Refusal): void {
  const challenge = challenges.forRefusal(refusal, via)
  if (challenge !== undefined && exchange !== undefined) {
    exchange.refusal = challenge
    throw new ProtocolError(INTERNAL_ERROR, refusal.message)
  }
}

/** An unknown tool is a protocol error; what the model can read and act on is a result. */
export function toRefusedResult(challenges: Challenges, request: McpRequest, refusal: Refusal): CallToolResult {
  throwForHttp(challenges, request, refusal)
  if (refusal.code === 'unknown_tool') {
    throw new ProtocolError(INVALID_PARAMS, refusal.message)
  }
  const header = challenges.forRefusal(refusal, request.via)?.headers['www-authenticate']
  return {
    isError: true,
    content: [{ type: 'text', text: refusal.message }],
    // ChatGPT reads challenges from here when the HTTP answer is already under way
    ...(header === undefined ? {} : { _meta: { 'mcp/www_authenticate': [header] } }),
  }
}

/** Refusals that asking differently, or a person's decision, can change; the rest is trouble on our side or Gitea's. */
const OF_THE_REQUEST = new Set<Refusal['code']>([
  'invalid_input',
  'forbidden',
  'policy',
  'repository_permission_denied',
  'grant',
  'narrowed',
  'not_in_gitea',
  'unknown_tool',
  'approval_needed',
  'insufficient_scope',
  'unauthenticated',
  'conflict',
])

/** A refusal of `resources/read`, which has no result to say it in. MCP keeps `data.uri` alone for “not found”. */
export function toResourceError(
  challenges: Challenges,
  request: McpRequest,
  uri: string,
  refusal: Refusal,
): ProtocolError {
  throwForHttp(challenges, request, refusal)
  if (refusal.code === 'not_found') {
    return new ResourceNotFoundError(uri, refusal.message)
  }
  const code = OF_THE_REQUEST.has(refusal.code) ? INVALID_PARAMS : INTERNAL_ERROR
  return new ProtocolError(code, refusal.message, { uri, reason: refusal.code })
}

export function toProgress(
  context: ServerContext,
): ((done: number, total?: number, message?: string) => void) | undefined {
  const progressToken = context.mcpReq._meta?.progressToken
  if (progressToken === undefined) {
    return undefined
  }
  let last = Number.NEGATIVE_INFINITY
  return (progress, total, message) => {
    // MCP: progress must grow with every notification
    if (progress <= last) {
      return
    }
    last = progress
    const params = {
      progressToken,
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    }
    // a client that has left is noticed by the signal; a lost notification changes nothing
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}
