import type { GiteaClient } from '../gitea/client.js'
import { type RepositoryName, toName } from '../gitea/repos.js'
import { listAssignees } from '../gitea/users.js'

/** Whose text is shown: everyone's, or that of people who may write in the repository. */
export type AuthorTrust = 'all' | 'writers'

interface TrustSettings {
  readonly mode: AuthorTrust
  /** The caller, whose own text is always shown. */
  readonly login: string
  /** The repository of the call, where it has one. */
  readonly target: RepositoryName | undefined
  /** Sends `listAssignees` as the caller. */
  readonly gitea: GiteaClient
}

type Trusts = (login: string) => boolean

/**
 * Who may write, asked of Gitea when it is needed and once for each repository of a call.
 *
 * Gitea's assignable people are the owner, collaborators who may write, and members of teams that may write anything in
 * the repository or read its pull requests. So a member of a reading team counts, a stranger never does, and neither does
 * an owner team's site administrator who holds no right in the repository itself.
 */
export function createAuthorTrust({ mode, login, target, gitea }: TrustSettings) {
  const own = login.toLowerCase()
  const asked = new Map<string, Promise<Trusts>>()
  return (repository: RepositoryName | undefined = target): Promise<Trusts> => {
    if (mode === 'all') {
      return Promise.resolve(() => true)
    }
    if (repository === undefined) {
      return Promise.resolve((author) => author.toLowerCase() === own)
    }
    const key = toName(repository).toLowerCase()
    const known = asked.get(key) ?? askWriters(gitea, repository, own)
    asked.set(key, known)
    return known
  }
}

async function askWriters(gitea: GiteaClient, repository: RepositoryName, own: string): Promise<Trusts> {
  const people = await listAssignees(gitea, repository)
  const trusted = new Set([own, ...people.map((person) => person.toLowerCase())])
  return (author) => trusted.has(author.toLowerCase())
}
