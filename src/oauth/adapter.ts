/**
 * Where oidc-provider keeps its state. Ids are secrets (tokens, codes, interaction cookies), so only their SHA-256 is
 * stored. A rotated refresh token is accepted again for a while: clients refresh in parallel and lose answers.
 */
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { sha256Base64Url } from '../lib/crypto.js'
import { MINUTE, SECOND } from '../lib/units.js'
import type { Cipher } from './cipher.js'

/** Real clients repeat a refresh up to 76 s after the first. */
const REFRESH_GRACE_MS = 2 * MINUTE
const MAX_GRACE_USES = 100

interface AdapterOptions {
  readonly store: Store
  readonly clock: Clock
  readonly cipher: Cipher
  /** Two exchanges of one code at once; its family is ended. */
  readonly onCodeReplay?: (replay: TokenReplay) => void
}

/** A single-use value that came twice. */
export interface TokenReplay {
  /** Undefined when the provider did not come as far as looking. */
  readonly accountId: string | undefined
  readonly clientId: string
  readonly grantId: string
}

interface StateRow {
  readonly payload: string
  readonly consumedAt: number | null
  readonly graceUses: number
}

/** A factory as oidc-provider's `adapter` setting takes it: one adapter per kind of object. */
export function createAdapterFactory({
  store,
  clock,
  cipher,
  onCodeReplay,
}: AdapterOptions): (kind: string) => Adapter {
  const { sqlite } = store
  const upsert = sqlite.prepare(
    `INSERT INTO oauth_state (kind, id_hash, payload, grant_id, account_id, client_id, created_at, expires_at)
     VALUES (@kind, @idHash, @payload, @grantId, @accountId, @clientId, @now, @expiresAt)
     ON CONFLICT (kind, id_hash) DO UPDATE SET
       payload = excluded.payload, grant_id = excluded.grant_id, account_id = excluded.account_id,
       client_id = excluded.client_id, expires_at = excluded.expires_at`,
  )
  const select = sqlite.prepare<[string, string], StateRow>(
    `SELECT payload, consumed_at AS consumedAt, grace_uses AS graceUses
       FROM oauth_state WHERE kind = ? AND id_hash = ?`,
  )
  const consume = sqlite.prepare(
    `UPDATE oauth_state SET
       grace_uses = grace_uses + (consumed_at IS NOT NULL), consumed_at = coalesce(consumed_at, ?)
     WHERE kind = ? AND id_hash = ?`,
  )
  const consumeOnce = sqlite.prepare<[number, string, string], { id: string }>(
    `UPDATE oauth_state SET consumed_at = ?
      WHERE kind = ? AND id_hash = ? AND consumed_at IS NULL RETURNING id_hash AS id`,
  )
  const selectFamily = sqlite.prepare<[string, string], TokenReplay>(
    `SELECT grant_id AS grantId, account_id AS accountId, client_id AS clientId
       FROM oauth_state WHERE kind = ? AND id_hash = ?`,
  )
  const destroy = sqlite.prepare('DELETE FROM oauth_state WHERE kind = ? AND id_hash = ?')
  const destroyFamily = sqlite.prepare('DELETE FROM oauth_state WHERE grant_id = ?')
  const destroyGrant = sqlite.prepare('DELETE FROM oauth_grant WHERE id = ?')
  const selectClient = sqlite.prepare<[string], { metadata: string; secret: string | null }>(
    `SELECT metadata, secret FROM oauth_client WHERE id = ? AND source = 'registration'`,
  )

  const revokeFamily = (grantId: string) =>
    store.transaction(() => {
      destroyFamily.run(grantId)
      destroyGrant.run(grantId)
    })

  const isWithinGrace = (row: StateRow) =>
    row.consumedAt !== null && clock.now() - row.consumedAt <= REFRESH_GRACE_MS && row.graceUses < MAX_GRACE_USES

  const createStateAdapter = (kind: string): Adapter => ({
    upsert: async (id, { jti: _, ...payload }, expiresInSeconds) => {
      const now = clock.now()
      upsert.run({
        kind,
        idHash: sha256Base64Url(id),
        payload: JSON.stringify(payload),
        // a grant belongs to its own family, so that revoking the family takes it along
        grantId: kind === 'Grant' ? id : (payload.grantId ?? null),
        accountId: payload.accountId ?? null,
        clientId: payload.clientId ?? null,
        now,
        expiresAt: expiresInSeconds ? now + expiresInSeconds * SECOND : null,
      })
    },
    find: async (id) => {
      const row = select.get(kind, sha256Base64Url(id))
      if (row === undefined) {
        return undefined
      }
      // written by `upsert` above
      const payload = JSON.parse(row.payload) as AdapterPayload
      const isSpent = row.consumedAt !== null && !(kind === 'RefreshToken' && isWithinGrace(row))
      return { ...payload, jti: id, ...(isSpent ? { consumed: true } : {}) }
    },
    consume: async (id) => {
      const idHash = sha256Base64Url(id)
      if (kind !== 'AuthorizationCode') {
        consume.run(clock.now(), kind, idHash)
        return
      }
      // the provider looks and consumes in two steps; of two exchanges at once this lets one through
      const first = consumeOnce.get(clock.now(), kind, idHash)
      if (first === undefined) {
        const spent = selectFamily.get(kind, idHash)
        if (spent !== undefined) {
          revokeFamily(spent.grantId)
          onCodeReplay?.(spent)
        }
        throw new errors.InvalidGrant('authorization code already consumed')
      }
    },
    destroy: async (id) => {
      destroy.run(kind, sha256Base64Url(id))
      if (kind === 'Grant') {
        destroyGrant.run(id)
      }
    },
    revokeByGrantId: async (grantId) => revokeFamily(grantId),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  })

  /** Nobody is remembered here between two authorizations: whether a browser is signed in is Gitea's to say. */
  const sessions: Adapter = {
    upsert: async () => {},
    find: async () => undefined,
    consume: async () => {},
    destroy: async () => {},
    revokeByGrantId: async () => {},
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  }

  /** Registration writes clients, and documents are fetched by the provider itself; here they are only read. */
  const clients: Adapter = {
    ...sessions,
    find: async (id) => {
      const row = selectClient.get(id)
      if (row === undefined) {
        return undefined
      }
      return {
        ...(JSON.parse(row.metadata) as AdapterPayload),
        client_id: id,
        ...(row.secret === null ? {} : { client_secret: cipher.decrypt(row.secret, toSecretPlace(id)) }),
      }
    },
  }

  return (kind) => (kind === 'Client' ? clients : kind === 'Session' ? sessions : createStateAdapter(kind))
}

/** Where a client's secret is stored, for the cipher. */
export function toSecretPlace(clientId: string) {
  return { purpose: 'oauth_client.secret', rowId: clientId }
}
