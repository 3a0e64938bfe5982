import type { AccessDenied, AuditTarget, InvocationOutcome, PendingInvocation } from '../audit/record.js'
import type { Tool, ToolAnswer } from '../tools/define-tool.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import type { PreparedAnswer } from './outbound.js'
import { UNNAMED } from './recent-reads.js'
import type { CallFailure, Refusal } from './refusal.js'
import type { RunFacts } from './watch-gitea.js'

/*
 * What the log says about a call: who, through which client, what, where, which rule decided, and how it ended.
 * Arguments are redacted and bounded; answers are not recorded, only their size.
 */

interface Finished {
  readonly facts: RunFacts
  readonly answer: PreparedAnswer
  readonly given: ToolAnswer
  /** The identical call whose answer this is. */
  readonly repeats?: string
}
type Failed = CallFailure & { readonly facts: RunFacts }

const MOST_REPOSITORIES = 30

/** The arguments as the log keeps them. */
export function auditArguments(gate: Gate, args: unknown): Record<string, unknown> {
  const bounded = gate.outbound.summarize(args)
  return bounded !== null && typeof bounded === 'object' && !Array.isArray(bounded)
    ? { ...bounded }
    : { value: bounded }
}

export function auditPending(gate: Gate, call: ToolCall, allowed: AllowedCall): PendingInvocation {
  return {
    ...toCommon(call),
    type: 'tool_invocation',
    status: 'pending',
    ...toTarget(allowed),
    arguments: auditArguments(gate, allowed.args),
    decision: allowed.decision,
  }
}

export function auditSuccess(
  gate: Gate,
  call: ToolCall,
  allowed: AllowedCall,
  { facts, answer, given, repeats }: Finished,
  ms: number,
): InvocationOutcome {
  const made = findMade(allowed, given.data)
  const repositories = toBounded(findLookedInto(allowed.tool, facts))
  return {
    ...toCommon(call),
    type: 'tool_invocation',
    status: 'success',
    ...toTarget(allowed),
    ...(facts.details === undefined ? {} : { details: facts.details }),
    outcome: {
      bytes: Buffer.byteLength(answer.text),
      masked: facts.masked + answer.masked,
      upstream_calls: facts.upstreamCalls,
      ...(made === undefined ? {} : { made: String(gate.outbound.summarize(made)) }),
      ...(repeats === undefined ? {} : { repeats }),
      ...(repositories.length === 0 ? {} : { repositories }),
      duration_ms: Math.round(ms),
    },
  }
}

/** A call that began and did not succeed; one whose caller left counts as cancelled. */
export function auditFailure(call: ToolCall, allowed: AllowedCall, ran: Failed, ms: number): InvocationOutcome {
  return {
    ...toCommon(call),
    type: 'tool_invocation',
    status: ran.refusal.code === 'cancelled' ? 'cancelled' : 'error',
    ...toTarget(allowed),
    ...(ran.facts.details === undefined ? {} : { details: ran.facts.details }),
    outcome: {
      code: ran.refusal.code,
      message: ran.refusal.message,
      upstream_calls: ran.facts.upstreamCalls,
      duration_ms: Math.round(ms),
    },
  }
}

export function auditRefusal(gate: Gate, call: ToolCall, refusal: Refusal): AccessDenied {
  // a refused call never began, so there is nothing for an outcome to be paired with
  const { call: _id, ...common } = toCommon(call)
  return {
    ...common,
    type: 'access_denied',
    arguments: auditArguments(gate, call.args ?? {}),
    decision: { effect: 'deny', rule: refusal.rule ?? refusal.code, reason: refusal.message },
    reason: refusal.code,
    ...(refusal.details === undefined ? {} : { details: refusal.details }),
  }
}

function toCommon(call: ToolCall) {
  const { caller } = call
  return {
    call: call.id,
    request_id: call.requestId,
    ...(call.correlationId === undefined ? {} : { correlation_id: call.correlationId }),
    via: call.via,
    tool: call.tool.slice(0, 128),
    actor: {
      account: caller.accountId,
      login: caller.login,
      client: caller.clientId,
      client_name: caller.clientName.slice(0, 128),
      token_hint: caller.tokenHint,
      ip: call.address,
    },
  }
}

function toTarget(allowed: AllowedCall): { target?: AuditTarget } {
  const { target, tool, args } = allowed
  const path = tool.pathArgument === undefined ? undefined : args[tool.pathArgument]
  const found = {
    ...(target === undefined ? {} : { repository: `${target.owner}/${target.name}` }),
    ...(typeof path === 'string' ? { path: path.slice(0, 512) } : {}),
    ...(typeof args.ref === 'string' ? { ref: args.ref.slice(0, 256) } : {}),
    ...toNumber(args),
  }
  return Object.keys(found).length === 0 ? {} : { target: found }
}

function toNumber(args: Record<string, unknown>): { number?: number } {
  const number = args.issue_number ?? args.pull_number
  return typeof number === 'number' ? { number } : {}
}

/** Where to find what a write made or changed: its address in Gitea, else its number or id. */
function findMade({ tool, target, args }: AllowedCall, data: Record<string, unknown>): string | undefined {
  if (tool.effect === 'read') {
    return undefined
  }
  if (typeof data.url === 'string' && data.url !== '') {
    return data.url
  }
  const where = target === undefined ? '' : `${target.owner}/${target.name}`
  const number = data.number ?? toNumber(args).number
  if (typeof number === 'number') {
    return `${where}#${number}`
  }
  return typeof data.id === 'number' ? `${where} id ${data.id}`.trim() : where || undefined
}

/** Repositories whose content a call without a repository of its own may have shown. Lists of names show none. */
export function findLookedInto(tool: Tool, facts: RunFacts): readonly string[] {
  return tool.toolset === 'repositories' ? [] : [...facts.lookedInto]
}

function toBounded(repositories: readonly string[]): readonly string[] {
  return repositories.length <= MOST_REPOSITORIES
    ? repositories
    : [...repositories.slice(0, MOST_REPOSITORIES), UNNAMED]
}
