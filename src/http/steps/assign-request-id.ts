import { createRequestId } from '../../lib/ids.js'
import type { Step } from '../context.js'

const USABLE = /^[\w.:-]{8,128}$/

/** Every answer carries `X-Request-ID`: the caller's own when it is usable, ours otherwise. */
export function assignRequestId(): Step {
  return async function assignRequestIdStep(ctx, next) {
    const given = ctx.req.headers['x-request-id']
    ctx.state.requestId = typeof given === 'string' && USABLE.test(given) ? given : createRequestId()
    ctx.res.setHeader('x-request-id', ctx.state.requestId)
    await next()
  }
}
