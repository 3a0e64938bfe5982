import type { GiteaClient, GiteaTransport } from '../gitea/client.js'
import type { GiteaCredential } from '../gitea/credential.js'
import type { OperationName } from '../gitea/operations.js'
import { getAccount } from '../gitea/permissions.js'
import { getCurrentUser } from '../gitea/users.js'
import type { Clock } from '../lib/clock.js'
import { Forbidden, NotFound, Unavailable } from '../lib/errors.js'
import { createRequestId } from '../lib/ids.js'
import type { Secret } from '../lib/secret.js'
import { MINUTE, SECOND } from '../lib/units.js'

/** What a service token asks Gitea about people; no tool asks these for itself. */
export const SERVICE_OPERATIONS = [
  'getCurrentUser',
  'getUser',
  'getRepository',
  'getRepositoryPermission',
  'listRepositoryTeams',
  'getTeamMember',
  'listOrgRepositories',
] as const satisfies readonly OperationName[]

export interface Person {
  /** `gitea:<user id>` */
  readonly accountId: string
  readonly login: string
}

/** The account behind GITEA_TOKEN. */
export interface ServiceAccount {
  readonly credential: GiteaCredential
  /**
   * Whether Gitea lets it act as other people (`Sudo`), which is for site administrators.
   *
   * @throws AppError while Gitea does not say
   */
  mayActAsOthers(): Promise<boolean>
  /** A client for questions about people, sent as the service account or with Gitea's eyes of `sudo`. */
  ask(sudo?: string): GiteaClient
  /**
   * The account of this login.
   *
   * @throws Forbidden when it is not the person's, or (as far as Gitea tells) may not sign in any more
   */
  checkStanding(person: Person, own: GiteaCredential | undefined): Promise<void>
  /** What is known of this login is asked anew. */
  forget(login?: string): void
}

interface ServiceAccountDeps {
  readonly gitea: GiteaTransport
  readonly token: Secret
  readonly clock: Clock
  /** How long an answer about a person is used. */
  readonly ttlMs: number
}

const ASK_TIMEOUT_MS = 10 * SECOND
/** A token that lost its power is refused by Gitea itself; only one that gained some is noticed this late. */
const SELF_TTL_MS = 5 * MINUTE
const MOST_PEOPLE = 10_000
export const DENIED_RULE = 'repository_permission_denied'

const LOGIN = /^[\w.-]{1,255}$/

export function createServiceAccount({ gitea, token, clock, ttlMs }: ServiceAccountDeps): ServiceAccount {
  const credential: GiteaCredential = {
    token: async () => token.reveal(),
    renew: async () => {
      throw new Unavailable(
        'Gitea does not accept the service token of this server. Ask the admin to renew GITEA_TOKEN.',
      )
    },
  }
  const open = (as: GiteaCredential, operations: readonly OperationName[]) =>
    gitea.as(as, { operations, signal: AbortSignal.timeout(ASK_TIMEOUT_MS), requestId: createRequestId() })
  const ask = (sudo?: string) =>
    open(
      sudo === undefined ? credential : { ...credential, authorize: async () => ({ credential, sudo }) },
      SERVICE_OPERATIONS,
    )
  const self = createRemembered<boolean>(clock, SELF_TTL_MS, 1)
  const standings = createRemembered<Forbidden | undefined>(clock, ttlMs, MOST_PEOPLE)
  const mayActAsOthers = () => self.get('self', async () => (await getCurrentUser(ask())).isAdmin)

  const judge = async (person: Person, own: GiteaCredential | undefined): Promise<Forbidden | undefined> => {
    if (!LOGIN.test(person.login)) {
      return toGone(person)
    }
    // the person's own sign-in tells best, but Gitea hides nothing of this from administrators
    if (!(await mayActAsOthers()) && own !== undefined) {
      const { id } = await getCurrentUser(open(own, ['getCurrentUser']))
      return isSame(person, id) ? undefined : toGone(person)
    }
    const account = await getAccount(ask(), person.login).catch((thrown: unknown) => {
      if (thrown instanceof NotFound) return undefined
      throw thrown
    })
    if (account === undefined || !isSame(person, account.id)) {
      return toGone(person)
    }
    return account.mayWork || !(await mayActAsOthers()) ? undefined : toDisabled(person)
  }

  return {
    credential,
    mayActAsOthers,
    ask,
    checkStanding: async (person, own) => {
      // what was found without the person's own sign-in proves less than what it tells
      const key = `${person.login.toLowerCase()} ${person.accountId} ${own === undefined ? 'seen' : 'own'}`
      const refusal = await standings.get(key, () => judge(person, own))
      if (refusal !== undefined) {
        throw refusal
      }
    },
    forget: (login) => {
      const start = login === undefined ? '' : `${login.toLowerCase()} `
      standings.forget((key) => key.startsWith(start))
    },
  }
}

/** A login can be another person's after a rename; the id stays. */
function isSame({ accountId }: Person, id: number): boolean {
  return accountId === `gitea:${id}`
}

function toGone({ login }: Person): Forbidden {
  return new Forbidden(
    `Gitea has no account ${login} any more that is this person’s: it was renamed or deleted. Connect again to go on.`,
    { rule: 'gitea.account' },
  )
}

function toDisabled({ login }: Person): Forbidden {
  return new Forbidden(`Gitea does not let the account ${login} work now: it is disabled. Ask the admin of Gitea.`, {
    rule: 'gitea.account',
  })
}

interface Remembered<Value> {
  get(key: string, ask: () => Promise<Value>): Promise<Value>
  forget(matches: (key: string) => boolean): void
}

/** Answers kept for a while and asked for once at a time; what fails is not kept. */
function createRemembered<Value>(clock: Clock, ttlMs: number, most: number): Remembered<Value> {
  const held = new Map<string, { readonly value: Promise<Value>; at: number | undefined }>()
  return {
    get: (key, ask) => {
      const known = held.get(key)
      const age = known?.at === undefined ? 0 : clock.now() - known.at
      if (known !== undefined && (known.at === undefined || (age >= 0 && age < ttlMs))) {
        return known.value
      }
      const asked = { value: ask(), at: undefined as number | undefined }
      held.delete(key)
      held.set(key, asked)
      asked.value.then(
        () => {
          asked.at = clock.now()
        },
        () => {
          if (held.get(key) === asked) {
            held.delete(key)
          }
        },
      )
      const [oldest] = held.keys()
      if (held.size > most && oldest !== undefined) {
        held.delete(oldest)
      }
      return asked.value
    },
    forget: (matches) => {
      for (const key of held.keys()) {
        if (matches(key)) {
          held.delete(key)
        }
      }
    },
  }
}
