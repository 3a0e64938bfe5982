/**
 * Gitea's RS256 tokens. Claims are exactly {gnt, tt, exp, iat} and `cnt` where rotation is on, times in whole
 * seconds: two tokens of one grant made in the same second are byte for byte the same.
 */
import { createSign, createVerify, generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { isMember, teamsOfOrganization } from '../access.js'
import { getAccount } from '../lookup.js'
import { avatarUrl } from '../present/user.js'
import { grantApiScope, isPublicOnly } from '../scope.js'
import type { Account, Grant, Instance, State } from '../state.js'

const refreshLifetimeSeconds = 730 * 3600

interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly id: string
}

// One key per process: making one takes a second, and no test depends on two instances having different keys.
let processKey: SigningKey | undefined

function signingKey(): SigningKey {
  if (!processKey) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    processKey = { privateKey, publicKey, id: hash('sha256', spki, 'base64url') }
  }
  return processKey
}

/** The key set document. */
export function presentKeys(): unknown {
  const { publicKey, id } = signingKey()
  const { n, e } = publicKey.export({ format: 'jwk' })
  return { keys: [{ alg: 'RS256', e, kid: id, kty: 'RSA', n, use: 'sig' }] }
}

function sign(claims: Record<string, unknown>): string {
  const { privateKey, id } = signingKey()
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode({ alg: 'RS256', kid: id, typ: 'JWT' })}.${encode(claims)}`
  return `${input}.${createSign('sha256').update(input).sign(privateKey, 'base64url')}`
}

export interface TokenClaims {
  readonly grantId: number
  /** 0 access, 1 refresh. */
  readonly kind: number
  readonly counter: number
  readonly expiresAt: number
  readonly issuedAt: number
}

const nowSeconds = (instance: Instance): number => Math.floor(instance.clock.now() / 1000)

/** The claims of an unexpired token signed here, of either kind; id tokens come out with grant 0. */
export function findClaims(instance: Instance, token: string): TokenClaims | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || signature === '') return undefined
  const isOurs = createVerify('sha256')
    .update(`${header}.${payload}`)
    .verify(signingKey().publicKey, signature, 'base64url')
  if (!isOurs) return undefined
  const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const number = (name: string): number => (typeof claims[name] === 'number' ? claims[name] : 0)
  if (number('exp') <= nowSeconds(instance)) return undefined
  return {
    grantId: number('gnt'),
    kind: number('tt'),
    counter: number('cnt'),
    expiresAt: number('exp'),
    issuedAt: number('iat'),
  }
}

export type TokenOwner =
  | { readonly kind: 'personal'; readonly account: Account; readonly scope: string }
  | { readonly kind: 'oauth'; readonly account: Account; readonly scope: string }

/** Whose login token this is: a personal access token or an OAuth access token, nothing else. */
export function findTokenOwner(instance: Instance, token: string): TokenOwner | undefined {
  const { state } = instance
  if (!token.includes('.')) {
    for (const personal of state.tokens.values())
      if (personal.value === token)
        return { kind: 'personal', account: getAccount(state, personal.accountId), scope: personal.scope }
    return undefined
  }
  const claims = findClaims(instance, token)
  const grant = claims && claims.kind === 0 ? state.grants.get(claims.grantId) : undefined
  if (!grant) return undefined
  return { kind: 'oauth', account: getAccount(state, grant.accountId), scope: grantApiScope(grant.scope) }
}

/** `org` and `org:team` names of a person's memberships; null when there are none, as Go prints a nil slice. */
export function groupsOf(state: State, account: Account, onlyPublic: boolean): string[] | null {
  const groups: string[] = []
  for (const organization of state.accounts.values()) {
    if (!organization.isOrganization || !isMember(state, organization.id, account.id)) continue
    if (onlyPublic && organization.visibility !== 'public') continue
    groups.push(organization.login)
    for (const team of teamsOfOrganization(state, organization.id))
      if (team.members.has(account.id)) groups.push(`${organization.login}:${team.name.toLowerCase()}`)
  }
  return groups.length > 0 ? groups : null
}

function idToken(instance: Instance, grant: Grant, clientId: string, now: number): string {
  const account = getAccount(instance.state, grant.accountId)
  const words = grant.scope.split(' ')
  const claims: Record<string, unknown> = {
    iss: instance.url,
    sub: String(account.id),
    aud: [clientId],
    exp: now + instance.tokenLifetimeSeconds,
    iat: now,
  }
  if (grant.nonce) claims.nonce = grant.nonce
  if (words.includes('profile')) {
    claims.name = account.fullName || account.login
    claims.preferred_username = account.login
    claims.profile = `${instance.url}/${account.login}`
    claims.picture = avatarUrl(instance, account)
    if (account.language) claims.locale = account.language
    claims.updated_at = Math.floor((account.lastLoginAt ?? account.createdAt) / 1000)
  }
  if (words.includes('email')) {
    claims.email = account.email
    if (account.isActive) claims.email_verified = true
  }
  const groups = words.includes('groups')
    ? groupsOf(instance.state, account, isPublicOnly(grantApiScope(grant.scope)))
    : null
  if (groups) claims.groups = groups
  return sign(claims)
}

/** A token response for a grant; with rotation on, each one retires every earlier refresh token of the grant. */
export function issueTokens(instance: Instance, grant: Grant): unknown {
  const application = instance.state.applications.get(grant.applicationId)
  const now = nowSeconds(instance)
  if (instance.invalidatesRefreshTokens) grant.counter += 1
  const accessToken = sign({ gnt: grant.id, tt: 0, exp: now + instance.tokenLifetimeSeconds, iat: now })
  const counter = instance.invalidatesRefreshTokens ? { cnt: grant.counter } : {}
  const refreshToken = sign({ gnt: grant.id, tt: 1, ...counter, exp: now + refreshLifetimeSeconds, iat: now })
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: instance.tokenLifetimeSeconds,
    refresh_token: refreshToken,
    ...(application && grant.scope.split(' ').includes('openid')
      ? { id_token: idToken(instance, grant, application.clientId, now) }
      : {}),
  }
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** 32 random bytes' worth of lower-case base32 behind a prefix, as Gitea makes codes (`gta_`) and secrets (`gto_`). */
export function createPrefixedSecret(prefix: string): string {
  const letters = [...randomBytes(52)].map((byte) => base32[byte % 32] ?? 'a')
  return prefix + letters.join('')
}
