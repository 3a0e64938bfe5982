import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { AuditLog } from '../audit/log.js'
import type { GateMetrics } from '../gate/call.js'
import { PANIC_LEVELS, type PanicLevel } from '../gate/panic.js'
import { VERSION } from '../lib/version.js'

export interface HttpMetrics {
  countRequest(method: string, route: string, status: number): void
}

export interface Metrics extends HttpMetrics, GateMetrics {
  countAuthFailure(reason: 'unknown_token' | 'locked_out'): void
  countUpstream(operation: string, status: string, seconds: number): void
  countTokenRefresh(outcome: 'refreshed' | 'revoked' | 'failed'): void
  countPolicyReload(outcome: 'loaded' | 'kept_old'): void
  /** For parts that count for themselves. */
  readonly registry: Registry
  /** The Prometheus text. */
  render(): Promise<{ contentType: string; text: string }>
}

const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const METHODS = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PATCH'])

/** Labels hold tool, route and outcome names only: never a person, a repository or a token. */
export function createMetrics(probes: {
  readonly audit: Pick<AuditLog, 'health' | 'head'>
  panicLevel(): PanicLevel | undefined
}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'aegis_http_requests_total',
    help: 'HTTP requests by method, route and status.',
    labelNames: ['method', 'path', 'status'],
    registers,
  })
  const calls = new Counter({
    name: 'aegis_tool_calls_total',
    help: 'Tool calls by tool and outcome (success, error, denied, cancelled).',
    labelNames: ['tool', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'aegis_tool_duration_seconds',
    help: 'Time of a tool call, from request to answer.',
    labelNames: ['tool'],
    buckets: CALL_BUCKETS,
    registers,
  })
  const authFailures = new Counter({
    name: 'aegis_auth_failures_total',
    help: 'Requests refused for who they are: unknown token, locked-out address.',
    labelNames: ['reason'],
    registers,
  })
  const upstream = new Histogram({
    name: 'aegis_gitea_request_duration_seconds',
    help: 'Requests to Gitea by operation and status class.',
    labelNames: ['operation', 'status'],
    buckets: CALL_BUCKETS,
    registers,
  })
  const refreshes = new Counter({
    name: 'aegis_gitea_token_refreshes_total',
    help: 'Refreshes of Gitea sign-ins by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const reloads = new Counter({
    name: 'aegis_policy_reloads_total',
    help: 'Reloads of the policy file by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  new Gauge({
    name: 'aegis_audit_healthy',
    help: '1 while the audit log can be written. 0 means every call is refused.',
    registers,
    collect() {
      this.set(probes.audit.health().ok ? 1 : 0)
    },
  })
  new Gauge({
    name: 'aegis_audit_entries',
    help: 'Entries in the audit log.',
    registers,
    collect() {
      this.set(probes.audit.head().seq)
    },
  })
  new Gauge({
    name: 'aegis_panic',
    help: '1 while an admin has made the server read-only (read_only) or stopped it (stop).',
    labelNames: ['level'],
    registers,
    collect() {
      const current = probes.panicLevel()
      for (const level of PANIC_LEVELS) {
        this.set({ level }, level === current ? 1 : 0)
      }
    },
  })
  new Gauge({ name: 'aegis_build_info', help: 'Version.', labelNames: ['version'], registers }).set(
    { version: VERSION },
    1,
  )
  return {
    registry,
    countRequest: (method, path, status) =>
      requests.inc({ method: METHODS.has(method) ? method : 'other', path, status: String(status) }),
    observeCall: (tool, status, seconds) => {
      calls.inc({ tool, status })
      duration.observe({ tool }, seconds)
    },
    countAuthFailure: (reason) => authFailures.inc({ reason }),
    countUpstream: (operation, status, seconds) => upstream.observe({ operation, status }, seconds),
    countTokenRefresh: (outcome) => refreshes.inc({ outcome }),
    countPolicyReload: (outcome) => reloads.inc({ outcome }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
