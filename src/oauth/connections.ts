/**
 * Clients and what people allowed them, for an admin beside the running server: seen, and taken back. The server looks
 * every token up with every request, so whatever goes here counts on the next one.
 */
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { NotFound } from '../lib/errors.js'
import { parseScopes, toGrant } from './grants.js'
import type { Grant, Scope } from './scope.js'

/** Times are epoch milliseconds. */
export interface KnownClient {
  readonly id: string
  /** Untrusted text. */
  readonly name: string
  /** `import`: from the Python original. `unknown`: people allowed it, and nothing else is kept of it. */
  readonly source: 'registration' | 'import' | 'document' | 'unknown'
  readonly createdAt: number | null
  /** When it last got a token; null when it never did, or not lately. */
  readonly lastUsedAt: number | null
  readonly people: number
  readonly grants: number
}

/** One consent of one person to one client, with all tokens that came of it. */
export interface Connection {
  /** Of the grant. */
  readonly id: string
  readonly accountId: string
  /** When they last signed in; undefined when their sign-in at Gitea is not kept here any more. */
  readonly login: string | undefined
  readonly clientId: string
  /** Untrusted text. */
  readonly clientName: string
  readonly scopes: readonly Scope[]
  readonly grant: Grant
  readonly createdAt: number
  /** When the client last got a token, which it needs every hour. */
  readonly lastTokenAt: number | null
  /** When it ends unless the client renews it. */
  readonly endsAt: number | null
}

interface Person {
  readonly accountId: string
  readonly login: string | undefined
}

interface RevokedClient {
  readonly client: KnownClient
  /** Grants that went. */
  readonly grants: number
  readonly isDeleted: boolean
}

export interface Connections {
  listClients(): readonly KnownClient[]
  /** Newest first; of one person or of everybody. */
  list(accountId?: string): readonly Connection[]
  /**
   * By login, in whatever case, or by account id.
   *
   * @throws NotFound when nothing is kept here of such a person, or of more than one
   */
  getPerson(name: string): Person
  /**
   * Takes back what people allowed a client, so that they are asked again. A client that registered itself is deleted,
   * unless it is about one person only.
   *
   * @throws NotFound
   */
  revokeClient(id: string, accountId?: string): RevokedClient
  /**
   * Ends one connection; the person is asked again before the same client gets another.
   *
   * @throws NotFound
   */
  revoke(id: string): Connection
  /** Ends every connection and every sign-in at Gitea. @returns how many grants there were, and of how many people */
  revokeAll(): { readonly grants: number; readonly people: number }
}

interface ConnectionRow {
  readonly id: string
  readonly accountId: string
  readonly login: string | null
  readonly clientId: string
  readonly clientName: string
  readonly scopes: string
  readonly readOnly: number
  readonly repositories: string | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly lastTokenAt: number | null
  readonly tokensEndAt: number | null
}

type ClientRow = Omit<KnownClient, 'source' | 'name'> & {
  readonly source: 'registration' | 'document' | null
  readonly name: string | null
}

const OWN_CLIENT_PREFIX = 'agm_cl_'

const CLIENTS = `
  WITH known AS (SELECT id FROM oauth_client UNION SELECT client_id FROM oauth_grant WHERE coalesce(expires_at, @now) >= @now)
  SELECT known.id, client.source,
         coalesce(json_extract(client.metadata, '$.client_name'),
                  (SELECT client_name FROM oauth_grant WHERE client_id = known.id ORDER BY created_at DESC LIMIT 1)) AS name,
         client.created_at AS createdAt,
         nullif(max(coalesce(client.last_used_at, 0),
                    coalesce((SELECT max(created_at) FROM oauth_state
                               WHERE client_id = known.id AND kind IN ('AccessToken', 'RefreshToken')), 0)), 0) AS lastUsedAt,
         (SELECT count(DISTINCT account_id) FROM oauth_grant
           WHERE client_id = known.id AND coalesce(expires_at, @now) >= @now) AS people,
         (SELECT count(*) FROM oauth_grant WHERE client_id = known.id AND coalesce(expires_at, @now) >= @now) AS grants
    FROM known LEFT JOIN oauth_client client ON client.id = known.id
   ORDER BY lastUsedAt DESC, createdAt DESC, known.id`

const CONNECTIONS = `
  SELECT g.id, g.account_id AS accountId, t.login, g.client_id AS clientId, g.client_name AS clientName, g.scopes,
         g.read_only AS readOnly, g.repositories, g.created_at AS createdAt, g.expires_at AS expiresAt,
         max(s.created_at) AS lastTokenAt, max(s.expires_at) AS tokensEndAt
    FROM oauth_grant g
    LEFT JOIN gitea_token_set t ON t.account_id = g.account_id
    LEFT JOIN oauth_state s ON s.grant_id = g.id AND s.kind IN ('AccessToken', 'RefreshToken')
   WHERE coalesce(g.expires_at, @now) >= @now
   GROUP BY g.id
   ORDER BY g.created_at DESC, g.id`

