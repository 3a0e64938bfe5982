import { decide } from './decide.js'
import type { Decision, PolicyRequest } from './decision.js'
import type { Policy } from './policy.js'

export interface Explanation {
  readonly decision: Decision
  /** Every rule that was looked at, in order, and last the decision. */
  readonly lines: readonly string[]
}

/** Decides exactly as `decide` does and tells what it looked at on the way. */
export function explain(policy: Policy, request: PolicyRequest): Explanation {
  const lines: string[] = []
  const decision = decide(policy, request, (rule, line, says) => {
    lines.push(`${rule}${line === undefined ? '' : ` (line ${line})`}: ${says}`)
  })
  return { decision, lines: [...lines, `→ ${decision.effect} by ${decision.rule}. ${decision.reason}`] }
}
