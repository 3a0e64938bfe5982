import { desc, eq } from 'drizzle-orm'
import type { Store } from '../db/open.js'
import { apiKey } from '../db/schema/identity.js'
import type { Clock } from '../lib/clock.js'
import { isSameSecret, sha256Base64Url } from '../lib/crypto.js'
import { Conflict, NotFound } from '../lib/errors.js'
import { createToken, createTypedId } from '../lib/ids.js'
import { createSilentLogger, type Logger } from '../lib/logger.js'
import { MINUTE } from '../lib/units.js'
import { parseScopes, toGrant } from '../oauth/grants.js'
import type { Grant, Scope } from '../oauth/scope.js'
import type { Person } from './service-account.js'

/** How a key of ours begins: people, redaction and secret scanners know it by that. */
export const API_KEY_PREFIX = 'agm_ak_'

export interface ApiKey {
  readonly id: string
  /** First 8 and last 4 characters. */
  readonly hint: string
  readonly person: Person
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly grant: Grant
  /** Epoch milliseconds, like all times here. */
  readonly createdAt: number
  /** At most a minute behind. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
  /** The key whose place this one took. */
  readonly replaces: string | null
}

export type ApiKeyState = 'valid' | 'expired' | 'revoked'

interface NewApiKey extends Pick<ApiKey, 'person' | 'name' | 'scopes' | 'grant'> {}

/** A key as it is made; `key` is in no file afterwards. */
export interface MadeApiKey {
  readonly key: string
  readonly record: ApiKey
}

export interface ApiKeys {
  create(wanted: NewApiKey): MadeApiKey
  /** Newest first, ended ones included. */
  list(): readonly ApiKey[]
  /** @throws NotFound */
  get(id: string): ApiKey
  /**
   * A key with the same person, limits and time to live in place of `id`, which works on for `graceMs`, and no longer
   * than it would have anyway.
   *
   * @throws NotFound
   * @throws Conflict when that key has ended, or was rotated before
   */
  rotate(id: string, graceMs: number): MadeApiKey & { readonly previous: ApiKey }
  /**
   * Ends a key with the next request.
   *
   * @throws NotFound
   * @throws Conflict when it was revoked before
   */
  revoke(id: string): ApiKey
  /** The key behind what a client sent, whether or not it still counts. */
  find(key: string): ApiKey | undefined
  /** Remembers that a key was used now; stored by `flushUses`. */
  noteUse(key: ApiKey): void
  /** Never throws. */
  flushUses(): void
}

type Row = typeof apiKey.$inferSelect
/** As SQLite gives it to the statement on the hot path. */
type RawRow = Omit<Row, 'readOnly'> & { readonly readOnly: number }

export function createApiKeys(store: Store, clock: Clock, log: Logger = createSilentLogger()): ApiKeys {
  const { orm, sqlite } = store
  const selectByHash = sqlite.prepare<[string], RawRow>(
    `SELECT id, hash, hint, account_id AS accountId, login, name, scopes, read_only AS readOnly, repositories,
            created_at AS createdAt, expires_at AS expiresAt, last_used_at AS lastUsedAt, revoked_at AS revokedAt, replaces
       FROM api_key WHERE hash = ?`,
  )
  const updateUse = sqlite.prepare<[number, string]>('UPDATE api_key SET last_used_at = ? WHERE id = ?')
  const uses = new Map<string, number>()

  const insert = ({ person, name, scopes, grant }: NewApiKey, replaces: string | null): MadeApiKey => {
    const key = API_KEY_PREFIX + createToken()
    const row: Row = {
      id: createTypedId(),
      hash: sha256Base64Url(key),
      hint: toKeyHint(key),
      ...person,
      name,
      scopes: [...scopes].sort().join(' '),
      readOnly: grant.readOnly,
      repositories: grant.repositories === null ? null : JSON.stringify(grant.repositories),
      createdAt: clock.now(),
      expiresAt: grant.expiresAt,
      lastUsedAt: null,
      revokedAt: null,
      replaces,
    }
    orm.insert(apiKey).values(row).run()
    return { key, record: toApiKey(row) }
  }

  const get = (id: string): ApiKey => {
    const row = orm.select().from(apiKey).where(eq(apiKey.id, id)).get()
    if (row === undefined) {
      throw new NotFound(`There is no API key ${id.slice(0, 60)}. aegis keys list shows those there are.`)
    }
    return toApiKey(row)
  }

  return {
    create: (wanted) => insert(wanted, null),
    list: () => orm.select().from(apiKey).orderBy(desc(apiKey.createdAt), desc(apiKey.id)).all().map(toApiKey),
    get,
    rotate: (id, graceMs) =>
      store.transaction(() => {
        const before = get(id)
        const now = clock.now()
        const state = toState(before, now)
        if (state !== 'valid') {
          throw new Conflict(`The API key ${id} is ${state}. Make a new one: aegis keys generate.`)
        }
        const next = orm.select().from(apiKey).where(eq(apiKey.replaces, id)).get()
        if (next !== undefined && next.revokedAt === null) {
          throw new Conflict(`The API key ${id} was rotated before: ${next.id} took its place. Rotate that one.`)
        }
        const { expiresAt } = before.grant
        const made = insert(
          { ...before, grant: { ...before.grant, expiresAt: expiresAt && now + (expiresAt - before.createdAt) } },
          id,
        )
        const endsAt = Math.min(now + graceMs, expiresAt ?? Number.POSITIVE_INFINITY)
        orm.update(apiKey).set({ expiresAt: endsAt }).where(eq(apiKey.id, id)).run()
        return { ...made, previous: { ...before, grant: { ...before.grant, expiresAt: endsAt } } }
      }),
    revoke: (id) =>
      store.transaction(() => {
        const before = get(id)
        if (before.revokedAt !== null) {
          throw new Conflict(`The API key ${id} was revoked before.`)
        }
        const revokedAt = clock.now()
        orm.update(apiKey).set({ revokedAt }).where(eq(apiKey.id, id)).run()
        return { ...before, revokedAt }
      }),
    find: (key) => {
      const hash = sha256Base64Url(key)
      const row = selectByHash.get(hash)
      return row === undefined || !isSameSecret(row.hash, hash) ? undefined : toApiKey(row)
    },
    noteUse: ({ id, lastUsedAt }) => {
      const now = clock.now()
      if (now - (lastUsedAt ?? 0) >= MINUTE) {
        uses.set(id, now)
      }
    },
    flushUses: () => {
      // nobody waits for it: what cannot be written now is written with the next ones
      try {
        store.transaction(() => {
          for (const [id, at] of uses) {
            updateUse.run(at, id)
          }
        })
        uses.clear()
      } catch (error) {
        log.warn({ err: error }, 'api_key_uses_not_written')
      }
    },
  }
}

/** Whether a key still counts. */
export function toState({ grant, revokedAt }: ApiKey, now: number): ApiKeyState {
  if (revokedAt !== null) {
    return 'revoked'
  }
  return grant.expiresAt !== null && grant.expiresAt <= now ? 'expired' : 'valid'
}

/** All of a key that is ever shown. */
export function toKeyHint(key: string): string {
  return `${key.slice(0, 8)}...${key.slice(-4)}`
}

function toApiKey(row: Row | RawRow): ApiKey {
  const { id, hint, accountId, login, name, createdAt, lastUsedAt, revokedAt, replaces } = row
  return {
    id,
    hint,
    person: { accountId, login },
    name,
    scopes: parseScopes(row.scopes),
    grant: toGrant(row),
    createdAt,
    lastUsedAt,
    revokedAt,
    replaces,
  }
}
