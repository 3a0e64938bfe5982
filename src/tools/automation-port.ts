import type { Page, PageRequest, RepositoryName } from '../gitea/repos.js'

/* Automations as tools see them. Who may see or start what is asked before; behind it are the queue and the policy. */

export const RUN_STATES = ['ready', 'running', 'done', 'dead', 'cancelled'] as const
export type RunState = (typeof RUN_STATES)[number]

/** One run of a job. Times are epoch milliseconds. */
export interface AutomationRun {
  readonly id: string
  readonly job: string
  readonly state: RunState
  readonly dryRun: boolean
  readonly trigger: 'webhook' | 'schedule' | 'manual' | 'reconcile' | 'job'
  /** Delivery id, cron line, id of another run, or who asked. */
  readonly triggeredBy: string
  readonly attempts: number
  readonly askedAt: number
  /** When it is due, while it waits. */
  readonly dueAt: number
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  /** Why it waits, failed or was refused; our own words. */
  readonly note: string | undefined
  readonly report: AutomationReport | undefined
}

export interface AutomationReport {
  readonly summary: string
  /** What the run did not get to. */
  readonly left: string | undefined
  readonly effects: readonly AutomationEffect[]
  readonly findings: readonly AutomationFinding[]
  readonly data: Readonly<Record<string, unknown>>
}

export interface AutomationEffect {
  readonly tool: string
  readonly what: string
  readonly status: 'made' | 'already_made' | 'planned'
  /** Address in Gitea. */
  readonly made?: string | undefined
  /** Of a dry run: what it would send. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
}

export interface AutomationFinding {
  readonly fingerprint: string
  readonly rule: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly message: string
  readonly path?: string | undefined
  readonly line?: number | undefined
}

interface RunFilter extends PageRequest {
  readonly job: string | undefined
  readonly state: RunState | undefined
  /** Runs asked for before are of an earlier repository of that name. */
  readonly since: number
}

export interface WantedRun {
  readonly job: string
  readonly repository: RepositoryName
  readonly dryRun: boolean
  readonly parameters: Readonly<Record<string, unknown>>
  /** Login or name of who asks. */
  readonly by: string
}

export interface AutomationPort {
  /** Jobs that the policy lets run in this repository. */
  listJobs(repository: RepositoryName): readonly string[]
  /** Newest first. */
  listRuns(repository: RepositoryName, filter: RunFilter): Page<AutomationRun>
  findRun(repository: RepositoryName, id: string, since: number): AutomationRun | undefined
  /**
   * Puts a run into the queue. One that waits and is the same stands for it.
   *
   * @throws InvalidInput for an unknown job or wrong parameters, Forbidden where the policy does not allow the job
   */
  start(wanted: WantedRun): { readonly run: AutomationRun; readonly isNew: boolean }
  /** The repository that a run is about, whoever asks: for doors that are given nothing but the id. */
  findRepository(id: string): RepositoryName | undefined
}