export function createConnections({ store, clock }: { readonly store: Store; readonly clock: Clock }): Connections {
  const { sqlite } = store
  const run = (statement: string, ...values: readonly string[]) => sqlite.prepare(statement).run(...values).changes

  const listClients = () => sqlite.prepare<{ now: number }, ClientRow>(CLIENTS).all({ now: clock.now() }).map(toClient)
  const list = (accountId?: string) =>
    sqlite
      .prepare<{ now: number }, ConnectionRow>(CONNECTIONS)
      .all({ now: clock.now() })
      .filter((row) => accountId === undefined || row.accountId === accountId)
      .map(toConnection)

  return {
    listClients,
    list,

    getPerson: (name) => {
      const found = sqlite
        .prepare<{ name: string; lower: string }, { accountId: string; login: string | null }>(
          `SELECT account_id AS accountId, login FROM gitea_token_set WHERE account_id = @name OR lower(login) = @lower
            UNION
           SELECT account_id, NULL FROM oauth_grant
            WHERE account_id = @name AND account_id NOT IN (SELECT account_id FROM gitea_token_set)`,
        )
        .all({ name, lower: name.toLowerCase() })
      const [person] = found
      if (person === undefined) {
        throw new NotFound(`Nobody called ${name} has signed in here. See \`aegis sessions list\`.`)
      }
      if (found.length > 1) {
        const ids = found.map(({ accountId }) => accountId).join(', ')
        throw new NotFound(`More than one person had the login ${name} (${ids}). Name one by that id.`)
      }
      return { accountId: person.accountId, login: person.login ?? undefined }
    },

    revokeClient: (id, accountId) =>
      store.transaction(() => {
        const client = listClients().find((known) => known.id === id)
        if (client === undefined) {
          throw new NotFound(`There is no client ${id}. See \`aegis clients list\`.`)
        }
        const whose = accountId === undefined ? '' : ' AND account_id = ?'
        const values = accountId === undefined ? [id] : [id, accountId]
        // a consent page that is open now must not end in a token
        run(
          `DELETE FROM oauth_state WHERE kind = 'Interaction' AND json_extract(payload, '$.params.client_id') = ?`,
          id,
        )
        run(`DELETE FROM oauth_state WHERE client_id = ?${whose}`, ...values)
        run(
          `DELETE FROM oauth_state WHERE grant_id IN (SELECT id FROM oauth_grant WHERE client_id = ?${whose})`,
          ...values,
        )
        run(`DELETE FROM oauth_approval WHERE client_id = ?${whose}`, ...values)
        const grants = run(`DELETE FROM oauth_grant WHERE client_id = ?${whose}`, ...values)
        const isDeleted =
          accountId === undefined && run(`DELETE FROM oauth_client WHERE id = ? AND source = 'registration'`, id) === 1
        return { client, grants, isDeleted }
      }),

    revoke: (id) =>
      store.transaction(() => {
        const connection = list().find((known) => known.id === id)
        if (connection === undefined) {
          throw new NotFound(`There is no session ${id}. See \`aegis sessions list\`.`)
        }
        const { accountId, clientId } = connection
        run('DELETE FROM oauth_state WHERE grant_id = ?', id)
        run('DELETE FROM oauth_approval WHERE account_id = ? AND client_id = ?', accountId, clientId)
        run('DELETE FROM oauth_grant WHERE id = ?', id)
        return connection
      }),

    revokeAll: () =>
      store.transaction(() => {
        const people = new Set(list().map(({ accountId }) => accountId)).size
        run('DELETE FROM oauth_state')
        run('DELETE FROM oauth_approval')
        run('DELETE FROM gitea_sign_in')
        run('DELETE FROM gitea_token_set')
        return { people, grants: run('DELETE FROM oauth_grant') }
      }),
  }
}

function toClient({ source, name, ...row }: ClientRow): KnownClient {
  const isImport = source === 'registration' && !row.id.startsWith(OWN_CLIENT_PREFIX)
  return { ...row, name: name ?? '', source: isImport ? 'import' : (source ?? 'unknown') }
}

function toConnection(row: ConnectionRow): Connection {
  const { id, accountId, login, clientId, clientName, createdAt, lastTokenAt, tokensEndAt } = row
  const grant = toGrant(row)
  const ends = [grant.expiresAt, tokensEndAt].filter((end) => end !== null)
  return {
    id,
    accountId,
    login: login ?? undefined,
    clientId,
    clientName,
    scopes: parseScopes(row.scopes),
    grant,
    createdAt,
    lastTokenAt,
    endsAt: ends.length === 0 ? null : Math.min(...ends),
  }
}
