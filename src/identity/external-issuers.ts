import { decodeJwt, errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose'
import type { IssuerSettings } from '../config/issuers-file.js'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { AppError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { SECOND } from '../lib/units.js'
import type { Scope } from '../oauth/scope.js'
import type { Authentication, TokenReader } from './authenticate.js'
import type { Caller } from './caller.js'
import { findClientOf, findLogin, findMisuse, findScopes } from './issuer-claims.js'
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.js'
import {
  describeClaim,
  describeForgery,
  describeMissingLogin,
  describeMissingScope,
  describeNoWay,
  describeUnknownPerson,
  describeWrongAudience,
} from './issuer-problems.js'
import type { PersonAccess } from './person-access.js'
import { createRememberedTokens } from './remembered-tokens.js'
import type { Person } from './service-account.js'

/*
 * Access tokens of other identity providers: signed by a key that the issuer publishes, made for this server, with an
 * explicit way from their claims to a Gitea login and to what they are good for (RFC 9068, RFC 8725).
 */

/** How far the clocks of an issuer and of this server may be apart. */
const SKEW_SECONDS = 60
/** Three parts, the last of which is empty in an unsigned token. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

interface ExternalIssuersOptions {
  readonly issuers: readonly IssuerSettings[]
  readonly people: PersonAccess
  readonly clock: Clock
  readonly log: Logger
  /** How long published keys, and what was found out about a token, are used. */
  readonly ttlMs: number
}

interface Trusted extends IssuerSettings {
  readonly host: string
  readonly keys: IssuerKeys
}

/** A token that was checked, and whom it means. */
interface Verified {
  readonly person: Person
  readonly clientId: string
  readonly clientName: string
  readonly scopes: ReadonlySet<Scope>
  readonly tokenHint: string
  /** Epoch milliseconds. */
  readonly until: number
}

type Outcome = { readonly verified: Verified } | { readonly answer: Authentication }

export function createExternalIssuerReader(options: ExternalIssuersOptions): TokenReader {
  const { people, clock, log, ttlMs } = options
  const trusted = new Map<string, Trusted>(
    options.issuers.map((settings) => [
      settings.issuer,
      {
        ...settings,
        host: new URL(settings.issuer).host,
        keys: createIssuerKeys({ issuer: settings.issuer, clock, ttlMs }),
      },
    ]),
  )
  const taken = [...trusted.keys()].join(', ')
  const remembered = createRememberedTokens<Outcome>()

  const verify = async (token: string, issuer: Trusted): Promise<Outcome> => {
    const found = await checkSignature(token, issuer, clock)
    if ('answer' in found) {
      return found
    }
    const misuse = findMisuse(found.protectedHeader, found.payload)
    if (misuse !== undefined) {
      return refuse(401, 'wrong_token_type', misuse)
    }
    const scopes = findScopes(found.payload, issuer.scopes)
    if (scopes.size === 0) {
      return refuse(403, 'insufficient_scope', describeMissingScope(issuer), [...issuer.scopes.keys()])
    }
    const login = findLogin(found.payload, issuer)
    if (login === undefined) {
      return refuse(403, 'no_login', describeMissingLogin(issuer))
    }
    const person = await people.findPerson(login)
    if (person === undefined) {
      return refuse(403, 'unknown_person', describeUnknownPerson(login, issuer.host))
    }
    if (people.open(person) === undefined) {
      return refuse(403, 'no_way_to_gitea', describeNoWay(login))
    }
    const client = findClientOf(found.payload)
    const verified: Verified = {
      person,
      clientId: `issuer:${issuer.host}:${client ?? 'unknown'}`,
      clientName: client ?? issuer.host,
      scopes,
      tokenHint: sha256Hex(token).slice(0, 12),
      until: Math.min(toEnd(found.payload), clock.now() + ttlMs),
    }
    const outcome = { verified }
    remembered.keep(token, outcome)
    return outcome
  }

  const toAnswer = (outcome: Outcome): Authentication => {
    if ('answer' in outcome) {
      return outcome.answer
    }
    const { person, until: _, ...facts } = outcome.verified
    const way = people.open(person)
    if (way === undefined) {
      return { kind: 'refused', status: 403, reason: 'no_way_to_gitea', problem: describeNoWay(person.login) }
    }
    const caller: Caller = {
      ...person,
      ...facts,
      grant: { readOnly: false, repositories: null, expiresAt: null },
      ...way,
    }
    return { kind: 'caller', caller }
  }

  return {
    read: (token, requestId) => {
      if (!JWT.test(token)) {
        return undefined
      }
      const known = remembered.find(token)
      if (known !== undefined && 'verified' in known && clock.now() < known.verified.until) {
        return toAnswer(known)
      }
      const name = findIssuerName(token)
      if (name === undefined) {
        return undefined
      }
      const issuer = trusted.get(name)
      if (issuer === undefined) {
        return { kind: 'unknown', problem: `The token is of an issuer that is not taken here. Taken are: ${taken}` }
      }
      return remembered
        .once(token, () => verify(token, issuer))
        .catch((thrown: unknown) => toOutage(thrown))
        .then((outcome) => {
          if ('answer' in outcome && outcome.answer.kind !== 'caller') {
            const problem = 'problem' in outcome.answer ? outcome.answer.problem : undefined
            log.info(
              { issuer: issuer.issuer, kind: outcome.answer.kind, problem, request_id: requestId },
              'issuer_token_refused',
            )
          }
          return toAnswer(outcome)
        })
    },
  }
}

async function checkSignature(
  token: string,
  issuer: Trusted,
  clock: Clock,
): Promise<JWTVerifyResult | { readonly answer: Authentication }> {
  // jose throws for everything that is wrong with a token; which of it is the person's to mend is told apart here
  try {
    return await jwtVerify(token, issuer.keys.find, {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: [...issuer.algorithms],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    })
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { answer: { kind: 'ended', problem: 'The access token has expired. Refresh it, or sign in again' } }
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      return error.claim === 'aud'
        ? refuse(401, 'wrong_audience', describeWrongAudience(issuer))
        : refuse(401, 'invalid_claims', describeClaim(error.claim))
    }
    if (error instanceof errors.JOSEError) {
      return { answer: { kind: 'unknown', problem: describeForgery(error, issuer) } }
    }
    throw error
  }
}

/** Whatever kept us from finding out: an unknown answer is a no, and not the client's fault. */
function toOutage(thrown: unknown): Outcome {
  if (thrown instanceof AppError) {
    return refuse(503, 'not_verifiable', thrown.message)
  }
  throw thrown
}

function refuse(
  status: 401 | 403 | 503,
  reason: string,
  problem: string,
  scopes?: readonly string[],
): { readonly answer: Authentication } {
  return { answer: { kind: 'refused', status, reason, problem, ...(scopes === undefined ? {} : { scopes }) } }
}

/** The issuer that a token claims, before anything about it is checked; undefined when it names none. */
function findIssuerName(token: string): string | undefined {
  // what cannot be read as a token is not one of these
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

function toEnd({ exp }: JWTPayload): number {
  return ((exp ?? 0) + SKEW_SECONDS) * SECOND
}
