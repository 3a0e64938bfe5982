import type { JWTHeaderParameters, JWTPayload } from 'jose'
import type { IssuerSettings } from '../config/issuers-file.js'
import type { Scope } from '../oauth/scope.js'

/* What the claims of a token mean whose signature, issuer, audience and times are already found good. */

/** RFC 9068 §2.1, and the plain word that most providers write. */
const ACCESS_TOKEN_TYPES = new Set(['at+jwt', 'application/at+jwt', 'jwt', 'application/jwt'])
/** Gitea's own rule for the names of people (modules/validation/helpers.go). */
const LOGIN = /^(?=.{1,40}$)[\da-z]+(?:[-._][\da-z]+)*$/i
const MAX_CLIENT_CHARS = 120

/**
 * Why a token that is genuine is none to call with, in words; undefined when nothing is wrong. Other tokens of the same
 * issuer are signed by the same keys: sign-in proofs (ID tokens), logout notices, refresh tokens (RFC 8725 §3.11).
 */
export function findMisuse({ typ }: Pick<JWTHeaderParameters, 'typ'>, claims: JWTPayload): string | undefined {
  if (typ !== undefined && !ACCESS_TOKEN_TYPES.has(String(typ).toLowerCase())) {
    return 'This is not an access token. Present the access token that was issued for this server'
  }
  // Keycloak says in the claims what a token is, and Cognito under another name
  const kind = claims.typ ?? claims.token_use
  const isAccess = kind === undefined || kind === 'Bearer' || kind === 'access' || kind === 'at+jwt'
  if ('cnf' in claims || kind === 'DPoP') {
    return 'This token is bound to a key of the client, which cannot be proven here. Ask for a plain bearer token'
  }
  if (!isAccess || 'at_hash' in claims || 'c_hash' in claims || 'events' in claims) {
    return 'This is an ID token or another proof, and no access token. Present the access token'
  }
  return undefined
}

/** What a token is good for here. Scopes are read where RFC 8693 and the big providers put them: `scope`, `scp`. */
export function findScopes(claims: JWTPayload, mapping: IssuerSettings['scopes']): ReadonlySet<Scope> {
  const granted = [claims.scope, claims.scp].flatMap(toWords)
  return new Set(granted.flatMap((word) => mapping.get(word) ?? []))
}

function toWords(claim: unknown): readonly string[] {
  const words = typeof claim === 'string' ? claim.split(' ') : claim
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string') : []
}

/** The Gitea login that a token's claim holds; undefined when it holds none, or one of another domain than is written. */
export function findLogin(
  claims: JWTPayload,
  { loginClaim, loginDomain }: Pick<IssuerSettings, 'loginClaim' | 'loginDomain'>,
): string | undefined {
  const value = claims[loginClaim]
  if (typeof value !== 'string') {
    return undefined
  }
  if (loginDomain === undefined) {
    return LOGIN.test(value) ? value : undefined
  }
  const at = value.lastIndexOf('@')
  const login = value.slice(0, Math.max(at, 0))
  return value.slice(at + 1).toLowerCase() === loginDomain && LOGIN.test(login) ? login : undefined
}

/** The client that a token was issued to, as one short word; providers agree on the fact, not on its name. */
export function findClientOf({ azp, client_id, appid, cid }: JWTPayload): string | undefined {
  const found = [azp, client_id, appid, cid].find((name) => typeof name === 'string' && name !== '')
  return typeof found === 'string' ? found.replace(/[^\x21-\x7e]/g, '?').slice(0, MAX_CLIENT_CHARS) : undefined
}
