import { AppError, RateLimited } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
import type { Step } from '../context.js'

/** The one place where an exception becomes an HTTP answer. What we did not foresee says only its request id. */
export function respondError(log: Logger): Step {
  return async function respondErrorStep(ctx, next) {
    try {
      await next()
    } catch (error) {
      if (ctx.res.headersSent) {
        log.error({ request_id: ctx.state.requestId, err: error }, 'failed_after_headers')
        ctx.res.destroy()
        return
      }
      const { status, body, headers } = present(error, ctx.state.requestId)
      if (status >= 500) {
        log.error({ request_id: ctx.state.requestId, err: error }, 'request_failed')
      }
      ctx.set(headers)
      ctx.status = status
      ctx.body = body
    }
  }
}

function present(
  error: unknown,
  requestId: string,
): { status: number; body: Record<string, string>; headers: Record<string, string> } {
  if (error instanceof AppError) {
    const headers: Record<string, string> =
      error instanceof RateLimited ? { 'Retry-After': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) } : {}
    return {
      status: error.status,
      body: { error: error.code, error_description: error.message, request_id: requestId },
      headers,
    }
  }
  // errors that Koa and its body parsers raise for the client's mistakes carry a 4xx status and `expose`
  if (isExposed(error)) {
    return {
      status: error.status,
      body: { error: 'invalid_request', error_description: error.message, request_id: requestId },
      headers: {},
    }
  }
  return {
    status: 500,
    body: { error: 'server_error', error_description: `Internal error, request ${requestId}.`, request_id: requestId },
    headers: {},
  }
}

function isExposed(error: unknown): error is Error & { status: number } {
  return (
    error instanceof Error &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500
  )
}
