/** Userinfo, introspection, keys and discovery. */
import { authenticate, findBasic, findToken } from '../authentication.js'
import type { RawRequest } from '../exchange.js'
import { getAccount } from '../lookup.js'
import { renderMessage } from '../pages.js'
import { avatarUrl } from '../present/user.js'
import { html, json, plainError, type Reply, redirect, text } from '../reply.js'
import { isPublicOnly } from '../scope.js'
import { findApplication } from './authorize.js'
import { readLooseFields } from './token-endpoint.js'
import { findClaims, findTokenOwner, groupsOf, presentKeys } from './tokens.js'

/**
 * T12: on these two paths Gitea looks for a login token before anything else, also in a form field named `token`.
 * A dead one ends the request with this text.
 */
function refuseDeadLogin(request: RawRequest): Reply | undefined {
  const token = findToken(request)
  if (token === undefined || findTokenOwner(request.instance, token)) return undefined
  return plainError(401, 'Failed to authenticate user')
}

export function answerUserinfo(request: RawRequest): Reply {
  const dead = refuseDeadLogin(request)
  if (dead) return dead
  const credentials = findToken(request) === undefined ? 'anonymous' : authenticate(request)
  if (credentials === 'anonymous' || 'invalid' in credentials || credentials.method !== 'oauth2') {
    return text(401, 'no valid authorization', { 'www-authenticate': 'Bearer realm="Gitea OAuth2"' })
  }
  const { account, scope } = credentials
  // Disabled people get the page a browser would get.
  if (!account.isActive || account.prohibitLogin)
    return html(200, renderMessage('Sign In Prohibited', 'Sign In Prohibited'))
  if (account.mustChangePassword) return redirect('/user/settings/change_password')
  return json(200, {
    sub: String(account.id),
    name: account.fullName || account.login,
    preferred_username: account.login,
    email: account.email,
    picture: avatarUrl(request.instance, account),
    groups: groupsOf(request.instance.state, account, scope !== undefined && isPublicOnly(scope)),
  })
}

/** Active for access and refresh tokens of every application, whatever the person's standing (T13). */
export function answerIntrospection(request: RawRequest): Reply {
  const dead = refuseDeadLogin(request)
  if (dead) return dead
  const { instance } = request
  const basic = findBasic(request)
  const caller = basic && findApplication(instance.state, basic.username)
  if (!caller || caller.secret !== basic.password) {
    return text(401, 'no valid authorization', { 'www-authenticate': 'Basic realm="Gitea OAuth2"' })
  }
  const token = readLooseFields(request).get('token')
  const claims = typeof token === 'string' ? findClaims(instance, token) : undefined
  const grant = claims && instance.state.grants.get(claims.grantId)
  const application = grant && instance.state.applications.get(grant.applicationId)
  if (!grant || !application) return json(200, { active: false })
  return json(200, {
    active: true,
    ...(grant.scope ? { scope: grant.scope } : {}),
    username: getAccount(instance.state, grant.accountId).login,
    iss: instance.url,
    sub: String(grant.accountId),
    aud: [application.clientId],
  })
}

export function answerKeys(): Reply {
  return json(200, presentKeys(), { 'content-type': 'application/json' })
}

export function answerDiscovery(request: RawRequest): Reply {
  const { url } = request.instance
  const document = {
    issuer: url,
    authorization_endpoint: `${url}/login/oauth/authorize`,
    token_endpoint: `${url}/login/oauth/access_token`,
    jwks_uri: `${url}/login/oauth/keys`,
    userinfo_endpoint: `${url}/login/oauth/userinfo`,
    introspection_endpoint: `${url}/login/oauth/introspect`,
    response_types_supported: ['code', 'id_token'],
    id_token_signing_alg_values_supported: ['RS256'],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', 'profile', 'email', 'groups'],
    claims_supported: [
      ...['aud', 'exp', 'iat', 'iss', 'sub', 'name', 'preferred_username', 'profile', 'picture', 'website', 'locale'],
      ...['updated_at', 'email', 'email_verified', 'groups'],
    ],
    code_challenge_methods_supported: ['plain', 'S256'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
  }
  return json(200, document, { 'content-type': 'application/json' })
}
