/**
 * One encrypted Gitea token set per person. Every way to Gitea in a person's name goes through here: a token is
 * refreshed by one request however many calls need it, and a newer sign-in always wins over a refresh of an older one.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import type { Store } from '../db/open.js'
import { giteaTokenSet } from '../db/schema/oauth.js'
import type { GiteaCredential } from '../gitea/credential.js'
import type { Clock } from '../lib/clock.js'
import { Unauthenticated, UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'
import { MINUTE, SECOND } from '../lib/units.js'
import type { Cipher } from './cipher.js'
import type { GiteaOAuth, GiteaPerson, GiteaRefusal, GiteaTokens } from './gitea-oauth.js'

/** Tokens with less left than this are refreshed before use. */
const REFRESH_AHEAD_MS = MINUTE
const SIGN_IN_GRACE_MS = SECOND / 2
const MAX_OPENED = 1000

export interface TokenVault {
  /** Keeps the tokens of a fresh sign-in in place of any older ones. */
  keep(person: GiteaPerson, tokens: GiteaTokens, scope: string): string
  findPerson(accountId: string): { readonly login: string; readonly name: string } | undefined
  /** The person who had this login, in whatever case, when they last signed in; undefined when two people had it. */
  findByLogin(login: string): { readonly accountId: string; readonly login: string } | undefined
  /** The way to Gitea as this person; nothing is read before it is used. */
  credentialFor(accountId: string): GiteaCredential
  /** Writes every stored secret under the current key; returns how many changed. */
  reencrypt(): number
}

interface TokenVaultOptions {
  readonly store: Store
  readonly cipher: Cipher
  readonly gitea: GiteaOAuth
  readonly clock: Clock
  /** Takes back everything the person's clients hold, vault row included, in one transaction. */
  readonly revokeAccount: (accountId: string, reason: 'gitea_refused_refresh') => void
  /** Told how each refresh at Gitea ended, for metrics; must not throw. */
  readonly onRefresh?: (outcome: 'refreshed' | 'revoked' | 'failed') => void
}

type Row = typeof giteaTokenSet.$inferSelect

