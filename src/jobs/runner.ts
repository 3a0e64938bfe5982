import type { AutomationAccount } from '../identity/automation-account.js'
import { Cancelled } from '../lib/errors.js'
import { SECOND } from '../lib/units.js'
import type { EffectReport, Job, JobReport } from './define-job.js'
import type { JobServices } from './job-context.js'
import type { ClaimedJob } from './queue.js'
import { findQuietEnd } from './quiet-hours.js'
import type { RepositoryRate } from './repository-rate.js'
import { runJob, toBackoffMs } from './run-job.js'

/** How a job ended, as a metric label. */
export type JobOutcome = 'done' | 'retried' | 'dead' | 'refused' | 'cancelled'

export interface JobRunner {
  /** Looks for due jobs now instead of at the next turn: something was put into the queue. */
  wake(): void
  /** Takes no further jobs and waits for the ones under way, which stop at their next step and come back later. */
  close(): Promise<void>
  /** Resolves when nothing is due and nothing runs; for tests and commands. */
  idle(): Promise<void>
}

interface RunnerDeps extends JobServices {
  readonly jobs: ReadonlyMap<string, Job>
  readonly account: AutomationAccount
  readonly concurrency: number
  readonly rate: RepositoryRate
  /** Of the database that the queue is in. */
  transaction<Result>(work: () => Result): Result
  /** Why nothing may run now (the admin’s switch), or undefined. */
  findPause(): string | undefined
  random(): number
  /** What a job found, in the transaction that keeps its report. */
  onReport(held: ClaimedJob, report: JobReport): void
  onEnd(held: ClaimedJob, outcome: JobOutcome, seconds: number): void
}

/** How a job ended, to be written in the next turn. */
interface Ending {
  /** False when another worker has the job, or nobody. */
  write(): boolean
  tell(isOurs: boolean): void
  fail(error: unknown): void
}

const LEASE_MS = 60 * SECOND
const RENEW_MS = 15 * SECOND
/** Commands put jobs into the queue and cancel them from another process; this is how late they are noticed. */
const LOOK_MS = SECOND

