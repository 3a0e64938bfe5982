import type { z } from 'zod'
import type { Store } from '../db/open.js'
import { callTool, type Gate } from '../gate/call.js'
import type { AutomationAccount } from '../identity/automation-account.js'
import type { Caller } from '../identity/caller.js'
import type { Job } from '../jobs/define-job.js'
import type { Marks } from '../jobs/marks.js'
import type { AutomationMetrics } from '../jobs/metrics.js'
import type { JobQueue } from '../jobs/queue.js'
import { isPassing, ToolRefused } from '../jobs/tool-refused.js'
import { toIsoTime } from '../lib/clock.js'
import { toErrorText } from '../lib/errors.js'
import { createCallId, createRequestId } from '../lib/ids.js'
import { DAY, MINUTE } from '../lib/units.js'
import type { Delivery } from './delivery.js'
import { createKnownEvents } from './known-events.js'
import { compareRepository, RepositoryMark } from './reconcile-repository.js'
import { planJobs } from './triggers.js'
import { listWatched, orderByTurn, type Watched } from './watched-repositories.js'

/*
 * Gitea tries each delivery once, and some events never leave it. So now and then, and whenever the server starts, what
 * the repositories of jobs look like is compared with what the ledger was told, and what is missing sets off the jobs that
 * its delivery would have set off, under the same keys.
 */

export interface Reconciler {
  /** A round now; joins the one that is under way. */
  run(): Promise<Round>
  close(): Promise<void>
}

/** What one round did. */
interface Round {
  readonly repositories: number
  /** Requests to Gitea. */
  readonly requests: number
  /** Events that no delivery told. */
  readonly missed: number
  readonly jobs: number
  /** Repositories whose deliveries arrive and whose last look found nothing: they have their turn less often. */
  readonly quiet: number
  /** Repositories that it did not get to; the next round begins with them. */
  readonly left: number
  /** Repositories that could not be read. */
  readonly failed: number
}

interface ReconcilerDeps {
  readonly gate: Gate
  readonly store: Store
  readonly account: AutomationAccount
  readonly jobs: readonly Job[]
  readonly queue: JobQueue
  readonly marks: Marks
  readonly metrics: Pick<AutomationMetrics, 'countMissed'>
  /** 0 for never. */
  readonly everyMs: number
  /** Most that one round may cost. */
  readonly limits?: { readonly repositories: number; readonly requests: number }
  findPause(): string | undefined
  /** There are new jobs. */
  wake(): void
}

const LIMITS = { repositories: 100, requests: 500 }
/** What a tool may ask Gitea for, where it is more than once. */
const REQUESTS: Readonly<Record<string, number>> = { list_heads: 2 }
/** A quiet repository is looked at every so many rounds. */
const QUIET_ROUNDS = 4
/** So long a delivery proves that they arrive. */
const RECENT_MS = 7 * DAY
const ALIVE = 'reconcile:alive'
const NEXT = 'reconcile:next'
const ACTOR = 'reconcile'

