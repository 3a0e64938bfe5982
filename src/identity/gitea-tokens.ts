import { decodeJwt } from 'jose'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { AppError, Unauthenticated } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { SECOND } from '../lib/units.js'
import type { ApiProbe, DescribedToken, GiteaTokenFacts } from '../oauth/gitea-introspection.js'
import { readGiteaScope } from '../oauth/gitea-scope.js'
import type { Scope } from '../oauth/scope.js'
import type { Authentication, TokenReader } from './authenticate.js'
import type { Caller } from './caller.js'
import { createRememberedTokens } from './remembered-tokens.js'

/*
 * Gitea's own OAuth tokens, presented to us by a client that is registered in Gitea itself (OAUTH_MODE). Nothing is
 * believed of the token's own words: Gitea says whose it is, for which application and with which scope, and calls go
 * out with that very token, so that it never opens more here than at Gitea.
 */

interface GiteaTokenReaderOptions {
  readonly facts: GiteaTokenFacts
  /** Our application in Gitea, and further ones whose tokens are taken. */
  readonly audiences: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  /** How long what Gitea said is used. */
  readonly ttlMs: number
}

interface Good {
  readonly caller: Caller
  readonly observed: readonly string[]
  /** Epoch milliseconds. */
  readonly until: number
}

type Outcome =
  | { readonly good: Good }
  /** It was good here before, until Gitea's API refused it; Gitea is asked what became of it. */
  | { readonly refused: true }
  /** It was good here before: its end is an ordinary event. */
  | { readonly ended: true }
  | { readonly answer: Authentication }

/** As Troubleshooting calls it; a probe that failed otherwise refuses the request too. */
type ProbeWord = 'pass' | 'skip:cached' | 'skip:error' | 'fail:401' | 'fail:403'

