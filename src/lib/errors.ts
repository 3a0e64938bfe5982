/**
 * Every expected failure is one of these. `message` is our own text and may be shown to people and models;
 * `detail` may carry upstream text and goes to the log only. Anything else that is thrown is a bug and becomes
 * a 500 that names nothing but the request id.
 */
export type ErrorCode =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'upstream_failed'
  | 'upstream_timeout'
  | 'unavailable'
  | 'cancelled'

interface AppErrorOptions {
  /** For the log: upstream text, SQL text, anything we did not write ourselves. */
  readonly detail?: string
  readonly cause?: unknown
}

export abstract class AppError extends Error {
  abstract readonly code: ErrorCode
  /** HTTP status of an answer that is nothing but this error. */
  abstract readonly status: number
  readonly detail: string | undefined

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.detail = options.detail
  }
}

/** What the caller sent cannot be used; the message says what to change. */
export class InvalidInput extends AppError {
  readonly code = 'invalid_input'
  readonly status = 400
}

/** Who is calling is not, or no longer, known. `source` tells whether our token or Gitea's was refused. */
export class Unauthenticated extends AppError {
  readonly code = 'unauthenticated'
  readonly status = 401
  readonly source: 'token' | 'gitea'

  constructor(message: string, options: AppErrorOptions & { readonly source?: 'token' | 'gitea' } = {}) {
    super(message, options)
    this.source = options.source ?? 'token'
  }
}

/** The caller is known and may not do this. `rule` names what refused it. */
export class Forbidden extends AppError {
  readonly code = 'forbidden'
  readonly status = 403
  readonly rule: string

  constructor(message: string, options: AppErrorOptions & { readonly rule: string }) {
    super(message, options)
    this.rule = options.rule
  }
}

export class NotFound extends AppError {
  readonly code = 'not_found'
  readonly status = 404
}

export class Conflict extends AppError {
  readonly code = 'conflict'
  readonly status = 409
}

export class RateLimited extends AppError {
  readonly code = 'rate_limited'
  readonly status = 429
  readonly retryAfterMs: number

  constructor(message: string, options: AppErrorOptions & { readonly retryAfterMs: number }) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Gitea answered with a fault of its own, or with something that is not its API. */
export class UpstreamFailed extends AppError {
  readonly code = 'upstream_failed'
  readonly status = 502
}

/** Gitea did not answer in time. */
export class UpstreamTimeout extends AppError {
  readonly code = 'upstream_timeout'
  readonly status = 504
}

/** We cannot do this safely now: the audit log is not writable, or the server is stopping. */
export class Unavailable extends AppError {
  readonly code = 'unavailable'
  readonly status = 503
}

/** The caller went away. */
export class Cancelled extends AppError {
  readonly code = 'cancelled'
  readonly status = 499
}

/** For the log, what an error says that one with better words takes the place of. */
export function detailOf({ detail }: AppError): { readonly detail?: string } {
  return detail === undefined ? {} : { detail }
}

/** The message of whatever was thrown, for logs. */
export function toErrorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
