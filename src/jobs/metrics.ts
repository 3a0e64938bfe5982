import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { JobQueue } from './queue.js'
import type { JobOutcome } from './runner.js'

export interface AutomationMetrics {
  countJob(kind: string, outcome: JobOutcome, seconds: number): void
  countDelivery(event: string, outcome: string): void
  /** A secret that was found, by who can read the repository. */
  countAlert(visibility: 'public' | 'internal' | 'private'): void
  /** An event that no delivery told and that was found by looking. */
  countMissed(event: string): void
  /** Which secret signed a delivery; the older one can go when it signs none any more. */
  countSignature(secret: 'current' | 'older'): void
}

const JOB_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900]

/** Labels hold kinds, event types that Gitea knows and outcomes only. */
export function createAutomationMetrics(
  registry: Registry,
  findQueue: () => Pick<JobQueue, 'counts' | 'nextRunAt'> | undefined,
  now: () => number,
): AutomationMetrics {
  const registers = [registry]
  const ended = new Counter({
    name: 'aegis_job_runs_total',
    help: 'Attempts of jobs by kind and outcome (done, retried, dead, refused, cancelled).',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  const duration = new Histogram({
    name: 'aegis_job_duration_seconds',
    help: 'Time of one attempt of a job.',
    labelNames: ['kind'],
    buckets: JOB_BUCKETS,
    registers,
  })
  const deliveries = new Counter({
    name: 'aegis_webhook_deliveries_total',
    help: 'Deliveries of Gitea by event type and outcome.',
    labelNames: ['event', 'outcome'],
    registers,
  })
  const signatures = new Counter({
    name: 'aegis_webhook_signatures_total',
    help: 'Deliveries of Gitea by the secret that signed them (current, older).',
    labelNames: ['secret'],
    registers,
  })
  const alerts = new Counter({
    name: 'aegis_secret_alerts_total',
    help: 'Secrets found in what was pushed, by who can read the repository (public, internal, private).',
    labelNames: ['visibility'],
    registers,
  })
  const missed = new Counter({
    name: 'aegis_webhook_missed_total',
    help: 'Events of Gitea that no delivery told and that were found by looking, by type.',
    labelNames: ['event'],
    registers,
  })
  new Gauge({
    name: 'aegis_job_queue_size',
    help: 'Jobs by state; dead ones wait for a person (aegis jobs list --state dead).',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(findQueue()?.counts() ?? {})) {
        this.set({ state }, count)
      }
    },
  })
  new Gauge({
    name: 'aegis_job_queue_age_seconds',
    help: 'How long the job that is due longest has waited; 0 when none is due.',
    registers,
    collect() {
      const due = findQueue()?.nextRunAt()
      this.set(due === undefined ? 0 : Math.max(0, (now() - due) / 1000))
    },
  })
  return {
    countJob: (kind, outcome, seconds) => {
      ended.inc({ kind, outcome })
      duration.observe({ kind }, seconds)
    },
    countDelivery: (event, outcome) => deliveries.inc({ event, outcome }),
    countAlert: (visibility) => alerts.inc({ visibility }),
    countMissed: (event) => missed.inc({ event }),
    countSignature: (secret) => signatures.inc({ secret }),
  }
}
