import type { AuditLog } from '../audit/log.js'
import type { PendingInvocation } from '../audit/record.js'
import type { WriteRules } from '../config/config.js'
import type { GiteaTransport } from '../gitea/client.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Caller } from '../identity/caller.js'
import type { Clock } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import type { ObjectStore } from '../objects/store.js'
import type { CodeSearch } from '../search/code-search.js'
import type { AutomationPort } from '../tools/automation-port.js'
import { isForClients, type Tool, type ToolLimits } from '../tools/define-tool.js'
import type { Approvals } from './approvals.js'
import { auditFailure, auditPending, auditRefusal, auditSuccess, findLookedInto } from './audit-events.js'
import type { AuthorTrust } from './author-trust.js'
import { type CallStatus, decideApproval, decidePolicy, limitRate, permitRepository, REPEATED_RATE } from './decide.js'
import type { Limits } from './limits.js'
import { describeMove, refuseMoved, toMovedCall } from './moved-call.js'
import { checkOffered, type Narrowing, type Offer } from './narrowing.js'
import type { Outbound } from './outbound.js'
import { checkPanic, type PanicSwitch } from './panic.js'
import type { PolicySource } from './policy-source.js'
import type { RecentReads } from './recent-reads.js'
import { type CallOutcome, type Refusal, refuse } from './refusal.js'
import { answerRepeat, refuseRepeat } from './repeated-call.js'
import type { Kept, Repeats } from './repeats.js'
import { runTool } from './run.js'
import { checkGrant, checkScope, checkWriteGates, findTarget, parseArguments, type Target } from './steps.js'
import type { RunFacts } from './watch-gitea.js'

/*
 * P2: every door runs tools through `callTool`, and nothing else calls `Tool.call`. The steps below are the whole of
 * what happens to a call, in order; each is a named function that either lets it pass or says why not.
 */

export interface GateMetrics {
  observeCall(tool: string, status: CallStatus, seconds: number, accountId: string): void
}

