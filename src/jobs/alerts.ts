import { createHmac } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { AuditLog } from '../audit/log.js'
import { sha256Hex } from '../lib/crypto.js'
import { toErrorText } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Secret } from '../lib/secret.js'
import { SECOND } from '../lib/units.js'
import type { Alert } from './define-job.js'

/*
 * What the administrators of this server are told, whoever may read the repository: in the server's log, as a metric, in
 * the audit log and, where one is set, at an address of theirs. Places and rules only; there is no field for a secret.
 */

export interface Alerts {
  /**
   * Resolves when it is in the audit log and was delivered, or could not be: that is logged and no fault of the job.
   *
   * @throws Unavailable while the audit log cannot be written
   */
  raise(alert: Alert, from: { readonly job: string; readonly run: string; readonly signal: AbortSignal }): Promise<void>
}

/** Where alerts are sent. The address is secret, because services put their key into it. */
export interface AlertTarget {
  readonly url: Secret
  /** Signs the body, as Gitea signs its deliveries. */
  readonly secret: Secret
}

interface AlertDeps {
  readonly audit: Pick<AuditLog, 'record'>
  readonly log: Logger
  readonly target: AlertTarget | undefined
  readonly metrics: { countAlert(visibility: Alert['visibility']): void }
  /** Before each further try, milliseconds. */
  readonly waits?: readonly number[]
}

const TIMEOUT_MS = 5 * SECOND
const WAITS = [SECOND, 4 * SECOND]

export function createAlerts({ audit, log, target, metrics, waits = WAITS }: AlertDeps): Alerts {
  return {
    raise: async (alert, { job, run, signal }) => {
      const { event, repository, visibility, rule, path, line, commit, url } = alert
      await audit.record({
        type: 'security_event',
        request_id: `job-${run}`,
        via: 'job',
        reason: event,
        target: { repository, path, ref: commit },
        details: { job, rule, line, visibility },
      })
      log.warn({ job, repository, visibility, rule, path, line, commit }, event)
      metrics.countAlert(visibility)
      if (target !== undefined && alert.isSent) {
        const body = JSON.stringify({ event, repository, rule, path, line, commit, url })
        await deliver({ target, event, body, id: sha256Hex(alert.key).slice(0, 32), waits, signal, log })
      }
    },
  }
}

interface Delivery {
  readonly target: AlertTarget
  readonly event: string
  readonly body: string
  /** The same each time an alert is sent, so that a receiver can tell. */
  readonly id: string
  readonly waits: readonly number[]
  readonly signal: AbortSignal
  readonly log: Logger
}

async function deliver({ target, event, body, id, waits, signal, log }: Delivery): Promise<void> {
  const signature = createHmac('sha256', target.secret.reveal()).update(body).digest('hex')
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'AegisGitea-MCP',
    'x-aegis-event': event,
    'x-aegis-delivery': id,
    'x-aegis-signature': signature,
    'x-hub-signature-256': `sha256=${signature}`,
  }
  const post = () =>
    fetch(target.url.reveal(), {
      method: 'POST',
      redirect: 'error',
      headers,
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
  let problem = ''
  for (const wait of [0, ...waits]) {
    await delay(wait, undefined, { signal })
    // an edge: the receiver is somebody else's, and the alert stands in the logs already
    try {
      const answer = await post()
      await answer.body?.cancel()
      if (answer.ok) {
        return
      }
      problem = `it answered ${answer.status}`
    } catch (error) {
      signal.throwIfAborted()
      problem = toErrorText(error)
    }
  }
  log.warn({ delivery: id, event, problem }, 'alert_not_delivered')
}
