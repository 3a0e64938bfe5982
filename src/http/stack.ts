import Koa from 'koa'
import type { AuditLog } from '../audit/log.js'
import type { Config } from '../config/config.js'
import type { Limits } from '../gate/limits.js'
import type { Logger } from '../lib/logger.js'
import type { RequestState, Step } from './context.js'
import type { HttpMetrics } from './metrics.js'
import { createRouter, type Route } from './routes.js'
import { answerNotFound } from './steps/answer-not-found.js'
import { assignRequestId } from './steps/assign-request-id.js'
import { checkHost } from './steps/check-host.js'
import { limitAddress } from './steps/limit-address.js'
import { observeRequest } from './steps/observe-request.js'
import { resolveAddress } from './steps/resolve-address.js'
import { respondError } from './steps/respond-error.js'
import { setSecurityHeaders } from './steps/set-security-headers.js'
import { takeQueryKey } from './steps/take-query-key.js'

interface StackDeps {
  readonly config: Config
  readonly log: Logger
  readonly metrics: HttpMetrics
  readonly limits: Limits
  readonly audit: AuditLog
  /** Answered before host and rate checks: probes from this machine or from an orchestrator. */
  readonly probes: readonly Route[]
  /** Answered before the rates of addresses: one Gitea sends bursts, and what it signed is never turned away. */
  readonly signed: readonly Route[]
  readonly routes: readonly Route[]
}

/** Every request passes these steps, in this order. */
export function createStack(deps: StackDeps): Koa<RequestState> {
  const { config, log, metrics, limits, audit, probes, signed, routes } = deps
  const steps: readonly Step[] = [
    assignRequestId(),
    resolveAddress(config.trustedProxies),
    takeQueryKey(config.apiKeys.allowInAddress),
    observeRequest(log, metrics),
    respondError(log),
    setSecurityHeaders({ https: config.publicBaseUrl.startsWith('https:') }),
    createRouter(probes),
    checkHost({
      publicBaseUrl: config.publicBaseUrl,
      listenHost: config.listen.host,
      allowedHosts: config.allowedHosts,
    }),
    createRouter(signed),
    limitAddress(limits, audit),
    createRouter(routes),
    answerNotFound(),
  ]
  const koa = new Koa<RequestState>()
  // errors end in respondError; what is left are sockets that clients closed
  koa.silent = true
  for (const step of steps) {
    koa.use(step)
  }
  return koa
}
