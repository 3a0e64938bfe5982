import type { Gate } from '../gate/call.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Caller } from '../identity/caller.js'
import { type Job, toPseudoTool } from '../jobs/define-job.js'
import { listOwnRepositories } from '../jobs/own-repositories.js'
import { decide } from '../policy/decide.js'
import type { Policy } from '../policy/policy.js'
import type { WantedKinds } from './reconcile-repository.js'

const LISTED_AT_ONCE = 50

export interface Watched {
  readonly name: RepositoryName
  /** `owner/name` in lower case. */
  readonly place: string
  /** One that the policy allows there. */
  readonly job: string
  readonly wanted: WantedKinds
}

/**
 * Where the policy lets any of these jobs run, with what they want to hear of there.
 *
 * @param spent counts what the lists cost
 * @throws ToolRefused while Gitea does not say
 */
export async function listWatched(
  gate: Gate,
  caller: Caller,
  eventJobs: readonly Job[],
  spent: { requests: number },
): Promise<readonly Watched[]> {
  const policy = gate.policy.current()
  const found = new Map<string, Watched>()
  // each sees only where the policy opens something to it
  for (const { name: asking } of eventJobs.filter(({ name }) => isAllowedSomewhere(policy, name))) {
    const names = await listOwnRepositories(gate, caller, asking)
    spent.requests += Math.ceil(Math.max(1, names.length) / LISTED_AT_ONCE)
    for (const name of names) {
      const repository = { owner: name.owner, name: name.repo }
      const allowed = eventJobs.filter(
        (job) => decide(policy, { tool: toPseudoTool(job.name), effect: 'write', repository }).effect === 'allow',
      )
      const [first] = allowed
      const place = `${name.owner}/${name.repo}`.toLowerCase()
      if (first !== undefined) {
        const events = new Set(allowed.flatMap((job) => job.events))
        found.set(place, { name, place, job: first.name, wanted: toKinds(events) })
      }
    }
  }
  return [...found.values()]
}

/** Whether it is worth a look where this job may run. */
function isAllowedSomewhere({ defaults, tools, repositories }: Policy, job: string): boolean {
  const rules = [tools, ...repositories.flatMap((entry) => entry.tools ?? [])]
  return defaults.write === 'allow' || rules.some(({ byTool }) => byTool.get(toPseudoTool(job))?.allow !== undefined)
}

function toKinds(events: ReadonlySet<string>): WantedKinds {
  const names = [...events]
  return {
    pushes: ['push', 'create', 'delete'].some((event) => events.has(event)),
    issues: names.some((event) => event.startsWith('issue') || event.startsWith('pull_request')),
    releases: events.has('release'),
  }
}

/** By name, from the one at which the round before ended. */
export function orderByTurn(repositories: readonly Watched[], next: string | undefined) {
  const sorted = [...repositories].sort((a, b) => (a.place < b.place ? -1 : 1))
  const from = next ?? ''
  return {
    due: sorted.filter(({ place }) => place >= from),
    others: sorted.filter(({ place }) => place < from),
  }
}
