import type { IncomingMessage } from 'node:http'
import type { AuditLog } from '../audit/log.js'
import type { Limits } from '../gate/limits.js'
import type { GiteaTransport } from '../gitea/client.js'
import { getCurrentUser } from '../gitea/users.js'
import type { Authenticator } from '../identity/authenticate.js'
import type { Caller } from '../identity/caller.js'
import { SECOND } from '../lib/units.js'
import { type Challenges, findDoor } from './challenges.js'
import type { HttpRefusal } from './thin-exchange.js'

export interface Admission {
  /** Who is calling, or the HTTP answer that says why that is not known. */
  admit(req: IncomingMessage, address: string, requestId: string): Promise<Caller | HttpRefusal>
  /**
   * Asks Gitea whether the caller's sign-in still stands.
   *
   * @throws Unauthenticated when it does not; other errors of Gitea are thrown too and prove nothing
   */
  prove(caller: Caller, requestId: string): Promise<void>
}

interface AdmissionDeps {
  readonly authenticator: Authenticator
  readonly limits: Limits
  readonly challenges: Challenges
  readonly audit: AuditLog
  readonly gitea: GiteaTransport
  countAuthFailure(reason: 'unknown_token' | 'locked_out'): void
}

const PROOF_TIMEOUT_MS = 5 * SECOND

/** The door of every bearer route: token, then lockout of addresses that guess. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { authenticator, limits, challenges, audit, gitea } = deps
  const lockedOut = (ms: number): HttpRefusal => ({
    status: 429,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(ms / SECOND))) },
  })

  return {
    admit: async (req, address, requestId) => {
      const door = findDoor(req.url ?? '')
      const lockedMs = await limits.lockedForMs(address)
      if (lockedMs > 0) {
        deps.countAuthFailure('locked_out')
        return lockedOut(lockedMs)
      }
      const found = await authenticator.authenticate(req.headers.authorization, requestId)
      if (found.kind === 'caller') {
        return found.caller
      }
      if (found.kind === 'missing') {
        return challenges.unauthenticated(undefined, door)
      }
      if (found.kind === 'ended') {
        return challenges.unauthenticated(found.problem ?? 'The access token has expired or was revoked', door)
      }
      if (found.kind === 'refused') {
        audit.recordSoon({
          type: 'access_denied',
          request_id: requestId,
          reason: found.reason,
          details: { ip: address },
        })
        return found.status === 401
          ? challenges.unauthenticated(found.problem, door)
          : { status: found.status, headers: {}, message: found.problem }
      }
      deps.countAuthFailure('unknown_token')
      const counted = await limits.countFailure(address)
      audit.recordSoon({
        type: counted.first ? 'security_event' : 'access_denied',
        request_id: requestId,
        reason: counted.first ? 'auth_rate_limit_exceeded' : 'invalid_token',
        details: { ip: address },
      })
      return challenges.unauthenticated(found.problem ?? 'The access token is not one that this server takes', door)
    },
    prove: async (caller, requestId) => {
      const client = gitea.as(caller.gitea, {
        operations: ['getCurrentUser'],
        signal: AbortSignal.timeout(PROOF_TIMEOUT_MS),
        requestId,
      })
      await getCurrentUser(client)
    },
  }
}
