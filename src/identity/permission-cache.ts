import { and, eq, lte } from 'drizzle-orm'
import type { Store } from '../db/open.js'
import { repositoryPermission } from '../db/schema/identity.js'
import type { Clock } from '../lib/clock.js'
import { Rights } from './repository-rights.js'

export interface PermissionKey {
  readonly login: string
  /** `owner/name` */
  readonly repository: string
}

/** What Gitea said about people's rights, for a while. One probe at a time for each person and repository. */
export interface PermissionCache {
  /** @throws whatever `probe` throws; that is not remembered */
  get(key: PermissionKey, probe: () => Promise<Rights>): Promise<Rights>
  /** Drops what is known of a person, of a repository, or of one in the other; a probe under way is not kept either. */
  forget(key: Partial<PermissionKey>): void
  /** Deletes what is too old to be used. */
  sweep(): void
}

/** @param ttlMs 0 remembers nothing */
export function createPermissionCache({ orm, sqlite }: Store, clock: Clock, ttlMs: number): PermissionCache {
  const underWay = new Map<string, Promise<Rights>>()
  const select = sqlite.prepare<[string, string], { readonly rights: string; readonly checkedAt: number }>(
    'SELECT rights, checked_at AS checkedAt FROM repository_permission WHERE login = ? AND repository = ?',
  )

  const find = ({ login, repository }: PermissionKey): Rights | undefined => {
    const row = select.get(login, repository)
    const age = row === undefined ? Number.POSITIVE_INFINITY : clock.now() - row.checkedAt
    // a clock that was set back must not make an answer live longer
    if (row === undefined || age < 0 || age >= ttlMs) {
      return undefined
    }
    const parsed = Rights.safeParse(JSON.parse(row.rights))
    return parsed.success ? parsed.data : undefined
  }

  const keep = ({ login, repository }: PermissionKey, found: Rights) => {
    const facts = { rights: JSON.stringify(found), checkedAt: clock.now() }
    orm
      .insert(repositoryPermission)
      .values({ login, repository, ...facts })
      .onConflictDoUpdate({ target: [repositoryPermission.login, repositoryPermission.repository], set: facts })
      .run()
  }

  return {
    get: async (given, probe) => {
      const key = toLower(given)
      const known = find(key)
      if (known !== undefined) {
        return known
      }
      const name = toName(key)
      const running = underWay.get(name)
      if (running !== undefined) {
        return running
      }
      const asked: Promise<Rights> = probe()
        .then((found) => {
          // forgotten meanwhile: the answer may be from before the change
          if (ttlMs > 0 && underWay.get(name) === asked) {
            keep(key, found)
          }
          return found
        })
        .finally(() => {
          if (underWay.get(name) === asked) {
            underWay.delete(name)
          }
        })
      underWay.set(name, asked)
      return asked
    },
    forget: (given) => {
      const login = given.login?.toLowerCase()
      const repository = given.repository?.toLowerCase()
      for (const name of underWay.keys()) {
        const [heldLogin, heldRepository] = name.split(' ')
        if ((login ?? heldLogin) === heldLogin && (repository ?? heldRepository) === heldRepository) {
          underWay.delete(name)
        }
      }
      orm
        .delete(repositoryPermission)
        .where(
          and(
            login === undefined ? undefined : eq(repositoryPermission.login, login),
            repository === undefined ? undefined : eq(repositoryPermission.repository, repository),
          ),
        )
        .run()
    },
    sweep: () => {
      orm
        .delete(repositoryPermission)
        .where(lte(repositoryPermission.checkedAt, clock.now() - ttlMs))
        .run()
    },
  }
}

function toLower({ login, repository }: PermissionKey): PermissionKey {
  return { login: login.toLowerCase(), repository: repository.toLowerCase() }
}

function toName({ login, repository }: PermissionKey): string {
  return `${login} ${repository}`
}
