/**
 * Reads credentials as Gitea's API does (services/auth/{oauth2,basic}.go). A token in the query or a form body
 * beats the Authorization header; an OAuth token as Basic password carries no scope (T10).
 */
import { isForm, readForm } from './body.js'
import type { RawRequest } from './exchange.js'
import { findPerson } from './lookup.js'
import { findTokenOwner } from './oauth/tokens.js'
import type { Account } from './state.js'

interface Credentials {
  readonly account: Account
  readonly scope: string | undefined
  readonly isBasic: boolean
  /** How Gitea calls the method; userinfo accepts `oauth2` only. */
  readonly method: 'oauth2' | 'basic'
}

/** `invalid` carries Gitea's words for a credential that is worth nothing. */
export type Authentication = Credentials | 'anonymous' | { readonly invalid: string }

export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

export function findBasic(request: RawRequest): BasicCredentials | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const split = decoded.indexOf(':')
  return split < 0 ? undefined : { username: decoded.slice(0, split), password: decoded.slice(split + 1) }
}

/** The login token of a request, wherever Gitea looks for one. */
export function findToken(request: RawRequest): string | undefined {
  const form = isForm(request) ? readForm(request) : undefined
  for (const name of ['token', 'access_token']) {
    const value = form?.get(name) || request.query.get(name)
    if (value) return value
  }
  return /^(?:bearer|token)\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

function checkBasic(request: RawRequest): Authentication {
  const basic = findBasic(request)
  if (!basic) return 'anonymous'
  const { state } = request.instance
  const isUsernameToken = basic.password === '' || basic.password === 'x-oauth-basic'
  const owner = findTokenOwner(request.instance, isUsernameToken ? basic.username : basic.password)
  if (owner) {
    const scope = owner.kind === 'oauth' ? undefined : owner.scope
    return { account: owner.account, scope, isBasic: true, method: 'basic' }
  }
  const account = findPerson(state, basic.username)
  if (!account) return { invalid: `user does not exist [uid: 0, name: ${basic.username}]` }
  if (basic.password === '' || account.password !== basic.password) {
    return { invalid: `user's password is invalid [uid: ${account.id}, name: ${account.login}]` }
  }
  return { account, scope: undefined, isBasic: true, method: 'basic' }
}

/** Who is asking. Disabled accounts are still returned: what they may do is the caller's question. */
export function authenticate(request: RawRequest): Authentication {
  const token = findToken(request)
  if (token !== undefined) {
    const owner = findTokenOwner(request.instance, token)
    if (owner) return { account: owner.account, scope: owner.scope, isBasic: false, method: 'oauth2' }
  }
  const basic = checkBasic(request)
  // The first method's complaint is the one that is told.
  const isSignedIn = basic !== 'anonymous' && 'account' in basic
  return token !== undefined && !isSignedIn ? { invalid: 'user does not exist [uid: 0, name: ]' } : basic
}

/** Why the API refuses a known but disabled person; undefined when nothing is wrong. */
export function findAccountRefusal(account: Account, root: string): string | undefined {
  if (!account.isActive || account.prohibitLogin)
    return 'This account is prohibited from signing in, please contact your site administrator.'
  if (account.mustChangePassword) return `You must change your password. Change it at: ${root}//user/change_password`
  return undefined
}
