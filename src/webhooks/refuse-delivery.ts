import type Koa from 'koa'
import type { AuditLog } from '../audit/log.js'
import { type Limits, toAddressKey } from '../gate/limits.js'
import { RateLimited } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { MINUTE } from '../lib/units.js'
import type { SignatureProblem } from './signature.js'

type RefusedContext = Koa.ParameterizedContext<{ requestId: string; address: string }>

export type RefusalReason = SignatureProblem | 'method' | 'content_type' | 'no_secret' | 'off'

const REFUSALS: Readonly<Record<RefusalReason, { readonly status: number; readonly message: string }>> = {
  method: { status: 405, message: 'Webhooks of Gitea come here by POST.' },
  off: {
    status: 503,
    message: 'Automation is off on this server. Set AUTOMATION_ENABLED=true, or remove the webhook.',
  },
  no_secret: {
    status: 503,
    message:
      'No delivery is taken, because this server has no webhook secret. Set AUTOMATION_WEBHOOK_SECRETS and give the webhook in Gitea the same one.',
  },
  content_type: {
    status: 415,
    message: 'Set the webhook’s content type to application/json (application/x-www-form-urlencoded is taken too).',
  },
  unsigned: {
    status: 401,
    message:
      'The delivery carries no signature. Give the webhook in Gitea a secret that is one of AUTOMATION_WEBHOOK_SECRETS.',
  },
  empty_signature: {
    status: 401,
    message:
      'The signature is empty, so the webhook in Gitea has no secret. Give it one of AUTOMATION_WEBHOOK_SECRETS; Gitea changes the secret of a webhook only when it is deleted and made again.',
  },
  malformed_signature: {
    status: 401,
    message: 'The signature is not the hex digits of a SHA-256. Is this Gitea, and does a proxy change the headers?',
  },
  wrong_signature: {
    status: 401,
    message:
      'The signature does not match. Compare the secret of the webhook in Gitea with AUTOMATION_WEBHOOK_SECRETS, and see that no proxy changes the body.',
  },
}

/** Worth counting as an attempt to guess; the others are settings. */
const GUESSES = new Set<RefusalReason>(['wrong_signature', 'malformed_signature'])
const WINDOW_MS = 10 * MINUTE
const REMEMBERED_ADDRESSES = 1000

export interface Refuser {
  /**
   * Answers a delivery that is not taken, and counts it against its address.
   *
   * @throws RateLimited where that address is refused too often
   */
  refuse(ctx: RefusedContext, reason: RefusalReason): Promise<void>
}

/**
 * Refused deliveries count as requests of their address, and wrong signatures lock it out. Locked out are its unsigned
 * and wrongly signed deliveries only, and bearer tokens not at all: anybody in Gitea can make a webhook with a wrong
 * secret, and must not cut off Gitea’s own address, or the people behind the same proxy.
 */
export function createRefuser(deps: {
  readonly limits: Limits
  readonly audit: AuditLog
  readonly log: Logger
  now(): number
}): Refuser {
  const { limits, audit, log } = deps
  const toldUntil = new Map<string, number>()

  const isFirst = (key: string): boolean => {
    const now = deps.now()
    if ((toldUntil.get(key) ?? 0) > now) {
      return false
    }
    if (toldUntil.size >= REMEMBERED_ADDRESSES) {
      toldUntil.clear()
    }
    toldUntil.set(key, now + WINDOW_MS)
    return true
  }

  const record = (requestId: string, reason: string, details: Record<string, unknown>) =>
    audit.recordSoon({ type: 'security_event', request_id: requestId, reason, details })

  return {
    refuse: async (ctx, reason) => {
      const { address, requestId } = ctx.state
      const key = `webhook ${toAddressKey(address)}`
      const counted = await limits.countAddress(address)
      const lockedMs = await limits.lockedForMs(key)
      const waitMs = Math.max(counted.retryAfterMs, lockedMs)
      if (counted.first) {
        record(requestId, 'rate_limit_exceeded', { ip: address })
      }
      if (!counted.allowed || lockedMs > 0) {
        throw new RateLimited('Too many deliveries of this address were refused. Correct the webhook, then wait.', {
          retryAfterMs: waitMs,
        })
      }
      const { status, message } = REFUSALS[reason]
      if (status === 401) {
        log.warn({ request_id: requestId, reason, client_ip: address }, 'webhook_refused')
        if (isFirst(`${key} ${reason}`)) {
          record(requestId, 'webhook_refused', { ip: address, because: reason })
        }
      }
      if (GUESSES.has(reason) && (await limits.countFailure(key)).first) {
        log.warn({ request_id: requestId, client_ip: address, seconds: limits.lockSeconds }, 'auth_rate_limit_exceeded')
        record(requestId, 'auth_rate_limit_exceeded', { ip: address, door: 'webhook' })
      }
      ctx.status = status
      if (status === 405) {
        ctx.set('Allow', 'POST')
      }
      ctx.body = { error: reason, error_description: message, request_id: requestId }
    },
  }
}
