/**
 * Our own bearer tokens on the hot path: one look-up by the token's hash, never cached, so that a revocation counts on
 * the very next request.
 */
import type { Store } from '../db/open.js'
import type { Grant, Scope } from '../identity/caller.js'
import type { Clock } from '../lib/clock.js'
import { sha256Base64Url } from '../lib/crypto.js'
import { SECOND } from '../lib/units.js'
import { parseScopes, toGrant } from './grants.js'
import type { TokenNames } from './token-names.js'

/** What a valid access token stands for. */
export interface AccessTokenFacts {
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

interface Row {
  readonly payload: string
  readonly accountId: string
  readonly clientId: string
  readonly login: string
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
  // a token without its grant or without the person's Gitea tokens is dead, whatever its own row says
  const select = store.sqlite.prepare<[string], Row>(
    `SELECT s.payload, s.account_id AS accountId, s.client_id AS clientId, v.login, g.client_name AS clientName,
            g.read_only AS readOnly, g.repositories, g.expires_at AS expiresAt
       FROM oauth_state s
       JOIN oauth_grant g ON g.id = s.grant_id
       JOIN gitea_token_set v ON v.account_id = s.account_id
      WHERE s.kind = 'AccessToken' AND s.id_hash = ?`,
  )
  const selectFamily = store.sqlite.prepare<[string], { grantId: string | null }>(
    `SELECT grant_id AS grantId FROM oauth_state WHERE kind IN ('AccessToken', 'RefreshToken') AND id_hash = ?`,
  )
  const deleteFamily = store.sqlite.prepare('DELETE FROM oauth_state WHERE grant_id = ?')
  const deleteGrant = store.sqlite.prepare('DELETE FROM oauth_grant WHERE id = ?')

  return {
    findAccessToken: (token) => {
      const row = select.get(sha256Base64Url(token))
      if (row === undefined) {
        return undefined
      }
      // written by oidc-provider through our adapter
      const { exp, aud, scope } = JSON.parse(row.payload) as { exp: number; aud: string; scope?: string }
      const now = clock.now()
      const grant = toGrant(row)
      if (exp * SECOND <= now || aud !== resource || (grant.expiresAt !== null && grant.expiresAt <= now)) {
        return undefined
      }
      return {
        accountId: row.accountId,
        login: row.login,
        clientId: row.clientId,
        clientName: row.clientName,
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
