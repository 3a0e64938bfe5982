import { toCheckpointLine } from '../audit/checkpoint.js'
import { findLastCheckpoint } from '../audit/read.js'
import type { Store } from '../db/open.js'
import type { Gate } from '../gate/call.js'
import type { AutomationAccount } from '../identity/automation-account.js'
import { createRequestId } from '../lib/ids.js'
import { DAY, HOUR } from '../lib/units.js'
import { decide } from '../policy/decide.js'
import { findJobRules } from '../policy/job-rules.js'
import type { AutomationPort } from '../tools/automation-port.js'
import { type AlertTarget, createAlerts } from './alerts.js'
import { type Job, toPseudoTool } from './define-job.js'
import { createEffectLedger } from './effects.js'
import { createJobPort } from './job-port.js'
import { createMarks, type Marks } from './marks.js'
import type { AutomationMetrics } from './metrics.js'
import { listOwnRepositories } from './own-repositories.js'
import { passOnFindings } from './pass-on-findings.js'
import { createJobQueue, type JobQueue } from './queue.js'
import { createRepositoryRate } from './repository-rate.js'
import { createJobRunner, type JobRunner } from './runner.js'
import { createScheduler } from './schedule.js'

/** The queue with its worker and its clockwork, over one database. */
export interface Automation {
  readonly queue: JobQueue
  readonly marks: Marks
  /** For tools. */
  readonly port: AutomationPort
  readonly runner: Pick<JobRunner, 'wake' | 'idle'>
  /** Starts what is due; done every minute anyway. */
  tick(): void
  close(): Promise<void>
}

interface AutomationDeps {
  readonly gate: Gate
  readonly store: Store
  readonly account: AutomationAccount
  readonly jobs: readonly Job[]
  readonly concurrency: number
  readonly jobsPerHour: number
  /** Whether cron lines count. */
  readonly isScheduled: boolean
  readonly metrics: Pick<AutomationMetrics, 'countJob' | 'countAlert'>
  /** Where alerts are sent besides the logs. */
  readonly alertTarget: AlertTarget | undefined
  findPause(): string | undefined
  random(): number
}

/** Ended jobs are kept for so long; the audit log keeps what they did. */
const KEEP_MS = 90 * DAY

export function createAutomation(deps: AutomationDeps): Automation {
  const { gate, store, account, jobs } = deps
  const { clock, log } = gate
  const queue = createJobQueue(store, clock)
  const marks = createMarks(store, clock)
  const findCheckpoint = () => {
    const last = findLastCheckpoint(store.sqlite)
    return last === undefined ? undefined : toCheckpointLine(last)
  }
  const alerts = createAlerts({ audit: gate.audit, log, target: deps.alertTarget, metrics: deps.metrics })
  const services = { gate, queue, effects: createEffectLedger(store, clock), marks, alerts, findCheckpoint }
  const runner = createJobRunner({
    ...services,
    account,
    jobs: new Map(jobs.map((job) => [job.name, job])),
    concurrency: deps.concurrency,
    rate: createRepositoryRate(deps.jobsPerHour, clock),
    transaction: store.transaction,
    findPause: deps.findPause,
    random: deps.random,
    onReport: (held, report) => {
      passOnFindings(queue, gate.policy.current(), held, report)
      runner.wake()
    },
    onEnd: ({ id, kind, repository, trigger, attempts }, outcome, seconds) => {
      deps.metrics.countJob(kind, outcome, seconds)
      log.info({ job: id, kind, repository, trigger, attempts, outcome }, 'job_ended')
    },
  })

  const enqueueDue = async (job: Job, line: string, dueAt: number) => {
    const policy = gate.policy.current()
    for (const { owner, repo } of await listOwnRepositories(gate, await account.asCaller(job.name), job.name)) {
      const repository = { owner, name: repo }
      const isAllowed = decide(policy, { tool: toPseudoTool(job.name), effect: 'write', repository }).effect === 'allow'
      if (isAllowed && findJobRules(policy, job.name, repository).schedule === line) {
        queue.enqueue({
          kind: job.name,
          repository: `${owner}/${repo}`,
          facts: { scheduled_at: dueAt },
          trigger: 'schedule',
          triggeredBy: line,
          dedupeKey: `${job.name}:${owner}/${repo}:schedule`.toLowerCase(),
        })
      }
    }
    runner.wake()
  }
  const scheduler = createScheduler({
    jobs: deps.isScheduled ? jobs : [],
    marks,
    clock,
    log,
    policy: () => gate.policy.current(),
    fire: (job, line, dueAt) => {
      // Gitea may be down at that moment: the mark stands, so the line is looked at again until it was taken
      enqueueDue(job, line, dueAt).catch((error: unknown) => {
        marks.set(`schedule:${job.name}:${line}`, String(dueAt - 1))
        log.warn({ job: job.name, schedule: line, err: error, request_id: createRequestId() }, 'job_schedule_postponed')
      })
    },
  })
  const sweep = setInterval(() => queue.sweep(clock.now() - KEEP_MS), HOUR)
  sweep.unref()
  return {
    queue,
    marks,
    port: createJobPort({ queue, jobs, policy: () => gate.policy.current(), wake: () => runner.wake() }),
    runner,
    tick: () => scheduler.tick(),
    close: async () => {
      clearInterval(sweep)
      scheduler.close()
      await runner.close()
    },
  }
}