export function createTokenVault({
  store,
  cipher,
  gitea,
  clock,
  revokeAccount,
  onRefresh,
}: TokenVaultOptions): TokenVault {
  const select = store.orm
    .select()
    .from(giteaTokenSet)
    .where(eq(giteaTokenSet.accountId, sql.placeholder('accountId')))
    .prepare()
  const replaceStatement = store.sqlite.prepare(
    `UPDATE gitea_token_set
        SET access_token = @accessToken, refresh_token = @refreshToken, expires_at = @expiresAt,
            updated_at = @now, version = version + 1
      WHERE account_id = @accountId AND version = @version`,
  )
  const selectState = store.sqlite.prepare<[string], { version: number; expiresAt: number }>(
    'SELECT version, expires_at AS expiresAt FROM gitea_token_set WHERE account_id = ?',
  )
  const refreshing = new Map<string, Promise<string>>()

  const find = (accountId: string): Row | undefined => select.get({ accountId })
  const open = (row: Row, column: 'accessToken' | 'refreshToken') =>
    cipher.decrypt(row[column], toPlace(column, row.accountId))

  const refresh = async (row: Row): Promise<string> => {
    const result = await gitea.refresh(open(row, 'refreshToken'))
    if ('refusal' in result) {
      return handleRefusal(row, result.refusal)
    }
    const { accessToken, refreshToken, expiresAt } = result.tokens
    const { changes } = replaceStatement.run({
      accountId: row.accountId,
      version: row.version,
      accessToken: cipher.encrypt(accessToken, toPlace('accessToken', row.accountId)),
      refreshToken: cipher.encrypt(refreshToken, toPlace('refreshToken', row.accountId)),
      expiresAt,
      now: clock.now(),
    })
    if (changes === 1) {
      return accessToken
    }
    // someone signed in, or was revoked, while Gitea answered: what is stored wins
    const newer = find(row.accountId)
    if (newer === undefined) {
      throw signedOut()
    }
    return open(newer, 'accessToken')
  }

  const handleRefusal = async (row: Row, { code, detail }: GiteaRefusal): Promise<string> => {
    if (code === 'invalid_client') {
      // the application was deleted in Gitea, or its secret is wrong: no fault of the person's
      throw new UpstreamFailed(
        'Gitea does not accept this server as an application any more. Its operator has to check ' +
          'GITEA_OAUTH_CLIENT_ID and GITEA_OAUTH_CLIENT_SECRET.',
        { detail },
      )
    }
    if (code !== 'invalid_grant' && code !== 'unauthorized_client') {
      throw new UpstreamFailed('Gitea did not renew the sign-in.', { detail: `${code}: ${detail}` })
    }
    // with INVALIDATE_REFRESH_TOKENS a second sign-in ends the first one's refresh token the moment Gitea answers it,
    // which is a little before its tokens are checked and kept here
    await delay(SIGN_IN_GRACE_MS)
    const newer = find(row.accountId)
    if (newer !== undefined && newer.version !== row.version) {
      return open(newer, 'accessToken')
    }
    if (newer !== undefined) {
      revokeAccount(row.accountId, 'gitea_refused_refresh')
    }
    throw signedOut(`${code}: ${detail}`)
  }

  /** Twenty calls at the moment of expiry wait for one request. */
  const refreshOnce = (row: Row): Promise<string> => {
    const running = refreshing.get(row.accountId)
    if (running !== undefined) {
      return running
    }
    const started = refresh(row)
      .then(
        (renewed) => {
          onRefresh?.('refreshed')
          return renewed
        },
        (error) => {
          onRefresh?.(error instanceof Unauthenticated ? 'revoked' : 'failed')
          throw error
        },
      )
      .finally(() => refreshing.delete(row.accountId))
    refreshing.set(row.accountId, started)
    return started
  }

  /** Opened tokens by person, good for one version of the row: decrypting costs more than the rest of a look-up. */
  const opened = new Map<string, { readonly version: number; readonly accessToken: string }>()

  const openAccessToken = (accountId: string, version: number): string => {
    const known = opened.get(accountId)
    if (known?.version === version) {
      return known.accessToken
    }
    const row = find(accountId)
    if (row === undefined) {
      throw signedOut()
    }
    const accessToken = open(row, 'accessToken')
    if (opened.size >= MAX_OPENED) {
      opened.clear()
    }
    opened.set(accountId, { version: row.version, accessToken })
    return accessToken
  }

  const token = async (accountId: string): Promise<string> => {
    const state = selectState.get(accountId)
    if (state === undefined) {
      opened.delete(accountId)
      throw signedOut()
    }
    if (state.expiresAt - clock.now() > REFRESH_AHEAD_MS) {
      return openAccessToken(accountId, state.version)
    }
    const row = find(accountId)
    if (row === undefined) {
      throw signedOut()
    }
    // a token that is still good outlives a Gitea that cannot be reached for a moment
    try {
      return await refreshOnce(row)
    } catch (error) {
      if ((error instanceof UpstreamFailed || error instanceof UpstreamTimeout) && row.expiresAt > clock.now()) {
        return open(row, 'accessToken')
      }
      throw error
    }
  }

  const renew = async (accountId: string, refused: string): Promise<string> => {
    const row = find(accountId)
    if (row === undefined) {
      throw signedOut()
    }
    const current = open(row, 'accessToken')
    // another call already brought a newer one
    return current === refused ? refreshOnce(row) : current
  }

  return {
    keep: (person, tokens, scope) => {
      const accountId = `gitea:${person.id}`
      const set = {
        login: person.login,
        name: person.name,
        accessToken: cipher.encrypt(tokens.accessToken, toPlace('accessToken', accountId)),
        refreshToken: cipher.encrypt(tokens.refreshToken, toPlace('refreshToken', accountId)),
        scope,
        expiresAt: tokens.expiresAt,
        updatedAt: clock.now(),
      }
      // never a number an earlier, revoked set had: a refresh of that one may still be on its way
      const version = Math.max((find(accountId)?.version ?? 0) + 1, clock.now())
      store.orm
        .insert(giteaTokenSet)
        .values({ accountId, ...set, version })
        .onConflictDoUpdate({ target: giteaTokenSet.accountId, set: { ...set, version } })
        .run()
      return accountId
    },
    findPerson: (accountId) => {
      const row = find(accountId)
      return row === undefined ? undefined : { login: row.login, name: row.name }
    },
    findByLogin: (login) => findSignedIn(store, login),
    credentialFor: (accountId) => ({
      token: () => token(accountId),
      renew: (refused) => renew(accountId, refused),
    }),
    reencrypt: () =>
      store.transaction(() => {
        let changed = 0
        for (const row of store.orm.select().from(giteaTokenSet).all()) {
          const accessToken = cipher.reencrypt(row.accessToken, toPlace('accessToken', row.accountId))
          const refreshToken = cipher.reencrypt(row.refreshToken, toPlace('refreshToken', row.accountId))
          if (accessToken !== undefined || refreshToken !== undefined) {
            store.orm
              .update(giteaTokenSet)
              .set({ accessToken: accessToken ?? row.accessToken, refreshToken: refreshToken ?? row.refreshToken })
              .where(eq(giteaTokenSet.accountId, row.accountId))
              .run()
            changed += 1
          }
        }
        return changed
      }),
  }
}

/** As the vault's `findByLogin`, for who has no vault. */
export function findSignedIn({ orm }: Store, login: string): ReturnType<TokenVault['findByLogin']> {
  const { accountId } = giteaTokenSet
  const [found, second] = orm
    .select({ accountId, login: giteaTokenSet.login })
    .from(giteaTokenSet)
    .where(sql`lower(${giteaTokenSet.login}) = ${login.toLowerCase()}`)
    .limit(2)
    .all()
  return second === undefined ? found : undefined
}

function toPlace(column: 'accessToken' | 'refreshToken', accountId: string) {
  return { purpose: `gitea_token_set.${column}`, rowId: accountId }
}

function signedOut(detail?: string): Unauthenticated {
  return new Unauthenticated('Your sign-in to Gitea has ended. Connect this client again.', {
    source: 'gitea',
    ...(detail === undefined ? {} : { detail }),
  })
}
