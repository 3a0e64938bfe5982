import { setTimeout as delay } from 'node:timers/promises'
import { callTool, type Gate } from '../gate/call.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Caller } from '../identity/caller.js'
import { InvalidInput } from '../lib/errors.js'
import { createCallId } from '../lib/ids.js'
import type { Alerts } from './alerts.js'
import type { Alert, Effect, EffectReport, Job, JobContext, TriggerFacts } from './define-job.js'
import type { EffectLedger } from './effects.js'
import type { Marks } from './marks.js'
import type { ClaimedJob, JobQueue } from './queue.js'
import { isUnsent, ToolRefused, toWaitMs } from './tool-refused.js'

export interface JobServices {
  readonly gate: Gate
  readonly queue: JobQueue
  readonly effects: EffectLedger
  readonly marks: Marks
  readonly alerts: Alerts
  findCheckpoint(): string | undefined
}

export interface JobRun {
  readonly job: Job
  readonly held: ClaimedJob
  readonly repository: RepositoryName
  readonly parameters: Record<string, unknown>
  readonly facts: TriggerFacts
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** What a job works with, and the list that its changes are written into. */
export function openJobContext(
  services: JobServices,
  run: JobRun,
): { readonly context: JobContext<Record<string, unknown>>; readonly made: EffectReport[] } {
  const { gate, queue, effects, marks, alerts } = services
  const { job, held, repository, signal } = run
  const made: EffectReport[] = []

  const call = async (tool: string, args: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
    if (!job.tools.includes(tool)) {
      throw new InvalidInput(`The job ${job.name} has not declared the tool ${tool}.`)
    }
    if (!isOf(repository, args)) {
      throw new InvalidInput(`A run of ${job.name} in ${repository.owner}/${repository.repo} stays in it.`)
    }
    for (;;) {
      signal.throwIfAborted()
      const outcome = await callTool(gate, {
        tool,
        args,
        caller: run.caller,
        id: createCallId(),
        requestId: `job-${held.id}`,
        correlationId: held.triggeredBy.slice(0, 128),
        address: 'local',
        via: 'job',
        job: job.name,
        form: 'data',
        signal,
      })
      if (outcome.ok) {
        return outcome.data
      }
      const refused = new ToolRefused(tool, outcome.refusal)
      if (outcome.refusal.code !== 'rate_limited') {
        throw refused
      }
      await delay(toWaitMs(refused), undefined, { signal })
    }
  }

  const change = async (effect: Effect): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const { key, tool, args, what } = effect
    const known = effects.find(key)
    if (known?.state === 'done') {
      made.push({ tool, what, status: 'already_made', ...toMade(known.result) })
      return known.result
    }
    if (held.dryRun) {
      made.push({ tool, what, status: 'planned', arguments: args })
      return undefined
    }
    if (known?.state === 'begun' && effect.find !== undefined) {
      const found = await effect.find()
      if (found !== undefined) {
        effects.settle(key, found)
        made.push({ tool, what, status: 'already_made', ...toMade(found) })
        return found
      }
    }
    effects.begin(key, held.id, tool)
    const result = await call(tool, args).catch((thrown: unknown) => {
      if (thrown instanceof ToolRefused && isUnsent(thrown)) {
        effects.drop(key)
      }
      throw thrown
    })
    effects.settle(key, result)
    made.push({ tool, what, status: 'made', ...toMade(result) })
    return result
  }

  const alert = async (told: Alert): Promise<void> => {
    const what = `tell the administrators of ${told.rule} in ${told.path}:${told.line} of ${told.commit.slice(0, 10)}`
    const isKnown = effects.find(told.key)?.state === 'done'
    if (isKnown || held.dryRun) {
      made.push({ tool: ALERT, what, status: isKnown ? 'already_made' : 'planned' })
      return
    }
    effects.begin(told.key, held.id, ALERT)
    await alerts.raise(told, { job: job.name, run: held.id, signal })
    effects.settle(told.key, {})
    made.push({ tool: ALERT, what, status: 'made' })
  }

  const toMarkName = (name: string) => `${job.name}:${repository.owner}/${repository.repo}:${name}`.toLowerCase()
  return {
    made,
    context: {
      id: held.id,
      repository,
      parameters: run.parameters,
      facts: run.facts,
      dryRun: held.dryRun,
      login: run.caller.login,
      now: () => gate.clock.now(),
      signal,
      log: gate.log,
      read: async (tool, args, schema) => {
        if (gate.tools.get(tool)?.effect !== 'read') {
          throw new InvalidInput(`${tool} changes things, so ${job.name} must declare its change.`)
        }
        return schema.parse(await call(tool, args))
      },
      change,
      alert,
      recall: (name) => marks.get(toMarkName(name)),
      remember: (name, value) => {
        if (held.dryRun) {
          return
        }
        if (value === '') {
          marks.delete(toMarkName(name))
        } else {
          marks.set(toMarkName(name), value)
        }
      },
      findCheckpoint: () => services.findCheckpoint(),
      enqueue: (kind, facts, dedupeKey) => {
        if (!held.dryRun) {
          queue.enqueue({
            kind,
            repository: `${repository.owner}/${repository.repo}`,
            facts,
            trigger: 'job',
            triggeredBy: held.id,
            dedupeKey,
          })
        }
      },
    },
  }
}

/** What a report calls an alert, beside the names of tools. */
const ALERT = 'alert'

function toMade({ url }: Readonly<Record<string, unknown>>): { readonly made?: string } {
  return typeof url === 'string' && url !== '' ? { made: url } : {}
}

/** Whether a call is about the run's own repository: what it reads there is not for another. */
function isOf({ owner, repo }: RepositoryName, args: Readonly<Record<string, unknown>>): boolean {
  return args.owner === owner && args.repo === repo
}
