/**
 * Our own bearer tokens on the hot path: one look-up by the token's hash, never cached, so that a revocation counts on
 * the very next request.
 */
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { sha256Base64Url } from '../lib/crypto.js'
import { SECOND } from '../lib/units.js'
import { parseScopes, toGrant } from './grants.js'
import type { Grant, Scope } from './scope.js'
import type { TokenNames } from './token-names.js'

/** What a valid access token stands for. */
interface AccessTokenFacts {
  readonly accountId: string
  readonly login: string
  readonly clientId: string
  /** Untrusted text. */
  readonly clientName: string
  readonly scopes: ReadonlySet<Scope>
  readonly grant: Grant
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** RFC 8707: what the token is for. */
  readonly resource: string
}

export interface AccessTokens {
  /** The facts behind `token`; undefined when it is unknown, expired, revoked, or for another resource. */
  findAccessToken(token: string): AccessTokenFacts | undefined
  /** Whether this server made `token`, whatever became of it: tells an ended token from a guess. */
  wasIssued(token: string): boolean
  /** Ends the whole family the access or refresh token belongs to; false when it was not known. */
  revokeToken(token: string): boolean
}

interface TokenRow {
  readonly payload: string
  readonly grantId: string | null
  readonly accountId: string
  readonly clientId: string
}

interface GrantRow {
  readonly clientName: string
  readonly readOnly: number
  readonly repositories: string | null
  readonly expiresAt: number | null
}

interface AccessTokensOptions {
  readonly store: Store
  readonly clock: Clock
  /** The one resource whose tokens are accepted. */
  readonly resource: string
  readonly tokenNames: TokenNames
}

export function createAccessTokens({ store, clock, resource, tokenNames }: AccessTokensOptions): AccessTokens {
  // three look-ups, not one join: each costs 1.5 µs, and every table joined to the first costs SQLite 10
  const selectToken = store.sqlite.prepare<[string], TokenRow>(
    `SELECT payload, grant_id AS grantId, account_id AS accountId, client_id AS clientId
       FROM oauth_state WHERE kind = 'AccessToken' AND id_hash = ?`,
  )
  const selectGrant = store.sqlite.prepare<[string], GrantRow>(
    `SELECT client_name AS clientName, read_only AS readOnly, repositories, expires_at AS expiresAt
       FROM oauth_grant WHERE id = ?`,
  )
  const selectPerson = store.sqlite.prepare<[string], { login: string }>(
    'SELECT login FROM gitea_token_set WHERE account_id = ?',
  )
  const selectFamily = store.sqlite.prepare<[string], { grantId: string | null }>(
    `SELECT grant_id AS grantId FROM oauth_state WHERE kind IN ('AccessToken', 'RefreshToken') AND id_hash = ?`,
  )
  const deleteFamily = store.sqlite.prepare('DELETE FROM oauth_state WHERE grant_id = ?')
  const deleteGrant = store.sqlite.prepare('DELETE FROM oauth_grant WHERE id = ?')

  return {
    findAccessToken: (token) => {
      const row = selectToken.get(sha256Base64Url(token))
      if (row === undefined) {
        return undefined
      }
      // a token without its grant or without the person's Gitea tokens is dead, whatever its own row says
      const granted = selectGrant.get(row.grantId ?? '')
      const person = selectPerson.get(row.accountId)
      if (granted === undefined || person === undefined) {
        return undefined
      }
      // written by oidc-provider through our adapter
      const { exp, aud, scope } = JSON.parse(row.payload) as { exp: number; aud: string; scope?: string }
      const now = clock.now()
      const grant = toGrant(granted)
      if (exp * SECOND <= now || aud !== resource || (grant.expiresAt !== null && grant.expiresAt <= now)) {
        return undefined
      }
      return {
        accountId: row.accountId,
        login: person.login,
        clientId: row.clientId,
        clientName: granted.clientName,
        scopes: new Set(parseScopes(scope ?? '')),
        grant,
        expiresAt: grant.expiresAt === null ? exp * SECOND : Math.min(exp * SECOND, grant.expiresAt),
        resource: aud,
      }
    },

    wasIssued: (token) => tokenNames.wasIssued(token),

    revokeToken: (token) =>
      store.transaction(() => {
        const family = selectFamily.get(sha256Base64Url(token))
        if (family === undefined || family.grantId === null) {
          return false
        }
        deleteFamily.run(family.grantId)
        deleteGrant.run(family.grantId)
        return true
      }),
  }
}
