import type { Refusal } from '../gate/refusal.js'
import { SECOND } from '../lib/units.js'

/** The gate or Gitea said no to a call of a job. */
export class ToolRefused extends Error {
  readonly tool: string
  readonly refusal: Refusal

  constructor(tool: string, refusal: Refusal) {
    super(`${tool}: ${refusal.message}`)
    this.name = 'ToolRefused'
    this.tool = tool
    this.refusal = refusal
  }
}

/** Refusals that waiting may change; all others stay what they are until a person changes something. */
const PASSING = new Set<Refusal['code']>([
  'rate_limited',
  'upstream_failed',
  'upstream_timeout',
  'unavailable',
  'cancelled',
  'internal',
  'conflict',
])

export function isPassing({ refusal }: ToolRefused): boolean {
  return PASSING.has(refusal.code)
}

/** Refusals after which it is certain that Gitea was not changed: they come before anything is sent. */
const UNSENT = new Set<Refusal['code']>([
  'unknown_tool',
  'narrowed',
  'not_in_gitea',
  'insufficient_scope',
  'write_mode',
  'grant',
  'policy',
  'repository_permission_denied',
  'approval_needed',
  'rate_limited',
  'invalid_input',
  'forbidden',
  'not_found',
])

export function isUnsent({ refusal }: ToolRefused): boolean {
  return UNSENT.has(refusal.code)
}

/** How long a call that was refused for its rate waits before it is tried again. */
export function toWaitMs({ refusal }: ToolRefused): number {
  return Math.max(SECOND, refusal.retryAfterMs ?? SECOND)
}
