import { type Job, toPseudoTool } from '../jobs/define-job.js'
import type { NewJob } from '../jobs/queue.js'
import { decide } from '../policy/decide.js'
import { findJobRules } from '../policy/job-rules.js'
import type { Policy } from '../policy/policy.js'
import type { Delivery } from './delivery.js'

/** What a delivery may set off, and who must not set off anything. */
export interface TriggerRules {
  readonly jobs: readonly Job[]
  readonly policy: Policy
  /** Login of the account that jobs act as; undefined while Gitea has not said. */
  readonly automationLogin: string | undefined
}

/** The jobs that a delivery sets off: those that name its event, want its facts and are allowed in its repository. */
export function planJobs(
  { eventType, repository, sender, facts, problem }: Delivery,
  { jobs, policy, automationLogin }: TriggerRules,
): readonly Pick<NewJob, 'kind' | 'repository' | 'facts' | 'dedupeKey'>[] {
  if (problem !== undefined || repository === undefined || isOwnDoing(eventType, sender, automationLogin)) {
    return []
  }
  const { owner, name } = repository
  const place = `${owner}/${name}`
  return jobs.flatMap((job) => {
    const key = job.events.includes(eventType) ? job.dedupe(facts, place) : undefined
    if (key === undefined) {
      return []
    }
    const isWanted = job.wants?.(facts, findJobRules(policy, job.name, { owner, name }).parameters) ?? true
    const asked = { tool: toPseudoTool(job.name), effect: 'write', repository: { owner, name } } as const
    return isWanted && decide(policy, asked).effect === 'allow'
      ? [{ kind: job.name, repository: place, facts, dedupeKey: toOwnKey(job.name, key) }]
      : []
  })
}

/** What automation does must not set automation off; a push it cannot make, so that was a person with its account. */
function isOwnDoing(eventType: string, sender: string | undefined, login: string | undefined): boolean {
  return eventType !== 'push' && login !== undefined && sender?.toLowerCase() === login.toLowerCase()
}

/** Two jobs that chose the same words must not count as one. */
function toOwnKey(job: string, key: string): string {
  return key.startsWith(`${job}:`) ? key : `${job}:${key}`
}