/** What the gate works with; one per process. */
export interface Gate extends Offer {
  readonly tools: ReadonlyMap<string, Tool>
  readonly gitea: GiteaTransport
  readonly objects: ObjectStore
  readonly search: CodeSearch
  automation(): AutomationPort | undefined
  readonly panic: PanicSwitch
  readonly policy: PolicySource
  readonly limits: Limits
  readonly approvals: Approvals
  readonly repeats: Repeats
  readonly recentReads: RecentReads
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
  /** Name of the job that calls. */
  readonly job?: string
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

/** How a call ended, and what an identical one is told. */
interface Ended {
  readonly outcome: CallOutcome
  readonly status: CallStatus
  readonly kept?: Kept | undefined
}

/** Runs one tool for one caller, or says why not. Never throws for anything the caller, the policy or Gitea did. */
export async function callTool(gate: Gate, call: ToolCall): Promise<CallOutcome> {
  return (await runCall(gate, call)).outcome
}

/** @param movedFrom the call whose repository has a new name, under which this is the same call */
async function runCall(gate: Gate, call: ToolCall, movedFrom?: AllowedCall): Promise<Ended> {
  const startedAt = performance.now()
  const decided = await decideCall(gate, call)
  const ended =
    'code' in decided
      ? deny(gate, call, decided)
      : decided.tool.effect === 'read'
        ? await beginCall(gate, call, decided, movedFrom)
        : await writeOnce(gate, call, decided, movedFrom)
  return finish(gate, call, startedAt, ended)
}

function deny(gate: Gate, call: ToolCall, refusal: Refusal): Ended {
  if (refusal.rule !== REPEATED_RATE) {
    gate.audit.recordSoon(auditRefusal(gate, call, refusal))
  }
  return { outcome: refuse(refusal), status: 'denied' }
}

/** Step 9a: a write that was just made with the same arguments is not made again. */
async function writeOnce(gate: Gate, call: ToolCall, decided: AllowedCall, movedFrom?: AllowedCall): Promise<Ended> {
  const entrance = await gate.repeats.enter(call, decided.args)
  switch (entrance.kind) {
    case 'left':
      return deny(gate, call, { code: 'cancelled', status: 499, message: entrance.message, rule: 'cancelled' })
    case 'unclear':
      return deny(gate, call, refuseRepeat(gate, entrance))
    case 'done': {
      const outcome = await answerRepeat(gate, call, decided, entrance, (event) => recordPending(gate, event))
      return { outcome, status: outcome.ok ? 'success' : 'error' }
    }
    case 'first': {
      let kept: Kept | undefined
      try {
        const ended = await beginCall(gate, call, decided, movedFrom)
        kept = ended.kept
        return ended
      } finally {
        // also for a fault of ours: whoever waits must not wait for ever
        entrance.settle(kept)
      }
    }
  }
}

/** Steps 9b to 13. */
async function beginCall(gate: Gate, call: ToolCall, decided: AllowedCall, movedFrom?: AllowedCall): Promise<Ended> {
  const startedAt = performance.now()
  // once more, because deciding may have waited for Gitea, or for the call before this one
  const stopped = checkPanic(gate.panic.current(), decided.tool)
  if (stopped !== undefined) {
    return deny(gate, call, stopped)
  }
  const allowed = decided.decision.effect === 'approve' ? decideApproval(gate, call, decided) : decided
  if ('code' in allowed) {
    return deny(gate, call, allowed)
  }
  const refusal = await recordPending(gate, auditPending(gate, call, allowed))
  if (refusal !== undefined) {
    return { outcome: refuse(refusal), status: 'error' }
  }
  const ran = await runTool(gate, call, allowed)
  if (!ran.ok) {
    const event = auditFailure(call, allowed, ran, performance.now() - startedAt)
    gate.audit.recordSoon(event)
    if (ran.facts.movedTo !== undefined && ran.facts.changed === 'no' && movedFrom === undefined) {
      return followMove(gate, call, allowed, ran.facts.movedTo)
    }
    const status = event.status === 'cancelled' ? 'cancelled' : 'error'
    return { outcome: ran, status, ...(ran.facts.changed === 'no' ? {} : { kept: { kind: 'unclear' } }) }
  }
  gate.audit.recordSoon(auditSuccess(gate, call, allowed, ran, performance.now() - startedAt))
  // a job stays in its repository
  if (call.job === undefined) noteReading(gate, call, allowed, ran.facts)
  const { notes } = ran.facts
  const text = [...notes, ran.answer.text].join('\n')
  return {
    outcome: { ok: true, text, data: ran.answer.data ?? {}, notes },
    status: 'success',
    kept: { kind: 'done', answer: ran.given },
  }
}

/** The whole gate once more, for the new name; what that says is not for a caller who may not use it. */
async function followMove(gate: Gate, call: ToolCall, allowed: AllowedCall, to: RepositoryName): Promise<Ended> {
  const ended = await runCall(gate, toMovedCall(call, allowed, to), allowed)
  const { outcome, status } = ended
  const note = describeMove(allowed, to)
  if (!outcome.ok) {
    const { refusal } = outcome
    const said =
      status === 'denied' ? refuseMoved(allowed, refusal) : { ...refusal, message: `${note} ${refusal.message}` }
    return { ...ended, outcome: refuse(said) }
  }
  return { ...ended, outcome: { ...outcome, text: `${note}\n${outcome.text}`, notes: [note, ...outcome.notes] } }
}

/** What this person's client may have seen, for the guard of public repositories. */
function noteReading(gate: Gate, call: ToolCall, { tool, target }: AllowedCall, facts: RunFacts): void {
  const own = target === undefined ? [] : [`${target.owner}/${target.name}`]
  gate.recentReads.note(call.caller, [...own, ...findLookedInto(tool, facts)])
}

/** Steps 1 to 8: everything that can refuse a call of itself, before anything is recorded as begun. */
async function decideCall(gate: Gate, call: ToolCall): Promise<AllowedCall | Refusal> {
  const { caller } = call
  const tool = gate.tools.get(call.tool)
  if (tool === undefined || (call.via !== 'job' && !isForClients(tool))) {
    return unknownTool(gate, call.tool)
  }
  const early =
    checkPanic(gate.panic.current(), tool) ??
    checkOffered(gate, tool, call.narrowing) ??
    checkScope(tool, caller) ??
    (await limitRate(gate, call))
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
  const decision = decidePolicy(gate, tool, args, target, call.job)
  if (decision.effect === 'deny') {
    return { code: 'policy', status: 403, message: decision.reason, rule: decision.rule }
  }
  const notPermitted = await permitRepository(caller, tool, target)
  if (notPermitted !== undefined) {
    return notPermitted
  }
  return { tool, args, target, decision: { ...decision, effect: decision.effect } }
}

function unknownTool(gate: Gate, name: string): Refusal {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name
  return {
    code: 'unknown_tool',
    status: 404,
    message: `There is no tool “${shown}”. The tools are ${listClientTools(gate).sort().join(', ')}.`,
    rule: 'tool.unknown',
  }
}

/** Names of the tools that clients may know. */
export function listClientTools({ tools }: Pick<Gate, 'tools'>): string[] {
  return [...tools.values()].filter(isForClients).map(({ name }) => name)
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

/** Step 14. */
function finish(gate: Gate, call: ToolCall, startedAt: number, ended: Ended): Ended {
  const { outcome, status } = ended
  const ms = performance.now() - startedAt
  const tool = gate.tools.has(call.tool) ? call.tool : 'unknown'
  gate.metrics.observeCall(tool, status, ms / 1000, call.caller.accountId)
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
  return ended
}
