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

/** @param service preferred where there is one; otherwise the sign-in that the person left here is used */
export function createPersonAccess(vault: TokenVault, service: ServiceAccess | undefined): PersonAccess {
  const findOwn = (accountId: string) =>
    vault.findPerson(accountId) === undefined ? undefined : vault.credentialFor(accountId)
  return {
    findPerson: async (login) => (service === undefined ? vault.findByLogin(login) : service.findPerson(login)),
    open: (person) => {
      const own = findOwn(person.accountId)
      if (service !== undefined) {
        return service.forPerson(person, own)
      }
      return own === undefined ? undefined : { gitea: own }
    },
  }
}
