import { expect } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { policyOf, repo, TOOLS } from './load-text.js'

/** A sentence of docs/policy.md, and a call that it is about. */
export interface DecisionRow {
  readonly says: string
  readonly policy: string
  readonly tool: string
  readonly in?: string
  readonly path?: string
  readonly gets: string
}

export const WEB = (rules: string) => `repositories: { acme/web: { ${rules} } }`

export function expectDecision({ policy, tool, in: repository, path, gets }: DecisionRow): void {
  const effect = TOOLS.find(({ name }) => name === tool)?.effect ?? 'read'

  const decision = decide(policyOf(policy), {
    tool,
    effect,
    ...(repository === undefined ? {} : { repository: repo(repository) }),
    ...(path === undefined ? {} : { path }),
  })

  expect(`${decision.effect} ${decision.rule}`).toBe(gets)
  expect(decision.reason).toMatch(/^[A-Z].*\.$/)
}
