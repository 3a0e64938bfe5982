import type { GiteaTransport } from '../gitea/client.js'
import { getCurrentUser } from '../gitea/users.js'
import { Forbidden, Unauthenticated } from '../lib/errors.js'
import { createRequestId } from '../lib/ids.js'
import { SECOND } from '../lib/units.js'
import type { TokenVault } from '../oauth/token-vault.js'
import type { Caller } from './caller.js'
import type { ServiceAccess } from './service-access.js'
import type { Person } from './service-account.js'

/** How calls go out for people whom something else than a sign-in of this server named: a key, another issuer. */
export interface PersonAccess {
  /**
   * The person who has this login in Gitea now; undefined when nobody has, or when it is not known here.
   *
   * @throws AppError while Gitea does not say
   */
  findPerson(login: string): Promise<Person | undefined>
  /** Undefined when there is no way: no service token, and the person has no sign-in kept here. */
  open(person: Person): Pick<Caller, 'gitea' | 'permits'> | undefined
}

const ASK_TIMEOUT_MS = 10 * SECOND

/** @param service preferred where there is one; otherwise the sign-in that the person left here is used */
export function createPersonAccess(
  vault: TokenVault,
  service: ServiceAccess | undefined,
  gitea: GiteaTransport,
): PersonAccess {
  const findOwn = (accountId: string) =>
    vault.findPerson(accountId) === undefined ? undefined : vault.credentialFor(accountId)

  const findSignedIn = async (login: string): Promise<Person | undefined> => {
    const found = vault.findByLogin(login)
    if (found === undefined) {
      return undefined
    }
    const client = gitea.as(vault.credentialFor(found.accountId), {
      operations: ['getCurrentUser'],
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      requestId: createRequestId(),
    })
    const user = await getCurrentUser(client).catch((thrown: unknown) => {
      if (thrown instanceof Unauthenticated || thrown instanceof Forbidden) return undefined
      throw thrown
    })
    // the login is from the last sign-in here: after a rename in Gitea it may be somebody else's
    const isStillTheirs = user?.login.toLowerCase() === login.toLowerCase() && found.accountId === `gitea:${user.id}`
    return isStillTheirs ? found : undefined
  }

  return {
    findPerson: async (login) => (service === undefined ? findSignedIn(login) : service.findPerson(login)),
    open: (person) => {
      const own = findOwn(person.accountId)
      if (service !== undefined) {
        return service.forPerson(person, own)
      }
      return own === undefined ? undefined : { gitea: own }
    },
  }
}
