import { sha256Hex } from '../lib/crypto.js'
import type { AccessTokens } from '../oauth/access-tokens.js'
import type { TokenVault } from '../oauth/token-vault.js'
import type { TokenReader } from './authenticate.js'

/** Longer than any token of ours; longer ones are not worth hashing. */
const MAX_OWN_CHARS = 512

/** Access tokens that this server issued to a client after the person agreed. */
export function createOwnTokenReader(tokens: AccessTokens, vault: TokenVault): TokenReader {
  return {
    read: (token) => {
      if (token.length > MAX_OWN_CHARS) {
        return undefined
      }
      const facts = tokens.findAccessToken(token)
      if (facts === undefined) {
        return tokens.wasIssued(token) ? { kind: 'ended' } : undefined
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
