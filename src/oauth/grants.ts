/**
 * What people agreed to: one grant per consent, which every token of its family depends on, and the approval that spares
 * the same person the same question.
 */
import { and, eq } from 'drizzle-orm'
import type { Store } from '../db/open.js'
import { giteaTokenSet, oauthApproval, oauthClient, oauthGrant, oauthState } from '../db/schema/oauth.js'
import type { Clock } from '../lib/clock.js'
import type { ClientMetadata } from './client-metadata.js'
import { type Grant, SCOPES, type Scope } from './scope.js'

/** A consent given on our page. */
export interface Consent {
  readonly accountId: string
  readonly clientId: string
  readonly clientName: string
  readonly redirectUri: string
  readonly scopes: readonly Scope[]
  readonly grant: Grant
  /** False when an earlier approval stands in for the question. */
  readonly wasAsked: boolean
  /** The description of a client that has a document, kept for the time its host cannot be reached. */
  readonly document?: ClientMetadata
}

export interface Grants {
  /** Keeps a consent as the grant `id`, and, when the person was really asked, as the approval of this client. */
  keep(id: string, consent: Consent): void
  /** What the person already said to exactly this request; undefined when they have to be asked. */
  findApproval(request: {
    readonly accountId: string
    readonly clientId: string
    readonly redirectUri: string
    readonly scopes: readonly Scope[]
  }): { readonly scopes: readonly Scope[]; readonly grant: Grant } | undefined
  /** Every scope the client holds for this person now. */
  listScopes(accountId: string, clientId: string): readonly Scope[]
  /**
   * Takes back everything: tokens, grants, approvals and the Gitea token set, in one transaction.
   *
   * @returns how many grants there were
   */
  revokeAccount(accountId: string): number
}

export function createGrants({ store, clock }: { readonly store: Store; readonly clock: Clock }): Grants {
  const { orm } = store
  return {
    keep: (id, { accountId, clientId, clientName, redirectUri, scopes, grant, wasAsked, document }) =>
      store.transaction(() => {
        const now = clock.now()
        const limits = {
          scopes: [...scopes].sort().join(' '),
          readOnly: grant.readOnly,
          repositories: grant.repositories === null ? null : JSON.stringify(grant.repositories),
          expiresAt: grant.expiresAt,
          createdAt: now,
        }
        orm
          .insert(oauthGrant)
          .values({ id, accountId, clientId, clientName, redirectUri, ...limits })
          .run()
        if (wasAsked) {
          orm
            .insert(oauthApproval)
            .values({ accountId, clientId, redirectUri, ...limits })
            .onConflictDoUpdate({
              target: [oauthApproval.accountId, oauthApproval.clientId, oauthApproval.redirectUri],
              set: limits,
            })
            .run()
        }
        if (document !== undefined) {
          const copy = { metadata: JSON.stringify(document), createdAt: now }
          orm
            .insert(oauthClient)
            .values({ id: clientId, source: 'document', ...copy })
            .onConflictDoUpdate({ target: oauthClient.id, set: copy })
            .run()
        }
        orm.update(oauthClient).set({ lastUsedAt: now }).where(eq(oauthClient.id, clientId)).run()
      }),

    findApproval: ({ accountId, clientId, redirectUri, scopes }) => {
      const row = orm
        .select()
        .from(oauthApproval)
        .where(
          and(
            eq(oauthApproval.accountId, accountId),
            eq(oauthApproval.clientId, clientId),
            eq(oauthApproval.redirectUri, redirectUri),
          ),
        )
        .get()
      if (row === undefined || (row.expiresAt !== null && row.expiresAt <= clock.now())) {
        return undefined
      }
      const approved = parseScopes(row.scopes)
      if (!scopes.every((scope) => approved.includes(scope))) {
        return undefined
      }
      return { scopes, grant: toGrant(row) }
    },

    listScopes: (accountId, clientId) => {
      const rows = orm
        .select({ scopes: oauthGrant.scopes, expiresAt: oauthGrant.expiresAt })
        .from(oauthGrant)
        .where(and(eq(oauthGrant.accountId, accountId), eq(oauthGrant.clientId, clientId)))
        .all()
      const live = rows.filter(({ expiresAt }) => expiresAt === null || expiresAt > clock.now())
      return parseScopes(live.map(({ scopes }) => scopes).join(' '))
    },

    revokeAccount: (accountId) =>
      store.transaction(() => {
        orm.delete(oauthState).where(eq(oauthState.accountId, accountId)).run()
        orm.delete(oauthApproval).where(eq(oauthApproval.accountId, accountId)).run()
        orm.delete(giteaTokenSet).where(eq(giteaTokenSet.accountId, accountId)).run()
        return orm.delete(oauthGrant).where(eq(oauthGrant.accountId, accountId)).run().changes
      }),
  }
}

/** The scopes of ours in a space separated list; other words are dropped. */
export function parseScopes(text: string): readonly Scope[] {
  const words = new Set(text.split(' '))
  return SCOPES.filter((scope) => words.has(scope))
}

/** The limits in a row of `oauth_grant` or `oauth_approval`. */
export function toGrant(row: {
  readonly readOnly: boolean | number
  readonly repositories: string | null
  readonly expiresAt: number | null
}): Grant {
  return {
    readOnly: row.readOnly === true || row.readOnly === 1,
    // written by `keep` above
    repositories: row.repositories === null ? null : (JSON.parse(row.repositories) as string[]),
    expiresAt: row.expiresAt,
  }
}
