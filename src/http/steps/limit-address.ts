import type { AuditLog } from '../../audit/log.js'
import type { Limits } from '../../gate/limits.js'
import { RateLimited } from '../../lib/errors.js'
import type { Step } from '../context.js'

/** Requests of one address a minute, whatever they ask for. Probes are not counted: they come from this machine. */
export function limitAddress(limits: Limits, audit: AuditLog): Step {
  return async function limitAddressStep(ctx, next) {
    const answer = await limits.countAddress(ctx.state.address)
    if (!answer.allowed) {
      if (answer.first) {
        audit.recordSoon({
          type: 'security_event',
          request_id: ctx.state.requestId,
          reason: 'rate_limit_exceeded',
          details: { ip: ctx.state.address },
        })
      }
      throw new RateLimited('Too many requests from this address. Wait and try again.', {
        retryAfterMs: answer.retryAfterMs,
      })
    }
    await next()
  }
}
