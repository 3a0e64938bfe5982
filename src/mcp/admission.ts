import type { IncomingMessage } from 'node:http'
import type { AuditLog } from '../audit/log.js'
import type { Limits } from '../gate/limits.js'
import type { GiteaTransport } from '../gitea/client.js'
import { getCurrentUser } from '../gitea/users.js'
import type { Authentication, Authenticator } from '../identity/authenticate.js'
import type { Caller } from '../identity/caller.js'
import { type Clock, toIsoTime } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import type { Secret } from '../lib/secret.js'
import { SECOND } from '../lib/units.js'
import { type Challenges, type Door, findDoor } from './challenges.js'
import { findQueryKey } from './query-key.js'
import type { HttpRefusal } from './thin-exchange.js'

export interface Admission {
  /** Who is calling, or the HTTP answer that says why that is not known. */
  admit(req: IncomingMessage, from: Origin): Promise<Caller | HttpRefusal>
  /**
   * Asks Gitea whether the caller's sign-in still stands.
   *
   * @throws Unauthenticated when it does not; other errors of Gitea are thrown too and prove nothing
   */
  prove(caller: Caller, requestId: string): Promise<void>
}

interface Origin {
  readonly requestId: string
  readonly address: string
  /** An API key that stood in the address, where the settings let one stand there. */
  readonly queryKey?: Secret
}

interface AdmissionDeps {
  readonly authenticator: Authenticator
  /** For keys in addresses, which other tokens must never be. */
  readonly keyAuthenticator: Authenticator
  readonly limits: Limits
  readonly challenges: Challenges
  readonly audit: AuditLog
  readonly gitea: GiteaTransport
  readonly clock: Clock
  readonly log: Logger
  countAuthFailure(reason: 'unknown_token' | 'locked_out'): void
}

const PROOF_TIMEOUT_MS = 5 * SECOND
const MOST_AGENT_CHARS = 200
const MOST_HINTS = 1000
const NO_KEY_IN_ADDRESS =
  'Addresses end up in logs, so no key is read from them. Send it in the header Authorization: Bearer <key>, and make a new one: this one may have been seen'

/** The door of every bearer route: token, then lockout of addresses that guess. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { authenticator, keyAuthenticator, limits, challenges, audit, gitea, clock, log } = deps
  const warned = new Set<string>()

  // the same words whatever was presented: a locked address must not learn whether its guess was right
  const lockedOut = (ms: number): HttpRefusal => ({
    status: 429,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(ms / SECOND))) },
    message: `This address is locked out until ${toIsoTime(clock.now() + ms)}, because ${limits.authFailures} requests from it came with tokens that this server does not know. Valid tokens are not taken from it either until then. Wait, and look for a client with an old token; if everyone is locked out at once, the admin names the proxy in TRUSTED_PROXIES.`,
  })

  const refuseUnknown = async (
    { reason = 'invalid_token', problem = UNKNOWN[reason] }: Extract<Authentication, { kind: 'unknown' }>,
    { address, requestId }: Origin,
    door: Door,
  ): Promise<HttpRefusal> => {
    deps.countAuthFailure('unknown_token')
    const counted = await limits.countFailure(address)
    log.warn({ request_id: requestId, reason, client_ip: address }, 'access_denied')
    if (counted.first) {
      log.warn({ request_id: requestId, client_ip: address, seconds: limits.lockSeconds }, 'auth_rate_limit_exceeded')
    }
    audit.recordSoon({
      type: counted.first ? 'security_event' : 'access_denied',
      request_id: requestId,
      reason: counted.first ? 'auth_rate_limit_exceeded' : reason,
      details: { ip: address },
    })
    return challenges.unauthenticated(problem, door)
  }

  const noteKey = (req: IncomingMessage, keyHint: string, { address, requestId, queryKey }: Origin) => {
    const agent = req.headers['user-agent']?.slice(0, MOST_AGENT_CHARS)
    const facts = { request_id: requestId, status: 'success', client_ip: address, user_agent: agent, key_hint: keyHint }
    log.info(facts, 'api_authentication')
    if (queryKey !== undefined && !warned.has(keyHint) && warned.size < MOST_HINTS) {
      warned.add(keyHint)
      log.warn({ request_id: requestId, key_hint: keyHint }, 'api_key_in_address')
    }
  }

  return {
    admit: async (req, from) => {
      const { address, requestId, queryKey } = from
      const door = findDoor(req.url ?? '')
      const lockedMs = await limits.lockedForMs(address)
      if (lockedMs > 0) {
        deps.countAuthFailure('locked_out')
        return lockedOut(lockedMs)
      }
      if (findQueryKey(req.url ?? '') !== undefined) {
        return challenges.unauthenticated(NO_KEY_IN_ADDRESS, door)
      }
      const { authorization } = req.headers
      const found = await (authorization === undefined && queryKey !== undefined
        ? keyAuthenticator.authenticate(`Bearer ${queryKey.reveal()}`, requestId)
        : authenticator.authenticate(authorization, requestId))
      if (found.kind === 'caller') {
        if (found.keyHint !== undefined) {
          noteKey(req, found.keyHint, from)
        }
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
        if (found.scopes !== undefined) {
          return { ...challenges.insufficientScope(found.problem, found.scopes, door), message: found.problem }
        }
        return found.status === 401
          ? challenges.unauthenticated(found.problem, door)
          : { status: found.status, headers: {}, message: found.problem }
      }
      return refuseUnknown(found, from, door)
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

const UNKNOWN = {
  invalid_token: 'The access token is not one that this server takes',
  invalid_api_key:
    'The API key is not one that this server takes: compare it with the one that was made, to its last character',
} as const
