import type { GiteaTransport } from '../gitea/client.js'
import { getCurrentUser } from '../gitea/users.js'
import type { Clock } from '../lib/clock.js'
import { MINUTE, SECOND } from '../lib/units.js'
import type { TokenVault } from '../oauth/token-vault.js'
import type { Caller } from './caller.js'

const REMEMBERED_MS = MINUTE
const MAX_REMEMBERED = 1000
const ASK_TIMEOUT_MS = 5 * SECOND

export interface Admins {
  /** Whether this caller may see what concerns everyone here. Gitea not answering is a no. */
  isAdmin(caller: Pick<Caller, 'accountId' | 'login'>, requestId: string): Promise<boolean>
}

interface AdminsDeps {
  /** `ADMIN_USERS`, lower case: logins, or account ids like `gitea:7`. */
  readonly named: ReadonlySet<string>
  readonly gitea: GiteaTransport
  readonly vault: TokenVault
  readonly clock: Clock
}

/** Admins are the people that the settings name, and Gitea's site administrators who signed in there themselves. */
export function createAdmins({ named, gitea, vault, clock }: AdminsDeps): Admins {
  const answers = new Map<string, { readonly isAdmin: boolean; readonly until: number }>()

  /** Asked with the person's own credential: a service token's rights say nothing about the person. */
  const askGitea = async (accountId: string, requestId: string): Promise<boolean> => {
    const known = answers.get(accountId)
    if (known !== undefined && known.until > clock.now()) {
      return known.isAdmin
    }
    const client = gitea.as(vault.credentialFor(accountId), {
      operations: ['getCurrentUser'],
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      requestId,
    })
    const { isAdmin } = await getCurrentUser(client)
    if (answers.size >= MAX_REMEMBERED) {
      answers.clear()
    }
    answers.set(accountId, { isAdmin, until: clock.now() + REMEMBERED_MS })
    return isAdmin
  }

  return {
    isAdmin: async ({ accountId, login }, requestId) => {
      if (named.has(login.toLowerCase()) || named.has(accountId)) {
        return true
      }
      if (vault.findPerson(accountId) === undefined) {
        return false
      }
      // whatever kept Gitea from answering, unknown is no
      return askGitea(accountId, requestId).catch(() => false)
    },
  }
}
