import type { Clock } from '../lib/clock.js'
import { toErrorText } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { MINUTE, SECOND } from '../lib/units.js'
import type { Authentication } from './authenticate.js'
import type { Caller } from './caller.js'
import type { PersonAccess } from './person-access.js'
import type { Person } from './service-account.js'

/** People whom the settings name by their login: who they are in Gitea is asked when they are first needed. */
export interface BoundPeople {
  /**
   * @param setting where the login stands, for the words that say what to change
   * @param build the answer for that person, with the way their calls go out
   */
  admit(
    login: string,
    setting: string,
    build: (person: Person, way: Way) => Authentication,
  ): Authentication | Promise<Authentication>
}

type Way = Pick<Caller, 'gitea' | 'permits'>

interface Known {
  readonly person: Person | undefined
  readonly until: number
}

/** A login that became another person's is noticed this late; the calls themselves notice at once. */
const KNOWN_MS = 5 * MINUTE
const UNKNOWN_MS = 10 * SECOND

interface BoundPeopleDeps {
  readonly access: PersonAccess
  readonly clock: Clock
  readonly log: Logger
}

export function createBoundPeople({ access, clock, log }: BoundPeopleDeps): BoundPeople {
  const known = new Map<string, Known>()

  const ask = async (login: string): Promise<Known> => {
    const person = await access.findPerson(login)
    const found = { person, until: clock.now() + (person === undefined ? UNKNOWN_MS : KNOWN_MS) }
    known.set(login, found)
    return found
  }

  return {
    admit: (login, setting, build) => {
      const answer = ({ person }: Known): Authentication => {
        const way = person && access.open(person)
        return person === undefined || way === undefined ? toNobody(login, setting) : build(person, way)
      }
      const found = known.get(login)
      if (found !== undefined && found.until > clock.now()) {
        return answer(found)
      }
      return ask(login).then(answer, (error: unknown) => {
        log.warn({ login, reason: toErrorText(error) }, 'api_key_person_unknown')
        return UNAVAILABLE
      })
    },
  }
}

/** A key that is good, of a person for whom nothing leads to Gitea. */
export function toNoWay(login: string): Authentication {
  return {
    kind: 'refused',
    status: 403,
    reason: 'api_key_without_gitea',
    problem: `Nothing leads to Gitea for ${login}: the admin sets GITEA_TOKEN, or ${login} signs in here once with a client that uses OAuth.`,
  }
}

function toNobody(login: string, setting: string): Authentication {
  return {
    kind: 'refused',
    status: 403,
    reason: 'api_key_user_unknown',
    problem: `Nobody who may work in Gitea is known here as ${login}. The admin corrects the login in ${setting}, or sets GITEA_TOKEN so that it can be looked up.`,
  }
}

const UNAVAILABLE: Authentication = {
  kind: 'refused',
  status: 503,
  reason: 'gitea_unavailable',
  problem: 'Gitea did not say whose key this is. Try again in a moment; if it goes on, the admin runs aegis doctor.',
}