export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { gate, store, marks, queue, everyMs } = deps
  const { clock, log } = gate
  const { findKnown, hasDeliveries } = createKnownEvents(store)
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<Round> | undefined
  /** While it was down anything may have been missed, so each has a look soon after the start. */
  const seen = new Set<string>()
  const isQuiet = ({ place }: Watched): boolean => {
    const mark = findMark(marks.get(`reconcile:${place}`))
    const now = clock.now()
    return (
      mark?.isQuiet === true &&
      seen.has(place) &&
      now - mark.at < (QUIET_ROUNDS - 0.5) * everyMs &&
      hasDeliveries(place, now - RECENT_MS)
    )
  }

  const plan = (waitMs: number) => {
    timer = setTimeout(() => void turn(), waitMs)
    timer.unref()
  }
  const turn = async () => {
    // an edge: Gitea may be down for hours, and then it is what there is most to make up for
    try {
      await run()
      if (!stop.signal.aborted) plan(everyMs)
    } catch (error) {
      if (stop.signal.aborted) return
      log.warn({ err: error }, 'reconcile_failed')
      const isLasting = error instanceof ToolRefused && !isPassing(error)
      plan(isLasting ? everyMs : Math.min(MINUTE, everyMs))
    }
  }
  const run = (): Promise<Round> => {
    running ??= runRound().finally(() => {
      running = undefined
    })
    return running
  }

  const runRound = async (): Promise<Round> => {
    const nothing = { repositories: 0, requests: 0, missed: 0, jobs: 0, quiet: 0, left: 0, failed: 0 }
    const eventJobs = deps.jobs.filter(({ events }) => events.length > 0)
    if (deps.findPause() !== undefined || eventJobs.length === 0) {
      return nothing
    }
    const caller = await deps.account.asCaller(ACTOR)
    const spent = { requests: 0 }
    const watchedNow = await listWatched(gate, caller, eventJobs, spent)
    const repositories = watchedNow.filter((watched) => !isQuiet(watched))
    const { due, others } = orderByTurn(repositories, marks.get(NEXT))
    const round = { ...nothing, quiet: watchedNow.length - repositories.length }
    const limits = deps.limits ?? LIMITS
    let left = [...due, ...others]
    while (left.length > 0 && round.repositories < limits.repositories && spent.requests < limits.requests) {
      stop.signal.throwIfAborted()
      const [watched, ...rest] = left
      left = rest
      if (watched !== undefined) {
        const done = await reconcileOne(watched, caller, spent)
        round.repositories += 1
        round.missed += done.missed
        round.jobs += done.jobs
        round.failed += done.hasFailed ? 1 : 0
      }
    }
    const [next] = left
    if (next === undefined) {
      marks.delete(NEXT)
    } else {
      marks.set(NEXT, next.place)
    }
    const report = { ...round, left: left.length, requests: spent.requests }
    log.info(report, left.length === 0 ? 'reconciled' : 'reconciled_in_part')
    return report
  }

  const reconcileOne = async (watched: Watched, caller: Caller, spent: { requests: number }) => {
    const { name, place, wanted } = watched
    // an edge: one repository that cannot be read keeps no other from its turn
    try {
      const mark = findMark(marks.get(`reconcile:${place}`))
      const compared = await compareRepository(name, wanted, mark, {
        findKnown,
        now: clock.now(),
        read: (tool, args, schema) => read(watched, caller, spent, { tool, args, schema }),
      })
      const isNothing = mark !== undefined && compared.missed.length === 0 && compared.left === undefined
      const jobs = await keep(place, compared.missed, { ...compared.mark, isQuiet: isNothing })
      seen.add(place)
      if (compared.missed.length > 0 || compared.left !== undefined) {
        const { length: missed } = compared.missed
        log.warn({ repository: place, missed, jobs, since: mark?.since, left: compared.left }, 'deliveries_missed')
      }
      return { missed: compared.missed.length, jobs, hasFailed: false }
    } catch (error) {
      if (!(error instanceof ToolRefused) || stop.signal.aborted) {
        throw error
      }
      log.warn({ repository: place, reason: toErrorText(error) }, 'reconcile_repository_failed')
      return { missed: 0, jobs: 0, hasFailed: true }
    }
  }

  /** Jobs and mark in one transaction: whatever happens, an event is made up for once it is passed over. */
  const keep = async (place: string, missed: readonly Delivery[], mark: RepositoryMark): Promise<number> => {
    const automationLogin = await deps.account.findLogin()
    const rules = { jobs: deps.jobs, policy: gate.policy.current(), automationLogin }
    const ids = store.transaction(() => {
      const planned = missed.flatMap((delivery) => {
        deps.metrics.countMissed(delivery.eventType)
        return planJobs(delivery, rules).map((job) => ({ ...job, triggeredBy: delivery.id }))
      })
      marks.set(`reconcile:${place}`, JSON.stringify(mark))
      return planned.map((job) => queue.enqueue({ ...job, trigger: 'reconcile' }).id)
    })
    if (ids.length > 0) {
      deps.wake()
    }
    return new Set(ids).size
  }

  const read = async <Output>(
    { job }: Watched,
    caller: Caller,
    spent: { requests: number },
    { tool, args, schema }: Asked<Output>,
  ): Promise<Output> => {
    spent.requests += REQUESTS[tool] ?? 1
    const outcome = await callTool(gate, {
      tool,
      args,
      caller,
      id: createCallId(),
      requestId: createRequestId(),
      correlationId: ACTOR,
      address: 'local',
      via: 'job',
      // the policy opens to it what it opens to the job for which it looks
      job,
      form: 'data',
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(MINUTE)]),
    })
    if (!outcome.ok) {
      throw new ToolRefused(tool, outcome.refusal)
    }
    return schema.parse(outcome.data)
  }

  const beat = () => marks.set(ALIVE, String(clock.now()))
  const heartbeat = setInterval(beat, MINUTE)
  heartbeat.unref()
  if (everyMs > 0) {
    const last = Number(marks.get(ALIVE) ?? Number.NaN)
    if (clock.now() - last > 2 * MINUTE) {
      log.warn({ from: toIsoTime(last), to: toIsoTime(clock.now()) }, 'deliveries_may_be_missing')
    }
    beat()
    plan(0)
  }
  return {
    run,
    close: async () => {
      stop.abort()
      clearTimeout(timer)
      clearInterval(heartbeat)
      // it ends at its next step; what it did not keep is found again
      await running?.catch(() => undefined)
      beat()
    },
  }
}

interface Asked<Output> {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  readonly schema: z.ZodType<Output>
}

/** A mark of another form is as none: the look begins anew. */
function findMark(text: string | undefined): RepositoryMark | undefined {
  return text === undefined ? undefined : RepositoryMark.safeParse(JSON.parse(text)).data
}
