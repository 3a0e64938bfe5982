import type { GiteaTransport } from '../gitea/client.js'
import type { GiteaCredential } from '../gitea/credential.js'
import { getCurrentUser } from '../gitea/users.js'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { Unavailable } from '../lib/errors.js'
import { createRequestId } from '../lib/ids.js'
import type { Secret } from '../lib/secret.js'
import { HOUR, SECOND } from '../lib/units.js'
import { SCOPES } from '../oauth/scope.js'
import type { Caller } from './caller.js'

/** The Gitea account that automations act as: its own name, its own rights, never those of whoever set them off. */
export interface AutomationAccount {
  /**
   * The caller of a job.
   *
   * @throws AppError while Gitea does not say whose token it is
   */
  asCaller(job: string): Promise<Caller>
  /** Its login as Gitea last said it; asked for once where it is not known yet, undefined when Gitea does not say. */
  findLogin(): Promise<string | undefined>
}

const ASK_TIMEOUT_MS = 10 * SECOND
/** A delivery may wait for it, and Gitea waits 5 s for the answer to that. */
const LOGIN_TIMEOUT_MS = 2 * SECOND
/** While Gitea does not say, not every delivery asks and waits. */
const RETRY_LOGIN_MS = 30 * SECOND

/** @param token an access token of that account */
export function createAutomationAccount({
  gitea,
  token,
  clock,
}: {
  readonly gitea: GiteaTransport
  readonly token: Secret
  readonly clock: Clock
}): AutomationAccount {
  const credential: GiteaCredential = {
    token: async () => token.reveal(),
    renew: async () => {
      throw new Unavailable(
        'Gitea does not accept the token of the automation account. Ask the admin to renew AUTOMATION_TOKEN.',
      )
    },
  }
  const tokenHint = sha256Hex(token.reveal()).slice(0, 12)
  let known: { readonly person: { readonly id: number; readonly login: string }; readonly at: number } | undefined
  const findPerson = async (timeoutMs: number) => {
    if (known === undefined || clock.now() - known.at >= HOUR) {
      const client = gitea.as(credential, {
        operations: ['getCurrentUser'],
        signal: AbortSignal.timeout(timeoutMs),
        requestId: createRequestId(),
      })
      known = { person: await getCurrentUser(client), at: clock.now() }
    }
    return known.person
  }
  let asking: Promise<string | undefined> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  return {
    findLogin: async () => {
      if (known !== undefined) {
        return known.person.login
      }
      if (clock.now() - failedAt < RETRY_LOGIN_MS) {
        return undefined
      }
      asking ??= findPerson(LOGIN_TIMEOUT_MS)
        .then(
          ({ login }) => login,
          () => {
            failedAt = clock.now()
            return undefined
          },
        )
        .finally(() => {
          asking = undefined
        })
      return asking
    },
    asCaller: async (job) => {
      const { id, login } = await findPerson(ASK_TIMEOUT_MS)
      return {
        accountId: `gitea:${id}`,
        login,
        clientId: `job:${job}`,
        clientName: 'AegisGitea automation',
        scopes: new Set(SCOPES),
        // each job is counted by itself: a busy one does not hold up the others
        tokenHint: `${tokenHint.slice(0, 6)}:${job}`,
        grant: { readOnly: false, repositories: null, expiresAt: null },
        gitea: credential,
      }
    },
  }
}
