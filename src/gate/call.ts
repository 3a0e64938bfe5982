import type { AuditLog } from '../audit/log.js'
import type { PendingInvocation } from '../audit/record.js'
import type { WriteRules } from '../config/config.js'
import type { GiteaTransport } from '../gitea/client.js'
import type { Caller } from '../identity/caller.js'
import type { Clock } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import type { ObjectStore } from '../objects/store.js'
import type { Tool, ToolLimits } from '../tools/define-tool.js'
import type { Approvals } from './approvals.js'
import { auditFailure, auditPending, auditRefusal, auditSuccess } from './audit-events.js'
import type { AuthorTrust } from './author-trust.js'
import { type CallStatus, decideApproval, decidePolicy, limitRate, permitRepository, REPEATED_RATE } from './decide.js'
import type { Limits } from './limits.js'
import { checkOffered, type Narrowing, type Offer } from './narrowing.js'
import type { Outbound } from './outbound.js'
import type { PolicySource } from './policy-source.js'
import { type CallOutcome, type Refusal, refuse } from './refusal.js'
import { runTool } from './run.js'
import { checkGrant, checkScope, checkWriteGates, findTarget, parseArguments, type Target } from './steps.js'

/*
 * P2: every door runs tools through `callTool`, and nothing else calls `Tool.call`. The steps below are the whole of
 * what happens to a call, in order; each is a named function that either lets it pass or says why not.
 */

export interface GateMetrics {
  observeCall(tool: string, status: CallStatus, seconds: number): void
}

/** What the gate works with; one per process. */
export interface Gate extends Offer {
  readonly tools: ReadonlyMap<string, Tool>
  readonly gitea: GiteaTransport
  readonly objects: ObjectStore
  readonly policy: PolicySource
  readonly limits: Limits
  readonly approvals: Approvals
  readonly audit: AuditLog
  readonly outbound: Outbound
  readonly write: WriteRules
  readonly toolLimits: ToolLimits
  readonly authorTrust: AuthorTrust
  /** Longest time one call may run, milliseconds. */
  readonly deadlineMs: number
  readonly metrics: GateMetrics
  readonly clock: Clock
  readonly log: Logger
}

export interface ToolCall {
  readonly tool: string
  readonly args: unknown
  readonly caller: Caller
  /** Pairs the audit entries of this call. */
  readonly id: string
  readonly requestId: string
  readonly correlationId?: string
  readonly address: string
  readonly via: 'mcp' | 'sse' | 'direct' | 'job'
  /** Lines for a model unless told. */
  readonly form?: 'text' | 'data'
  /** Fires when the caller leaves. */
  readonly signal: AbortSignal
  /** What the connection itself leaves out, besides the settings. */
  readonly narrowing?: readonly Narrowing[]
  readonly progress?: (done: number, total?: number, message?: string) => void
}

/** A call that may run: what to run, on what, and which rule allowed it. */
export interface AllowedCall {
  readonly tool: Tool
  readonly args: Record<string, unknown>
  readonly target: Target | undefined
  readonly decision: { readonly effect: 'allow' | 'approve'; readonly rule: string; readonly reason: string }
}

/**
 * Runs one tool for one caller, or says why not. Never throws for anything the caller, the policy or Gitea did.
 */
export async function callTool(gate: Gate, call: ToolCall): Promise<CallOutcome> {
  const startedAt = performance.now()
  const decided = await decideCall(gate, call)
  if ('code' in decided) {
    if (decided.rule !== REPEATED_RATE) {
      gate.audit.recordSoon(auditRefusal(gate, call, decided))
    }
    return finish(gate, call, 'denied', startedAt, refuse(decided))
  }
  const refusal = await recordPending(gate, auditPending(gate, call, decided))
  if (refusal !== undefined) {
    return finish(gate, call, 'error', startedAt, refuse(refusal))
  }
  const ran = await runTool(gate, call, decided)
  if (!ran.ok) {
    const outcome = auditFailure(call, decided, ran, performance.now() - startedAt)
    gate.audit.recordSoon(outcome)
    return finish(gate, call, outcome.status === 'cancelled' ? 'cancelled' : 'error', startedAt, ran)
  }
  gate.audit.recordSoon(auditSuccess(call, decided, ran, performance.now() - startedAt))
  return finish(gate, call, 'success', startedAt, { ok: true, text: ran.answer.text, data: ran.answer.data ?? {} })
}

/** Steps 1 to 9: everything that can refuse a call before anything is recorded as begun. */
async function decideCall(gate: Gate, call: ToolCall): Promise<AllowedCall | Refusal> {
  const { caller } = call
  const tool = gate.tools.get(call.tool)
  if (tool === undefined) {
    return unknownTool(gate, call.tool)
  }
  const early = checkOffered(gate, tool, call.narrowing) ?? checkScope(tool, caller) ?? (await limitRate(gate, call))
  if (early !== undefined) {
    return early
  }
  const parsed = parseArguments(tool, call.args)
  if (!parsed.ok) {
    return parsed.refusal
  }
  const args = parsed.value
  const target = findTarget(args)
  const closed = checkWriteGates(tool, target, gate.write) ?? checkGrant(tool, target, caller.grant, gate.clock.now())
  if (closed !== undefined) {
    return closed
  }
  const decision = decidePolicy(gate, tool, args, target)
  if (decision.effect === 'deny') {
    return { code: 'policy', status: 403, message: decision.reason, rule: decision.rule }
  }
  const notPermitted = await permitRepository(caller, tool, target)
  if (notPermitted !== undefined) {
    return notPermitted
  }
  const allowed: AllowedCall = { tool, args, target, decision: { ...decision, effect: decision.effect } }
  return decision.effect === 'approve' ? decideApproval(gate, call, allowed) : allowed
}

function unknownTool(gate: Gate, name: string): Refusal {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name
  return {
    code: 'unknown_tool',
    status: 404,
    message: `There is no tool “${shown}”. The tools are ${[...gate.tools.keys()].sort().join(', ')}.`,
    rule: 'tool.unknown',
  }
}

/** Step 10, P3: no row on disk, no request to Gitea. */
async function recordPending(gate: Gate, event: PendingInvocation): Promise<Refusal | undefined> {
  try {
    await gate.audit.record(event)
    return undefined
  } catch (error) {
    // fail closed: whatever kept the row from disk, the call does not run
    gate.log.error({ err: error }, 'audit_not_writable')
    return {
      code: 'unavailable',
      status: 503,
      message: 'The audit log cannot be written, so nothing may run now. Ask the admin to look at /health.',
      rule: 'audit.unavailable',
    }
  }
}

function finish<Outcome extends CallOutcome>(
  gate: Gate,
  call: ToolCall,
  status: CallStatus,
  startedAt: number,
  outcome: Outcome,
): Outcome {
  const ms = performance.now() - startedAt
  const tool = gate.tools.has(call.tool) ? call.tool : 'unknown'
  gate.metrics.observeCall(tool, status, ms / 1000)
  gate.log.info(
    {
      request_id: call.requestId,
      call: call.id,
      tool,
      login: call.caller.login,
      client: call.caller.clientId,
      via: call.via,
      status,
      duration_ms: Math.round(ms * 100) / 100,
      ...(outcome.ok ? {} : { reason: outcome.refusal.code, rule: outcome.refusal.rule }),
    },
    'tool_call',
  )
  return outcome
}
