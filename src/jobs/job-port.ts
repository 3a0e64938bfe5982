import type { RepositoryName } from '../gitea/repos.js'
import type { Policy } from '../policy/policy.js'
import type { AutomationPort, AutomationRun } from '../tools/automation-port.js'
import type { Job } from './define-job.js'
import type { JobQueue, JobRow } from './queue.js'
import { findReport } from './read-report.js'
import { decideJob, startRun } from './start-run.js'

interface JobPortDeps {
  readonly queue: JobQueue
  readonly jobs: readonly Job[]
  policy(): Policy
  /** A run was put into the queue. */
  wake(): void
}

/** The queue and the jobs as tools see them. */
export function createJobPort({ queue, jobs, policy, wake }: JobPortDeps): AutomationPort {
  const findRow = (id: string): JobRow | undefined => queue.find(id)
  const getRun = (id: string): AutomationRun => {
    const row = findRow(id)
    if (row === undefined) {
      throw new Error(`The run ${id} was just put into the queue and is not there.`)
    }
    return toRun(row)
  }
  return {
    listJobs: (repository) =>
      jobs.map(({ name }) => name).filter((name) => decideJob(policy(), name, repository).effect === 'allow'),
    listRuns: (repository, { job, state, since, page, limit }) => {
      const filter = { kind: job, state, repository: toName(repository), since }
      return {
        items: queue.list({ ...filter, limit, offset: (page - 1) * limit }).map(toRun),
        total: queue.count(filter),
      }
    },
    findRun: (repository, id, since) => {
      const row = findRow(id)
      const isOfIt = row?.repository?.toLowerCase() === toName(repository).toLowerCase() && row.createdAt >= since
      return row === undefined || !isOfIt ? undefined : toRun(row)
    },
    start: (wanted) => {
      const { id, isNew } = startRun({ jobs, queue, policy: policy() }, wanted)
      wake()
      return { run: getRun(id), isNew }
    },
    findRepository: (id) => {
      const [owner, repo] = findRow(id)?.repository?.split('/') ?? []
      return owner === undefined || repo === undefined ? undefined : { owner, repo }
    },
  }
}

function toName({ owner, repo }: RepositoryName): string {
  return `${owner}/${repo}`
}

/** A row of the queue as people see it. */
export function toRun(row: JobRow): AutomationRun {
  return {
    id: row.id,
    job: row.kind,
    state: row.state,
    dryRun: row.dryRun,
    trigger: row.trigger,
    triggeredBy: row.triggeredBy,
    attempts: row.attempts,
    askedAt: row.createdAt,
    dueAt: row.runAt,
    startedAt: row.startedAt ?? undefined,
    endedAt: row.finishedAt ?? undefined,
    note: row.lastError ?? undefined,
    report: findReport(row.report),
  }
}
