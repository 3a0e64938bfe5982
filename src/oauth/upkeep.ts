/** Housekeeping: what has expired goes, and clients nobody ever used. */
import type { Store } from '../db/open.js'
import { oauthClient } from '../db/schema/oauth.js'
import { DAY, HOUR } from '../lib/units.js'
import { toSecretPlace } from './adapter.js'
import type { Cipher } from './cipher.js'

const UNUSED_CLIENT_TTL_MS = 30 * DAY
const SIGN_IN_TTL_MS = HOUR
/** A grant is written a moment before the first token of its family. */
const EMPTY_GRANT_TTL_MS = HOUR

/**
 * Deletes expired state, in one transaction.
 *
 * @param now epoch milliseconds
 * @returns how many rows went
 */
export function sweepOAuth(store: Store, now: number): number {
  const { sqlite } = store
  return store.transaction(() => {
    const steps: readonly (readonly [string, readonly number[]])[] = [
      ['DELETE FROM oauth_state WHERE expires_at <= ?', [now]],
      ['DELETE FROM gitea_sign_in WHERE created_at <= ?', [now - SIGN_IN_TTL_MS]],
      ['DELETE FROM oauth_approval WHERE expires_at <= ?', [now]],
      [
        // a family without any token left can never be used again
        `DELETE FROM oauth_grant WHERE created_at <= ? AND NOT EXISTS (
           SELECT 1 FROM oauth_state s
            WHERE s.grant_id = oauth_grant.id AND s.kind IN ('AccessToken', 'RefreshToken', 'AuthorizationCode'))`,
        [now - EMPTY_GRANT_TTL_MS],
      ],
      [
        `DELETE FROM oauth_state WHERE kind = 'Grant' AND created_at <= ?
            AND NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.id = oauth_state.grant_id)`,
        [now - EMPTY_GRANT_TTL_MS],
      ],
      [
        `DELETE FROM oauth_client WHERE source = 'registration' AND last_used_at IS NULL AND created_at <= ?`,
        [now - UNUSED_CLIENT_TTL_MS],
      ],
    ]
    return steps.reduce((total, [statement, values]) => total + sqlite.prepare(statement).run(...values).changes, 0)
  })
}

/** Writes client secrets under the current key, in one transaction; returns how many changed. */
export function reencryptSecrets(store: Store, cipher: Cipher): number {
  const update = store.sqlite.prepare('UPDATE oauth_client SET secret = ? WHERE id = ?')
  return store.transaction(() => {
    const rows = store.orm.select({ id: oauthClient.id, secret: oauthClient.secret }).from(oauthClient).all()
    let changed = 0
    for (const { id, secret } of rows) {
      const renewed = secret === null ? undefined : cipher.reencrypt(secret, toSecretPlace(id))
      if (renewed !== undefined) {
        changed += update.run(renewed, id).changes
      }
    }
    return changed
  })
}
