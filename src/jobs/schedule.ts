import type { Clock } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import { DAY, MINUTE } from '../lib/units.js'
import { listSchedules } from '../policy/job-rules.js'
import type { Policy } from '../policy/policy.js'
import type { Job } from './define-job.js'
import type { Marks } from './marks.js'
import { toCron } from './policy-checks.js'
import { findQuietEnd } from './quiet-hours.js'

/*
 * Cron lines of the policy. What was due while the server was down is made up for once: a mark holds when each line was
 * last looked at, so nothing is run twice after a restart and nothing is forgotten.
 */

export interface Scheduler {
  /** Starts what is due; done every minute anyway. */
  tick(): void
  close(): void
}

interface SchedulerDeps {
  readonly jobs: readonly Job[]
  readonly marks: Marks
  readonly clock: Clock
  readonly log: Logger
  policy(): Policy
  /** A line is due: puts the job into the queue for each repository whose line this is. */
  fire(job: Job, line: string, dueAt: number): void
}

/** What was due longer ago than this is not made up for. */
const LONGEST_MISS_MS = 2 * DAY

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { jobs, marks, clock, log } = deps

  const look = (job: Job, line: string) => {
    const name = `schedule:${job.name}:${line}`
    const now = clock.now()
    const seen = Number(marks.get(name) ?? Number.NaN)
    if (!Number.isFinite(seen) || seen > now) {
      // a line that is new begins now
      marks.set(name, String(now))
      return
    }
    const due = toCron(line).nextRun(new Date(Math.max(seen, now - LONGEST_MISS_MS)))
    if (due !== null && due.getTime() <= now) {
      marks.set(name, String(now))
      deps.fire(job, line, due.getTime())
    }
  }

  const tick = () => {
    const policy = deps.policy()
    if (findQuietEnd(policy.automation.quietHours, clock.now()) !== undefined) {
      return
    }
    for (const job of jobs) {
      for (const line of listSchedules(policy, job.name)) {
        // an edge: one line must not keep the others from their turn
        try {
          look(job, line)
        } catch (error) {
          log.error({ job: job.name, schedule: line, err: error }, 'job_schedule_fault')
        }
      }
    }
  }

  const timer = setInterval(tick, MINUTE)
  timer.unref()
  return { tick, close: () => clearInterval(timer) }
}
