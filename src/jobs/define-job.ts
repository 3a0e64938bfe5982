import type { z } from 'zod'
import type { RepositoryName } from '../gitea/repos.js'
import type { Logger } from '../lib/logger.js'

/** What set a job off, read from a delivery: hints, to be read again before anything is done. */
export interface TriggerFacts {
  /** Gitea's exact event type, for example `push` or `pull_request_sync`. */
  readonly event?: string
  readonly action?: string
  /** Of an issue or a pull request. */
  readonly number?: number
  readonly ref?: string
  readonly before?: string
  readonly after?: string
  readonly sender?: string
  readonly [more: string]: unknown
}

/** One change that a job made, found made, or would make. */
export interface EffectReport {
  readonly tool: string
  /** In words for people: `label #12 with “stale”`. */
  readonly what: string
  readonly status: 'made' | 'already_made' | 'planned'
  /** Address in Gitea of what was made. */
  readonly made?: string
  /** Of a dry run: the arguments it would send. */
  readonly arguments?: Readonly<Record<string, unknown>>
}

/** Something a job found and others may act on. */
export interface Finding {
  /** The same for the same thing in the next run, whatever else changed. */
  readonly fingerprint: string
  readonly rule: string
  readonly severity: 'info' | 'warning' | 'error'
  /** One sentence without secrets. */
  readonly message: string
  readonly path?: string
  readonly line?: number
}

/** How a run went. Counts and sentences for people; `left` says honestly what was not looked at. */
export interface JobReport {
  /** One or two sentences. */
  readonly summary: string
  readonly findings?: readonly Finding[]
  /** What this run did not get to; it goes on there next time. */
  readonly left?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface Effect {
  /**
   * Unique for this change and the same in every attempt of it, for example `stale:acme/web#12:warn:2026-11-21`. A
   * change whose key is known to be done is never made again.
   */
  readonly key: string
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  /** In words for people, without secrets. */
  readonly what: string
  /**
   * Looks at Gitea for the change, after a crash left open whether it was made: its result, or undefined when it is not
   * there. Absent for changes that may safely be made twice (labels, edits in place).
   */
  find?(): Promise<Readonly<Record<string, unknown>> | undefined>
}

/** Something that the administrators of this server have to know, without any part of a secret. */
export interface Alert {
  readonly event: 'secret_exposed'
  /** Unique for what it tells of, and the same in every run that finds it. */
  readonly key: string
  /** `owner/name`. */
  readonly repository: string
  readonly visibility: 'public' | 'internal' | 'private'
  readonly rule: string
  readonly path: string
  readonly line: number
  /** Full id. */
  readonly commit: string
  /** Of the commit in Gitea. */
  readonly url: string
  /** Whether it goes to the address that the settings name, besides the logs. */
  readonly isSent: boolean
}

/** All that a job can reach: tools, through the gate, as the automation's own account. */
export interface JobContext<Parameters> {
  readonly id: string
  readonly repository: RepositoryName
  readonly parameters: Parameters
  readonly facts: TriggerFacts
  readonly dryRun: boolean
  /** Login of the account that acts. */
  readonly login: string
  /** Epoch milliseconds. */
  now(): number
  /** Fires at the deadline, on cancellation and when the server stops. */
  readonly signal: AbortSignal
  readonly log: Logger
  /**
   * Runs a tool that reads.
   *
   * @throws ToolRefused with the gate's refusal; let it pass: the runner knows which are worth another try
   */
  read<Output>(tool: string, args: Readonly<Record<string, unknown>>, schema: z.ZodType<Output>): Promise<Output>
  /**
   * Makes a change once. Undefined in a dry run, which only notes it.
   *
   * @throws ToolRefused
   */
  change(effect: Effect): Promise<Readonly<Record<string, unknown>> | undefined>
  /**
   * Tells the administrators: log, metric, audit log, and the address of the settings. A key that is known to be told is
   * not told again; after a crash it may be. In a dry run it is only noted.
   *
   * @throws Unavailable while the audit log cannot be written
   */
  alert(alert: Alert): Promise<void>
  /** A value this kind kept for this repository. */
  recall(name: string): string | undefined
  /** Keeps one for the next run; an empty one is forgotten. Nothing is kept in a dry run. */
  remember(name: string, value: string): void
  /** The last signed head of the audit log, as one line; undefined before the first. */
  findCheckpoint(): string | undefined
  /** Asks for another job of the same repository, in the same queue; nothing in a dry run. */
  enqueue(kind: string, facts: TriggerFacts, dedupeKey: string): void
}

interface JobMeta {
  /** The policy knows it as `automation_<name>`. */
  readonly name: string
  readonly title: string
  /** One or two sentences for people: what it does and what it may change. */
  readonly description: string
  /** The tools it may call; anything else is refused. */
  readonly tools: readonly string[]
  /** Longest time of one attempt, milliseconds. */
  readonly deadlineMs: number
  readonly maxAttempts: number
  /** Exact event types of Gitea that may set it off. */
  readonly events: readonly string[]
  /** Parameters that reach beyond Gitea: only the policy sets them, never whoever asks for a run. */
  readonly policyOnly?: readonly string[]
}

/** A job with its parameter type closed over. */
export interface Job extends JobMeta {
  readonly parameters: z.ZodObject
  /**
   * Whether what the policy sets makes this event one for it; every event is without it.
   *
   * @param parameters as they stand in the policy, without defaults
   */
  wants?(facts: TriggerFacts, parameters: Readonly<Record<string, unknown>>): boolean
  /**
   * Whether a delivery sets it off, and the key under which several such are one. Undefined: not this one.
   */
  dedupe(facts: TriggerFacts, repository: string): string | undefined
  run(context: JobContext<Record<string, unknown>>): Promise<JobReport>
}

/**
 * Declares a job. `parameters` is a strict object in which every field has a default and a description: what an
 * operator may set in the policy.
 */
export function defineJob<Parameters extends Record<string, unknown>>(
  spec: JobMeta & {
    readonly parameters: z.ZodObject & z.ZodType<Parameters>
    wants?(facts: TriggerFacts, parameters: Readonly<Record<string, unknown>>): boolean
    dedupe(facts: TriggerFacts, repository: string): string | undefined
    run(context: JobContext<NoInfer<Parameters>>): Promise<JobReport>
  },
): Job {
  const { run, ...meta } = spec
  return {
    ...meta,
    // the runner has parsed the parameters with this very schema; the cast restores what the list of jobs erased
    run: (context) => run(context as JobContext<Parameters>),
  }
}

/** The name the policy has for a job. */
export function toPseudoTool(job: string): string {
  return `automation_${job}`
}
