import { sha256Hex } from '../lib/crypto.js'
import type { AccessTokens } from '../oauth/access-tokens.js'
import type { TokenVault } from '../oauth/token-vault.js'
import type { Caller } from './caller.js'

/** Who a bearer token stands for, or why it stands for nobody. */
type Authentication =
  | { readonly kind: 'caller'; readonly caller: Caller }
  /** No bearer token at all: how every client starts. */
  | { readonly kind: 'missing' }
  /** A token of ours that has expired or was revoked: an ordinary event, not an attack. */
  | { readonly kind: 'ended' }
  /** Something that never was a token of ours. */
  | { readonly kind: 'unknown' }

export interface Authenticator {
  /** @param authorization the Authorization header; tokens in URLs are never read */
  authenticate(authorization: string | undefined): Authentication
}

/** Long enough for any token of ours; longer ones are not worth hashing. */
const MAX_TOKEN_CHARS = 512

export function createAuthenticator(tokens: AccessTokens, vault: TokenVault): Authenticator {
  return {
    authenticate: (authorization) => {
      if (authorization === undefined) {
        return { kind: 'missing' }
      }
      const [, token] = /^Bearer +([^\s]+)$/i.exec(authorization) ?? []
      if (token === undefined || token.length > MAX_TOKEN_CHARS) {
        return { kind: 'unknown' }
      }
      const facts = tokens.findAccessToken(token)
      if (facts === undefined) {
        return { kind: tokens.wasIssued(token) ? 'ended' : 'unknown' }
      }
      const { accountId, login, clientId, clientName, scopes, grant } = facts
      return {
        kind: 'caller',
        caller: {
          accountId,
          login,
          clientId,
          clientName,
          scopes,
          tokenHint: sha256Hex(token).slice(0, 12),
          grant,
          gitea: vault.credentialFor(accountId),
        },
      }
    },
  }
}