interface Summary {
  readonly login?: string
  readonly observed?: readonly string[]
  readonly effective?: readonly string[]
  readonly probe: ProbeWord
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/
/** 40 hex digits: Gitea knows who owns one, and not for what it was handed out. */
const PERSONAL_TOKEN = /^[\da-f]{40}$/i
/** Tokens of our own that are not, or no longer, good are nobody else's business. */
const OWN_TOKEN = /^agm_/

const ENDED = 'Gitea does not take this token any more. Refresh it, or connect this client again'

export function createGiteaTokenReader({ facts, audiences, clock, log, ttlMs }: GiteaTokenReaderOptions): TokenReader {
  const accepted = new Set(audiences)
  const remembered = createRememberedTokens<Outcome>()

  const tell = (token: string, requestId: string, { login, observed = [], effective = [], probe }: Summary) =>
    log.info(
      {
        token_type: JWT.test(token) ? 'jwt' : 'opaque',
        scopes_observed: observed,
        scopes_effective: effective,
        api_probe: probe,
        login,
        request_id: requestId,
      },
      'oauth_auth_summary',
    )

  const check = async (token: string, requestId: string, wasGood: boolean): Promise<Outcome> => {
    const dead = (): Outcome => {
      tell(token, requestId, { probe: 'fail:401' })
      if (wasGood) {
        remembered.keep(token, { ended: true })
        return { ended: true }
      }
      return { answer: { kind: 'unknown', problem: 'Gitea does not know this token' } }
    }
    const found = await facts.describe(token)
    if (found === undefined) {
      return dead()
    }
    if (found.audience !== undefined && !found.audience.some((name) => accepted.has(name))) {
      return refuse(401, 'wrong_audience', WRONG_AUDIENCE)
    }
    const observed = found.scope?.split(/[\s,]+/).filter((word) => word !== '') ?? []
    const effective = toEffectiveScopes(found)
    if (effective === 'full_access') {
      tell(token, requestId, { login: found.login, observed, effective: ['all'], probe: 'fail:403' })
      return refuse(403, 'full_access', FULL_ACCESS)
    }
    if (effective.size === 0) {
      tell(token, requestId, { login: found.login, observed, probe: 'fail:403' })
      log.warn({ status: 403, login: found.login, request_id: requestId }, 'oauth_token_lacks_api_scope')
      return refuse(403, 'insufficient_scope', TOO_LITTLE, ['read:user', 'read:repository'])
    }
    const probe = await facts.probe(token)
    if (probe === 'dead') {
      return dead()
    }
    const summary = { login: found.login, observed, effective: [...effective] }
    if (probe !== 'pass') {
      tell(token, requestId, { ...summary, probe: 'fail:403' })
      return refuse(403, 'gitea_account', PROHIBITED[probe])
    }
    tell(token, requestId, { ...summary, probe: 'pass' })
    const good = { caller: toCaller(token, found, effective), observed, until: clock.now() + ttlMs }
    remembered.keep(token, { good })
    return { good }
  }

  const toCaller = (token: string, { id, login, audience }: DescribedToken, scopes: ReadonlySet<Scope>): Caller => ({
    accountId: `gitea:${id}`,
    login,
    clientId: 'gitea-token',
    clientName: audience === undefined ? 'an application of Gitea' : `application ${audience.join(', ')} of Gitea`,
    scopes,
    tokenHint: sha256Hex(token).slice(0, 12),
    grant: { readOnly: false, repositories: null, expiresAt: null },
    gitea: {
      token: async () => token,
      renew: async () => {
        remembered.keep(token, { refused: true })
        throw new Unauthenticated(`${ENDED}.`, { source: 'gitea' })
      },
    },
  })

  return {
    read: (token, requestId) => {
      if (OWN_TOKEN.test(token)) {
        return undefined
      }
      if (PERSONAL_TOKEN.test(token)) {
        return { kind: 'unknown', problem: PERSONAL }
      }
      const known = remembered.find(token)
      if ((known !== undefined && 'ended' in known) || hasEnded(token, clock)) {
        return { kind: 'ended', problem: ENDED }
      }
      if (known !== undefined && 'good' in known && clock.now() < known.good.until) {
        const { caller, observed } = known.good
        tell(token, requestId, { login: caller.login, observed, effective: [...caller.scopes], probe: 'skip:cached' })
        return { kind: 'caller', caller }
      }
      return remembered
        .once(token, () => check(token, requestId, known !== undefined))
        .then(toAnswer)
        .catch((thrown: unknown) => {
          tell(token, requestId, { probe: 'skip:error' })
          return toOutage(thrown)
        })
    },
  }
}

function toAnswer(outcome: Outcome): Authentication {
  if ('good' in outcome) {
    return { kind: 'caller', caller: outcome.good.caller }
  }
  return 'answer' in outcome ? outcome.answer : { kind: 'ended', problem: ENDED }
}

/** While Gitea does not say who this is, it is nobody. */
function toOutage(thrown: unknown): Authentication {
  if (thrown instanceof AppError) {
    return {
      kind: 'refused',
      status: 503,
      reason: 'not_verifiable',
      problem: `${thrown.message} Try again in a moment.`,
    }
  }
  throw thrown
}

/** A Gitea that cannot tell what a token may do leaves reading, which is the least. */
function toEffectiveScopes({ scope }: DescribedToken): 'full_access' | ReadonlySet<Scope> {
  return scope === undefined ? new Set(['read:repository']) : readGiteaScope(scope)
}

/** By the token's own word, which is good enough to say that it is over, and saves a question to Gitea. */
function hasEnded(token: string, clock: Clock): boolean {
  if (!JWT.test(token)) {
    return false
  }
  // what cannot be read says nothing
  try {
    const { exp } = decodeJwt(token)
    return exp !== undefined && exp * SECOND <= clock.now()
  } catch {
    return false
  }
}

function refuse(
  status: 401 | 403,
  reason: string,
  problem: string,
  scopes?: readonly string[],
): { readonly answer: Authentication } {
  return { answer: { kind: 'refused', status, reason, problem, ...(scopes === undefined ? {} : { scopes }) } }
}

const WRONG_AUDIENCE =
  'This token of Gitea was made for another application. Use the application of this server in Gitea, or ask the admin to add yours to OAUTH_EXPECTED_AUDIENCE'
const FULL_ACCESS =
  'This sign-in may do everything in Gitea, which no client should. In Gitea, under Settings, Applications, revoke the application, then connect again and ask for read:repository, write:repository, write:issue and read:user'
const TOO_LITTLE =
  'This sign-in has no right to repositories in Gitea. Revoke the application in Gitea under Settings, Applications, then connect again and ask for read:repository'
const PERSONAL =
  'Personal access tokens of Gitea are not taken here, because nothing says what they were made for. Sign in instead, or ask the admin for an API key'
const PROHIBITED: Record<Exclude<ApiProbe, 'pass' | 'dead'>, string> = {
  prohibited: 'Gitea does not let this account work now: it is disabled. Ask the admin of Gitea',
  must_change_password: 'Gitea wants a new password first. Sign in to Gitea in a browser, then try again',
}
