import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** State of the authorization server (interactions, codes, tokens, grants), addressed by the SHA-256 of the id. */
export const oauthState = sqliteTable(
  'oauth_state',
  {
    kind: text().notNull(),
    idHash: text().notNull(),
    payload: text().notNull(),
    grantId: text(),
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
    // revoking everything a person or a client holds
    index('oauth_state_account').on(table.accountId, table.clientId),
    // sweeping what has expired
    index('oauth_state_expiry').on(table.expiresAt),
  ],
)

/** Clients: those that registered themselves (RFC 7591) and the last good copy of the documents of the others. */
export const oauthClient = sqliteTable(
  'oauth_client',
  {
    id: text().primaryKey(),
    source: text({ enum: ['registration', 'document'] }).notNull(),
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

/** One consent of one person to one client: every token of the family reads its limits here. */
export const oauthGrant = sqliteTable(
  'oauth_grant',
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    clientId: text().notNull(),
    /** Untrusted text: what the client called itself when the person agreed. */
    clientName: text().notNull(),
    redirectUri: text().notNull(),
    /** Space separated, sorted. */
    scopes: text().notNull(),
    readOnly: integer({ mode: 'boolean' }).notNull().default(false),
    /** JSON array of `owner/name`, null for every repository. */
    repositories: text(),
    createdAt: integer().notNull(),
    expiresAt: integer(),
  },
  (table) => [
    // what a person already allowed a client, and revoking it
    index('oauth_grant_account').on(table.accountId, table.clientId),
  ],
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
export const giteaSignIn = sqliteTable(
  'gitea_sign_in',
  {
    stateHash: text().primaryKey(),
    interactionUid: text().notNull(),
    browserHash: text().notNull(),
    /** Encrypted PKCE verifier. */
    verifier: text().notNull(),
    /** How it ended; null while the browser is at Gitea. */
    outcome: text(),
    /** The Gitea account when the outcome is `signed_in`. */
    accountId: text(),
    createdAt: integer().notNull(),
    usedAt: integer(),
  },
  (table) => [
    // the page of an interaction finds its latest sign-in
    index('gitea_sign_in_interaction').on(table.interactionUid, table.createdAt),
  ],
)

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
