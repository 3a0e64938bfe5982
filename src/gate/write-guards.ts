import type { GiteaClient } from '../gitea/client.js'
import { getRepository, type RepositoryName, toName } from '../gitea/repos.js'
import type { Clock } from '../lib/clock.js'
import { AppError, Forbidden } from '../lib/errors.js'
import { MINUTE } from '../lib/units.js'
import type { Policy } from '../policy/policy.js'
import { type Reader, type RecentRead, type RecentReads, UNNAMED } from './recent-reads.js'
import type { RunFacts } from './watch-gitea.js'

/*
 * What is asked of Gitea right before a write to a repository, with the caller's own token: whether it is archived, and
 * whether the write would carry something from a private repository into a public one.
 */

interface WriteGuards {
  /** Sends `getRepository` as the caller. */
  readonly gitea: GiteaClient
  readonly rules: Policy['privateToPublic']
  readonly recentReads: RecentReads
  readonly reader: Reader
  readonly clock: Clock
}

/**
 * @throws Forbidden when nothing may be written there now
 * @throws AppError when Gitea does not show the repository
 */
export async function guardWrite(guards: WriteGuards, name: RepositoryName, facts: RunFacts): Promise<void> {
  const repository = await getRepository(guards.gitea, name)
  if (repository.isArchived) {
    // Gitea would refuse new issues and comments there, but takes changes of issues, labels and milestones
    throw new Forbidden(`${toName(name)} is archived in Gitea: it can be read, not changed.`, {
      rule: 'gitea.archived',
    })
  }
  if (repository.visibility === 'public' && guards.rules.mode !== 'off') {
    await guardPublicWrite(guards, name, facts)
  }
}

async function guardPublicWrite(guards: WriteGuards, name: RepositoryName, facts: RunFacts): Promise<void> {
  const { rules, recentReads, reader, clock } = guards
  const now = clock.now()
  const here = toName(name).toLowerCase()
  const reads = recentReads
    .list(reader, now - rules.windowMs)
    .filter(({ repository }) => repository.toLowerCase() !== here)
  const found = await findNotPublic(guards.gitea, reads)
  if (found === undefined) {
    return
  }
  const what =
    found.repository === UNNAMED ? 'repositories that may be private' : `${found.repository}, which is not public,`
  const ago = `${Math.max(1, Math.round((now - found.at) / MINUTE))} min ago`
  facts.details = {
    private_to_public: { mode: rules.mode, read: found.repository, minutes_ago: Math.round((now - found.at) / MINUTE) },
  }
  if (rules.mode === 'block') {
    throw new Forbidden(
      `${toName(name)} is public, and this client read ${what} ${ago}. The policy lets it write to public repositories only ${rules.windowMs / MINUTE} min after that. Ask the person to write this themselves.`,
      { rule: 'private_to_public' },
    )
  }
  facts.notes.push(
    `Careful: ${toName(name)} is public, and this client read ${what} ${ago}. Tell the person what was written if it says anything from there.`,
  )
}

const AT_ONCE = 10

/** The latest read of a repository that is not public now, or of which that is not known. */
async function findNotPublic(gitea: GiteaClient, reads: readonly RecentRead[]): Promise<RecentRead | undefined> {
  for (let at = 0; at < reads.length; at += AT_ONCE) {
    const some = reads.slice(at, at + AT_ONCE)
    const open = await Promise.all(some.map(({ repository }) => isPublic(gitea, repository)))
    const found = some.find((_read, index) => open[index] !== true)
    if (found !== undefined) {
      return found
    }
  }
  return undefined
}

async function isPublic(gitea: GiteaClient, repository: string): Promise<boolean> {
  const [owner = '', repo = ''] = repository.split('/')
  if (repository === UNNAMED || repo === '') {
    return false
  }
  // gone, renamed, taken away or not answered: what is not known to be public counts as private
  try {
    return (await getRepository(gitea, { owner, repo })).visibility === 'public'
  } catch (error) {
    if (error instanceof AppError) {
      return false
    }
    throw error
  }
}
