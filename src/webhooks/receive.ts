import type Koa from 'koa'
import type { AuditLog } from '../audit/log.js'
import type { Limits } from '../gate/limits.js'
import type { Job } from '../jobs/define-job.js'
import type { AutomationMetrics } from '../jobs/metrics.js'
import type { Logger } from '../lib/logger.js'
import type { Secret } from '../lib/secret.js'
import type { Policy } from '../policy/policy.js'
import { type Delivery, parseDelivery } from './delivery.js'
import { toEventLabel } from './event-types.js'
import type { DeliveryLedger, Receipt } from './ledger.js'
import { createRefuser, type RefusalReason } from './refuse-delivery.js'
import { findSigner, parseSignatures } from './signature.js'
import { findBodyForm, readSignedBody } from './signed-body.js'
import { planJobs } from './triggers.js'

/*
 * `POST /automation/webhook`. Gitea tries once and waits five seconds, so everything that is signed is kept, whatever it
 * says, and everything else that it may set off happens later.
 */

type WebhookContext = Koa.ParameterizedContext<{ requestId: string; address: string }>

export interface WebhookReceiver {
  handle(ctx: WebhookContext): Promise<void>
}

interface ReceiverDeps {
  readonly ledger: DeliveryLedger
  readonly jobs: readonly Job[]
  /** Any of them signs; the current one first. */
  readonly secrets: readonly Secret[]
  readonly limits: Limits
  readonly audit: AuditLog
  readonly metrics: Pick<AutomationMetrics, 'countDelivery' | 'countSignature'>
  readonly log: Logger
  policy(): Policy
  /** Login of the account that jobs act as; undefined while Gitea does not say. */
  findLogin(): Promise<string | undefined>
  /** There are new jobs. */
  wake(): void
  /** Epoch milliseconds. */
  now(): number
}

export function createWebhookReceiver(deps: ReceiverDeps): WebhookReceiver {
  const { ledger, secrets, metrics, log } = deps
  const refuser = createRefuser(deps)

  const keep = async (delivery: Delivery): Promise<Receipt> => {
    const automationLogin = await deps.findLogin()
    const receipt = await ledger.receive(delivery, (kept) =>
      planJobs(kept, { jobs: deps.jobs, policy: deps.policy(), automationLogin }),
    )
    if (receipt.jobs.length > 0) {
      deps.wake()
    }
    return receipt
  }

  const refuse = async (ctx: WebhookContext, reason: RefusalReason) => {
    metrics.countDelivery('other', 'refused')
    await refuser.refuse(ctx, reason)
  }

  return {
    handle: async (ctx) => {
      if (ctx.method !== 'POST') {
        return refuse(ctx, 'method')
      }
      if (secrets.length === 0) {
        return refuse(ctx, 'no_secret')
      }
      const given = parseSignatures(ctx.req.headers)
      if (typeof given === 'string') {
        return refuse(ctx, given)
      }
      const form = findBodyForm(ctx.req.headers['content-type'])
      if (form === undefined) {
        return refuse(ctx, 'content_type')
      }
      const body = await readSignedBody(ctx.req, form, secrets)
      const signer = findSigner(given, body.macs)
      if (signer === undefined) {
        return refuse(ctx, 'wrong_signature')
      }
      const delivery = parseDelivery(ctx.req.headers, body)
      const { outcome, jobs } = await keep(delivery)
      metrics.countDelivery(toEventLabel(delivery.eventType), outcome)
      const signedWith = signer === 0 ? 'current' : 'older'
      metrics.countSignature(signedWith)
      const { id, eventType, action, repository, sender } = delivery
      log.info(
        {
          request_id: ctx.state.requestId,
          delivery: id,
          event_type: eventType,
          action,
          repository: repository === undefined ? undefined : `${repository.owner}/${repository.name}`,
          sender,
          bytes: body.bytes,
          outcome,
          jobs: jobs.length,
          // when none is signed with the older secret any more, that one can go
          signed_with: signedWith,
        },
        'webhook_received',
      )
      ctx.status = 202
      ctx.body = { delivery: id, outcome, jobs: jobs.length }
    },
  }
}

/** Stands at the address while automation is switched off. */
export function createClosedReceiver(deps: Pick<ReceiverDeps, 'limits' | 'audit' | 'log' | 'now'>): WebhookReceiver {
  const refuser = createRefuser(deps)
  return { handle: (ctx) => refuser.refuse(ctx, ctx.method === 'POST' ? 'off' : 'method') }
}
