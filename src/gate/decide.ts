import { canonicalJson } from '../audit/canonical-json.js'
import type { Caller } from '../identity/caller.js'
import { decide } from '../policy/decide.js'
import type { Decision } from '../policy/decision.js'
import type { Tool } from '../tools/define-tool.js'
import { auditArguments } from './audit-events.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import type { Refusal } from './refusal.js'
import type { Target } from './steps.js'

/** How a call ended, as a metric label: few values, no names. */
export type CallStatus = 'success' | 'error' | 'denied' | 'cancelled'

/** A refusal of a flood that is already in the log: it is counted and answered, not recorded again. */
export const REPEATED_RATE = 'rate.token.repeated'

/** Tool calls of one token. Requests of one address are counted where HTTP comes in. */
export async function limitRate(gate: Gate, call: ToolCall): Promise<Refusal | undefined> {
  const answer = await gate.limits.countToken(call.caller.tokenHint)
  if (answer.allowed) {
    return undefined
  }
  const seconds = Math.max(1, Math.ceil(answer.retryAfterMs / 1000))
  return {
    code: 'rate_limited',
    status: 429,
    message: `Too many calls with this connection. Wait ${seconds} s and go on.`,
    rule: answer.first ? 'rate.token' : REPEATED_RATE,
    retryAfterMs: answer.retryAfterMs,
  }
}

/**
 * What the policy says. For a job's call, the pseudo-tool of the job opens the tools that the job declares, so that
 * what automation may do need not be opened to people's clients; what a list denies stays denied to both.
 */
export function decidePolicy(
  gate: Gate,
  tool: Tool,
  args: Record<string, unknown>,
  target: Target | undefined,
  job: string | undefined,
): Decision {
  const path = tool.pathArgument === undefined ? undefined : args[tool.pathArgument]
  const where = {
    ...(target === undefined ? {} : { repository: target }),
    ...(typeof path === 'string' ? { path } : {}),
  }
  const policy = gate.policy.current()
  const own = decide(policy, { tool: tool.name, effect: tool.effect === 'read' ? 'read' : 'write', ...where })
  if (job === undefined || own.effect === 'allow') {
    return own
  }
  if (own.effect === 'approve') {
    return { ...own, effect: 'deny', reason: `${own.reason} A job cannot wait for one.` }
  }
  const isUnnamed = own.rule.startsWith('defaults.') || own.rule.endsWith('.tools.allow')
  return isUnnamed ? decide(policy, { tool: `automation_${job}`, effect: 'write', ...where }) : own
}

/** Only for sign-ins where Gitea does not see the person (a service token): their right is asked for first. */
export async function permitRepository(
  caller: Caller,
  tool: Tool,
  target: Target | undefined,
): Promise<Refusal | undefined> {
  if (caller.permits === undefined || target === undefined) {
    return undefined
  }
  const decision = await caller.permits(target, tool.effect === 'read' ? 'read' : 'write', tool.operations)
  if (decision.effect === 'allow') {
    return undefined
  }
  return { code: 'repository_permission_denied', status: 403, message: decision.reason, rule: decision.rule }
}

/** A call that the policy lets run only after an admin said yes to exactly this call. */
export function decideApproval(gate: Gate, call: ToolCall, allowed: AllowedCall): AllowedCall | Refusal {
  const answer = gate.approvals.take({
    caller: call.caller,
    tool: allowed.tool.name,
    canonicalArgs: canonicalJson(allowed.args, toEscaped),
    summary: canonicalJson(auditArguments(gate, allowed.args), toEscaped),
    rule: allowed.decision.rule,
  })
  if (answer.status === 'approved') {
    const reason = `approved by ${answer.decidedBy} (request ${answer.id})`
    return { ...allowed, decision: { ...allowed.decision, reason } }
  }
  const message =
    answer.status === 'denied'
      ? `An admin said no to this call (request ${answer.id}). Do not try it again.`
      : `This call needs a yes from an admin. Request ${answer.id} is waiting; once it is approved, make exactly the same call again.`
  return { code: 'approval_needed', status: 403, message, rule: allowed.decision.rule }
}

/** Values without a canonical form (a lone surrogate) still need one text each, the same every time. */
function toEscaped(value: unknown): string {
  return JSON.stringify(value) ?? ''
}
