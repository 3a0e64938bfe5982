import { checkOffered } from '../gate/narrowing.js'
import { checkPanic } from '../gate/panic.js'
import { checkScope } from '../gate/steps.js'
import { Unauthenticated } from '../lib/errors.js'
import { isForClients } from '../tools/define-tool.js'
import type { Admission } from './admission.js'
import { callForRequest, type McpRequest, type WantedCall } from './gate-call.js'
import { findResourceCall } from './resources/resources.js'
import type { McpDeps } from './server.js'
import type { HttpRefusal, JsonObject } from './thin-exchange.js'

/* Refusals that HTTP must tell, found before an answer has begun. */

/** Requests after which a client shows what it may do; they ask Gitea first whether the sign-in still stands. */
const PROVEN_METHODS = new Set(['initialize', 'server/discover', 'tools/list'])

interface EarlyRefusal {
  readonly refusal: HttpRefusal
  readonly message: string
}

/** A sign-in that Gitea has ended is told by 401 before any answer has begun. */
export async function findEndedSignIn(
  deps: McpDeps & { readonly admission: Admission },
  { caller, requestId, via }: McpRequest,
  body: unknown,
): Promise<EarlyRefusal | undefined> {
  const { method } = toObject(body)
  if (typeof method !== 'string' || !PROVEN_METHODS.has(method)) {
    return undefined
  }
  try {
    await deps.admission.prove(caller, requestId)
    return undefined
  } catch (error) {
    // a Gitea that is down must not hide the tools; only a sign-in that has ended refuses
    return error instanceof Unauthenticated
      ? { refusal: deps.challenges.unauthenticated(error.message, via), message: error.message }
      : undefined
  }
}

/**
 * The SDK's handler has begun its answer before the gate can speak, so a missing scope is looked for first. The call
 * then goes through the gate all the same, which refuses and records it.
 */
export async function findMissingScope(
  deps: McpDeps,
  request: McpRequest,
  body: unknown,
): Promise<EarlyRefusal | undefined> {
  const { method, params } = toObject(body)
  const wanted = findWantedCall(method, toObject(params))
  const tool = wanted === undefined ? undefined : deps.gate.tools.get(wanted.tool)
  if (
    wanted === undefined ||
    tool === undefined ||
    !isForClients(tool) ||
    checkPanic(deps.gate.panic.current(), tool) !== undefined ||
    checkOffered(deps.gate, tool, request.narrowing) !== undefined ||
    checkScope(tool, request.caller) === undefined
  ) {
    return undefined
  }
  const outcome = await callForRequest(deps, request, wanted, AbortSignal.timeout(deps.gate.deadlineMs))
  const refusal = outcome.ok ? undefined : deps.challenges.forRefusal(outcome.refusal, request.via)
  return outcome.ok || refusal === undefined ? undefined : { refusal, message: outcome.refusal.message }
}

/** The tool call that a request comes down to, where it comes down to one. */
function findWantedCall(method: unknown, params: JsonObject): WantedCall | undefined {
  const { name, uri, arguments: args } = params
  if (method === 'tools/call' && typeof name === 'string') {
    return { tool: name, args }
  }
  return method === 'resources/read' && typeof uri === 'string' ? findResourceCall(uri) : undefined
}

export function toObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
