import { sha256Hex } from '../lib/crypto.js'
import type { AccessTokens } from '../oauth/access-tokens.js'
import type { TokenVault } from '../oauth/token-vault.js'
import type { TokenReader } from './authenticate.js'
import type { ServiceAccess } from './service-access.js'

/** Longer than any token of ours; longer ones are not worth hashing. */
const MAX_OWN_CHARS = 512

/**
 * Access tokens that this server issued to a client after the person agreed.
 *
 * @param service makes the calls where there is one; the person's own sign-in at Gitea then only says who they are
 */
export function createOwnTokenReader(tokens: AccessTokens, vault: TokenVault, service?: ServiceAccess): TokenReader {
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
      const own = vault.credentialFor(accountId)
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
          ...(service?.forPerson({ accountId, login }, own) ?? { gitea: own }),
        },
      }
    },
  }
}
