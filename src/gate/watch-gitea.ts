import type { GiteaClient } from '../gitea/client.js'
import { isNeverSent } from '../gitea/exchange.js'
import { RepositoryMoved } from '../gitea/moved.js'
import { type OperationName, operations } from '../gitea/operations.js'
import type { RepositoryName } from '../gitea/repos.js'
import { AppError } from '../lib/errors.js'
import type { Target } from './steps.js'

/** What a run did at Gitea, as far as it is known. */
export interface RunFacts {
  /** Requests sent to Gitea. */
  upstreamCalls: number
  /** The tool counts its steps itself. */
  tellsProgress: boolean
  /** Secrets masked before the answer was cut to size. */
  masked: number
  /** Whether something was changed; `maybe` when a write was sent and its answer is not known. */
  changed: 'no' | 'yes' | 'maybe'
  /** Where Gitea says the repository of the call is now. Not for the caller before they were found to see it. */
  movedTo: RepositoryName | undefined
  /** Repositories that a call across repositories looked into. */
  readonly lookedInto: Set<string>
  /** Our own sentences before the answer. */
  readonly notes: string[]
  /** For the log. */
  details: Readonly<Record<string, unknown>> | undefined
}

export function createRunFacts(): RunFacts {
  return {
    upstreamCalls: 0,
    tellsProgress: false,
    masked: 0,
    changed: 'no',
    movedTo: undefined,
    lookedInto: new Set(),
    notes: [],
    details: undefined,
  }
}

/** The same client, which keeps account of what became of writes and of a repository that moved. */
export function watchGitea(client: GiteaClient, target: Target | undefined, facts: RunFacts): GiteaClient {
  return {
    ...client,
    request: async (name, request) => {
      const before = facts.upstreamCalls
      try {
        const answer = await client.request(name, request)
        if (isWrite(name) && facts.changed === 'no') {
          facts.changed = 'yes'
        }
        return answer
      } catch (error) {
        // looked at and thrown on
        if (isWrite(name) && facts.upstreamCalls > before && mayBeCarriedOut(error)) {
          facts.changed = 'maybe'
        }
        if (error instanceof RepositoryMoved && isTarget(target, request.path)) {
          facts.movedTo = error.to
        }
        throw error
      }
    },
  }
}

function isWrite(name: OperationName): boolean {
  return operations[name].kind !== 'read'
}

/** A refusal changed nothing; a fault or silence tells nothing, unless there was no connection at all. */
function mayBeCarriedOut(error: unknown): boolean {
  return !(error instanceof AppError && error.status < 500) && !isNeverSent(error)
}

function isTarget(target: Target | undefined, path: Readonly<Record<string, unknown>> | undefined): boolean {
  return (
    target !== undefined &&
    String(path?.owner).toLowerCase() === target.owner.toLowerCase() &&
    String(path?.repo).toLowerCase() === target.name.toLowerCase()
  )
}
