import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** State of the authorization server (sessions, interactions, codes, tokens, grants), addressed by the SHA-256 of the id. */
export const oauthState = sqliteTable(
  'oauth_state',
  {
    kind: text().notNull(),
    idHash: text().notNull(),
    payload: text().notNull(),
    grantId: text(),
    uid: text(),
    accountId: text(),
    clientId: text(),
    createdAt: integer().notNull(),
    /** First use of a single-use value. */
    consumedAt: integer(),
    /** How often a rotated refresh token was accepted again inside its grace window. */
    graceUses: integer().notNull().default(0),
    expiresAt: integer(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.idHash] }),
    // revoking a family of tokens
    index('oauth_state_grant').on(table.grantId),
    // an interaction or session found by its uid
    uniqueIndex('oauth_state_uid').on(table.kind, table.uid),
    // revoking everything a person or a client holds
    index('oauth_state_account').on(table.accountId, table.clientId),
    // sweeping what has expired
    index('oauth_state_expiry').on(table.expiresAt),
  ],
)

/** Clients that registered themselves (RFC 7591). */
export const oauthClient = sqliteTable(
  'oauth_client',
  {
    id: text().primaryKey(),
    /** Metadata without the secret. */
    metadata: text().notNull(),
    /** Encrypted; null for public clients. */
    secret: text(),
    createdAt: integer().notNull(),
    /** Null until the first authorization; unused clients expire. */
    lastUsedAt: integer(),
  },
  (table) => [index('oauth_client_unused').on(table.lastUsedAt, table.createdAt)],
)

/** What a person allowed a client, so that the same client is not asked about twice. */
export const oauthApproval = sqliteTable(
  'oauth_approval',
  {
    accountId: text().notNull(),
    clientId: text().notNull(),
    redirectUri: text().notNull(),
    /** Space separated, sorted. */
    scopes: text().notNull(),
    readOnly: integer({ mode: 'boolean' }).notNull().default(false),
    /** JSON array of `owner/name`, null for every repository. */
    repositories: text(),
    createdAt: integer().notNull(),
    expiresAt: integer(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.clientId, table.redirectUri] })],
)

/** A sign-in on its way through Gitea: single use, ten minutes, bound to one browser. */
export const giteaSignIn = sqliteTable('gitea_sign_in', {
  stateHash: text().primaryKey(),
  interactionUid: text().notNull(),
  browserHash: text().notNull(),
  /** Encrypted PKCE verifier. */
  verifier: text().notNull(),
  nonce: text().notNull(),
  /** The Gitea account once the callback succeeded. */
  accountId: text(),
  createdAt: integer().notNull(),
  usedAt: integer(),
})

/** One Gitea token set per person, encrypted (AES-256-GCM, key id inside the value). */
export const giteaTokenSet = sqliteTable('gitea_token_set', {
  /** `gitea:<user id>`: logins can be renamed, ids cannot. */
  accountId: text().primaryKey(),
  login: text().notNull(),
  name: text().notNull(),
  accessToken: text().notNull(),
  refreshToken: text().notNull(),
  scope: text().notNull(),
  expiresAt: integer().notNull(),
  updatedAt: integer().notNull(),
  /** Grows with every replacement: a refresh writes only over the set it started from. */
  version: integer().notNull(),
})
