import type { AppError, ErrorCode } from '../lib/errors.js'
import type { Scope } from '../oauth/scope.js'

/** Why a call did not succeed, in words and codes that every door can translate. */
type RefusalCode =
  | ErrorCode
  | 'unknown_tool'
  | 'panic'
  | 'narrowed'
  | 'not_in_gitea'
  | 'insufficient_scope'
  | 'write_mode'
  | 'grant'
  | 'policy'
  | 'repository_permission_denied'
  | 'approval_needed'
  | 'internal'

export interface Refusal {
  readonly code: RefusalCode
  /** HTTP status of an answer that is nothing but this refusal. */
  readonly status: number
  /** Our own words, telling the reader what to do next. */
  readonly message: string
  /** Which rule refused, for the audit log. */
  readonly rule?: string
  /** All scopes this call needs, for one step-up challenge. */
  readonly scopes?: readonly Scope[]
  readonly retryAfterMs?: number
  /** For the log. */
  readonly details?: Readonly<Record<string, unknown>>
}

interface CallSuccess {
  readonly ok: true
  /** Our notes, then the answer, redacted, bounded and marked as data: for models. */
  readonly text: string
  /** Redacted and bounded: for programs, empty unless the call asked for data. */
  readonly data: Record<string, unknown>
  /** What the answer itself does not say: that its repository has a new name, that it is one from before. */
  readonly notes: readonly string[]
}

export interface CallFailure {
  readonly ok: false
  readonly refusal: Refusal
}

export type CallOutcome = CallSuccess | CallFailure

export function refuse(refusal: Refusal): CallFailure {
  return { ok: false, refusal }
}

export function toRefusal(error: AppError): Refusal {
  return {
    code: error.code,
    status: error.status,
    message: error.message,
    ...('rule' in error && typeof error.rule === 'string' ? { rule: error.rule } : {}),
    ...('retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? { retryAfterMs: error.retryAfterMs } : {}),
  }
}