export function createJobRunner(deps: RunnerDeps): JobRunner {
  const { queue, jobs, gate, concurrency } = deps
  const running = new Map<
    string,
    { readonly held: ClaimedJob; readonly stop: AbortController; readonly ended: Promise<void> }
  >()
  let closed = false
  let filling = false
  let endings: Ending[] = []
  let isFillDue = false
  let idleWaiters: (() => void)[] = []

  /**
   * One turn: writes how jobs ended and takes the next ones in a single commit, because each costs the disk a sync.
   */
  const fill = () => {
    if (filling) {
      return
    }
    filling = true
    const ending = endings
    endings = []
    // an edge: a database that is busy for a moment must not end the loop
    try {
      const { told, taken } = deps.transaction(() => ({
        told: ending.map(({ write }) => write()),
        taken: closed || deps.findPause() !== undefined ? [] : claimDue(concurrency - running.size + ending.length),
      }))
      for (const [at, { tell }] of ending.entries()) tell(told[at] === true)
      for (const held of taken) start(held)
    } catch (error) {
      gate.log.error({ err: error }, 'job_queue_fault')
      for (const each of ending) settleAlone(each)
    } finally {
      filling = false
    }
    if (running.size === 0) {
      const waiters = idleWaiters
      idleWaiters = []
      for (const tell of waiters) tell()
    }
  }

  const claimDue = (most: number): readonly ClaimedJob[] => {
    keepQuiet()
    const taken: ClaimedJob[] = []
    while (taken.length < most) {
      const held = queue.claim(LEASE_MS)
      if (held === undefined) {
        break
      }
      if (!waitForRate(held)) {
        taken.push(held)
      }
    }
    return taken
  }

  /** Resolves when it is durable, to what `write` said. */
  const settle = (write: () => boolean): Promise<boolean> =>
    new Promise((resolve, reject) => {
      endings.push({ write, tell: resolve, fail: reject })
      fillSoon()
    })

  /** What could not be written with others is tried by itself: one that is at fault must not keep the others. */
  const settleAlone = ({ write, tell, fail }: Ending) => {
    try {
      tell(deps.transaction(write))
    } catch (error) {
      fail(error)
    }
  }

  /** Once in a turn of the event loop, however many jobs ended in it: whatever else the server does has its turn. */
  const fillSoon = () => {
    if (!isFillDue) {
      isFillDue = true
      setImmediate(() => {
        isFillDue = false
        fill()
      })
    }
  }

  const keepQuiet = () => {
    const until = findQuietEnd(gate.policy.current().automation.quietHours, gate.clock.now())
    if (until !== undefined) {
      queue.holdBack({ until, reason: 'It waits for the end of the quiet hours.' })
    }
  }

  /** Whether the repository had its runs for now; then the job waits, and all behind it with it. */
  const waitForRate = (held: ClaimedJob): boolean => {
    const { repository } = held
    if (repository === null) {
      return false
    }
    const until = held.trigger === 'manual' ? undefined : deps.rate.findFreeAt(repository)
    if (until === undefined) {
      deps.rate.note(repository)
      return false
    }
    const reason = 'It waits because many jobs ran in its repository within the hour.'
    queue.postpone(held, until, reason)
    queue.holdBack({ until, reason, repository })
    return true
  }

  const start = (held: ClaimedJob) => {
    const stop = new AbortController()
    const renewal = setInterval(() => {
      if (!queue.renew(held, LEASE_MS)) {
        stop.abort(new Cancelled('The job was cancelled.'))
      }
    }, RENEW_MS)
    const startedAt = performance.now()
    const ended = work(held, stop.signal)
      .then((outcome) => deps.onEnd(held, outcome, (performance.now() - startedAt) / 1000))
      .catch((error: unknown) => gate.log.error({ job: held.id, err: error }, 'job_queue_fault'))
      .finally(() => {
        clearInterval(renewal)
        // it may have been taken up anew in the turn in which it was put back
        if (running.get(held.id)?.held === held) {
          running.delete(held.id)
        }
        fillSoon()
      })
    running.set(held.id, { held, stop, ended })
  }

  const work = async (held: ClaimedJob, signal: AbortSignal): Promise<JobOutcome> => {
    const job = jobs.get(held.kind)
    if (job === undefined) {
      await settle(() => queue.end(held, 'dead', `There is no job ${held.kind} in this version.`))
      return 'dead'
    }
    if (held.attempts > job.maxAttempts) {
      await settle(() => queue.end(held, 'dead', held.lastError ?? 'The server stopped in each of its attempts.'))
      return 'dead'
    }
    const result = await runJob(deps, job, held, signal)
    switch (result.kind) {
      case 'done':
        return (await settle(() => finish(held, result.report))) ? 'done' : 'cancelled'
      case 'refused':
        await settle(() => queue.end(held, 'cancelled', result.reason))
        return 'refused'
      case 'stopped':
        // of a cancelled job the lease is gone, and this changes nothing
        await settle(() => queue.postpone(held, gate.clock.now(), 'The server stopped.'))
        return 'cancelled'
      case 'failed': {
        if (result.isPassing && held.attempts < job.maxAttempts) {
          const runAt = gate.clock.now() + toBackoffMs(held.attempts, deps.random())
          await settle(() => queue.retry(held, runAt, result.reason))
          return 'retried'
        }
        await settle(() => queue.end(held, 'dead', result.reason))
        return 'dead'
      }
    }
  }

  /** With what follows from its report, so that a crash in between leaves neither alone. */
  const finish = (held: ClaimedJob, report: JobReport & { readonly effects: readonly EffectReport[] }): boolean => {
    const isOurs = queue.finish(held, report)
    if (isOurs) {
      deps.onReport(held, report)
    }
    return isOurs
  }

  /** A job that was cancelled is not this worker's any more. */
  const stopLost = () => {
    // an edge, as in `fill`
    try {
      for (const { held, stop } of running.values()) {
        if (!queue.holds(held)) {
          stop.abort(new Cancelled('The job was cancelled.'))
        }
      }
    } catch (error) {
      gate.log.error({ err: error }, 'job_queue_fault')
    }
  }

  queue.reclaim()
  const look = setInterval(() => {
    stopLost()
    fill()
  }, LOOK_MS)
  look.unref()
  return {
    wake: fillSoon,
    close: async () => {
      closed = true
      clearInterval(look)
      for (const { stop } of running.values()) {
        stop.abort(new Cancelled('The server is stopping.'))
      }
      await Promise.all([...running.values()].map(({ ended }) => ended))
    },
    idle: () =>
      new Promise((resolve) => {
        idleWaiters.push(resolve)
        fillSoon()
      }),
  }
}
