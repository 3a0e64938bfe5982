import type { Store } from '../db/open.js'
import type { GiteaTransport } from '../gitea/client.js'
import type { GiteaCredential } from '../gitea/credential.js'
import { RepositoryMoved } from '../gitea/moved.js'
import { getAccount, isOrganization } from '../gitea/permissions.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Clock } from '../lib/clock.js'
import { AppError, Forbidden, NotFound, toErrorText } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Secret } from '../lib/secret.js'
import type { Decision } from '../policy/decision.js'
import type { Caller } from './caller.js'
import { createPermissionCache, type PermissionKey } from './permission-cache.js'
import { probeAsPerson, probeFromOutside } from './permission-probe.js'
import {
  coversRepository,
  coversRequest,
  isOfRepository,
  type Level,
  mayReadCode,
  type Rights,
  readsCode,
} from './repository-rights.js'
import { createServiceAccount, DENIED_RULE, type Person } from './service-account.js'

/*
 * Calls that go out with GITEA_TOKEN for people who are known some other way. A site administrator's token acts as the
 * person (`Sudo`), so that Gitea enforces their rights on every request and every list. Any other token may do more than
 * the person: each request is then held against rights that were asked for first, and what they cannot cover is refused.
 */

/** Calls with the service token, never beyond what the person may do. */
export interface ServiceAccess {
  /**
   * @param own the person's own sign-in at Gitea, where there is one: proof that the account still stands, and the way
   *   for what is theirs alone when the service token cannot act as them
   */
  forPerson(
    person: Person,
    own?: GiteaCredential,
  ): { readonly gitea: GiteaCredential; readonly permits: NonNullable<Caller['permits']> }
  /**
   * The person who has this login now; undefined when there is none or Gitea does not let them work.
   *
   * @throws AppError while Gitea does not say
   */
  findPerson(login: string): Promise<Person | undefined>
  /** Drops what is known of a person's or a repository's rights (`owner/name`): the next call asks again. */
  forget(key: Partial<PermissionKey>): void
  /** Deletes rights that are too old to be used. */
  sweep(): void
}

interface ServiceAccessDeps {
  readonly gitea: GiteaTransport
  readonly token: Secret
  readonly store: Store
  readonly clock: Clock
  readonly ttlMs: number
  readonly log: Logger
}

export function createServiceAccess(deps: ServiceAccessDeps): ServiceAccess {
  const { store, clock, ttlMs, log } = deps
  const account = createServiceAccount(deps)
  const cache = createPermissionCache(store, clock, ttlMs)

  const findRights = async (person: Person, { owner, repo }: RepositoryName, isMoved = false): Promise<Rights> => {
    const name = { owner, repo }
    const probe = async () =>
      (await account.mayActAsOthers())
        ? probeAsPerson(account.ask(person.login), name)
        : probeFromOutside(account.ask(), name, person)
    return cache.get({ login: person.login, repository: `${owner}/${repo}` }, probe).catch((thrown: unknown) => {
      // Gitea tells the new name to everyone; only whoever may use it may even learn that there is one
      if (thrown instanceof RepositoryMoved && thrown.to !== undefined && !isMoved) {
        return findRights(person, thrown.to, true)
      }
      throw thrown
    })
  }

  const forPerson = (person: Person, own?: GiteaCredential) => {
    const { credential } = account
    const gitea: GiteaCredential = {
      ...credential,
      authorize: async (operation, path, body) => {
        await account.checkStanding(person, own)
        if (await account.mayActAsOthers()) {
          return { credential, sudo: person.login }
        }
        if (!isOfRepository(operation)) {
          if (own === undefined) throw toPersonal()
          return { credential: own }
        }
        const name = { owner: String(path.owner), repo: String(path.repo) }
        if (!coversRequest(await findRights(person, name), operation, path, body)) {
          throw new Forbidden(describeDenial(person, name, 'do that'), { rule: DENIED_RULE })
        }
        return { credential }
      },
    }
    const permits: NonNullable<Caller['permits']> = async ({ owner, name: repo }, effect, operations) => {
      const name = { owner, repo }
      // an edge: whatever keeps the answer from us, an unknown right is none
      try {
        await account.checkStanding(person, own)
        const rights = await findRights(person, name)
        const isCovered =
          coversRepository(rights, effect) &&
          (rights['*'] !== undefined || !operations.some(readsCode) || mayReadCode(rights))
        return isCovered ? ALLOWED : deny(describeDenial(person, name, effect))
      } catch (error) {
        const detail = error instanceof AppError ? error.detail : undefined
        log.warn(
          { login: person.login, repository: `${owner}/${repo}`, reason: toErrorText(error), detail },
          'repository_permission_unknown',
        )
        return deny(error instanceof Forbidden ? error.message : describeUnknown(name))
      }
    }
    return { gitea, permits }
  }

  return {
    forPerson,
    findPerson: async (login) => {
      const found = await getAccount(account.ask(), login).catch((thrown: unknown) => {
        if (thrown instanceof NotFound) return undefined
        throw thrown
      })
      if (found === undefined || ((await account.mayActAsOthers()) && !found.mayWork)) {
        return undefined
      }
      // nobody signs in as an organisation
      if (await isOrganization(account.ask(), found.login)) {
        return undefined
      }
      return { accountId: `gitea:${found.id}`, login: found.login }
    },
    forget: (key) => {
      cache.forget(key)
      if (key.repository === undefined) {
        account.forget(key.login)
      }
    },
    sweep: () => cache.sweep(),
  }
}

const ALLOWED: Decision = { effect: 'allow', rule: 'repository_permission', reason: 'Gitea lets this person do that.' }

function deny(reason: string): Decision {
  return { effect: 'deny', rule: DENIED_RULE, reason }
}

function describeDenial({ login }: Person, { owner, repo }: RepositoryName, what: Level | 'do that'): string {
  const done = what === 'read' ? 'may not read it' : what === 'write' ? 'may not write there' : 'may not do that there'
  return `There is no repository ${owner}/${repo} in Gitea, or ${login} ${done}. Ask its owner for access.`
}

function describeUnknown({ owner, repo }: RepositoryName): string {
  return `Gitea did not say what this person may do in ${owner}/${repo}, so nothing was done. Try again in a moment.`
}

function toPersonal(): Forbidden {
  return new Forbidden(
    'This looks at everything a person can see, or at what is theirs, and the service token of this server cannot ask Gitea as that person. Name one repository, or ask the admin for a GITEA_TOKEN of a site administrator.',
    { rule: 'service_token.person' },
  )
}
