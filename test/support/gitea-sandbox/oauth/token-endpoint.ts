/** POST /login/oauth/access_token: every error is a 400 with Gitea's own, not always RFC 6749's, code. */
import { hash } from 'node:crypto'
import { findBasic } from '../authentication.js'
import { type Fields, isForm, readForm } from '../body.js'
import type { RawRequest } from '../exchange.js'
import { json, type Reply } from '../reply.js'
import type { AuthorizationCode, OAuthApplication } from '../state.js'
import { findApplication, isRegisteredRedirect } from './authorize.js'
import { findClaims, issueTokens } from './tokens.js'

interface TokenForm {
  readonly grantType: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly code: string
  readonly refreshToken: string
  readonly codeVerifier: string
}

function tokenError(error: string, description: string): Reply {
  return json(400, { error, error_description: description })
}

/** Form or JSON; anything unreadable reads as empty fields. */
export function readLooseFields(request: RawRequest): Fields {
  if (isForm(request)) return new Map(readForm(request))
  if (!(request.headers['content-type'] ?? '').includes('json')) return new Map()
  // A broken JSON body leaves Gitea's form empty; the missing fields then produce the error.
  try {
    const parsed: unknown = JSON.parse(request.body.toString('utf8'))
    return new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [])
  } catch {
    return new Map()
  }
}

function readTokenForm(request: RawRequest): TokenForm | Reply {
  const fields = readLooseFields(request)
  const field = (name: string): string => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : ''
  }
  let [clientId, clientSecret] = [field('client_id'), field('client_secret')]
  if ((clientId === '' || clientSecret === '') && request.headers.authorization) {
    const basic = findBasic(request)
    if (!basic) return tokenError('invalid_request', 'cannot parse basic auth header')
    if (clientId !== '' && clientId !== basic.username) {
      return tokenError('invalid_request', 'client_id in request body inconsistent with Authorization header')
    }
    if (clientSecret !== '' && clientSecret !== basic.password) {
      return tokenError('invalid_request', 'client_secret in request body inconsistent with Authorization header')
    }
    ;[clientId, clientSecret] = [basic.username, basic.password]
  }
  return {
    grantType: field('grant_type'),
    clientId,
    clientSecret,
    redirectUri: field('redirect_uri'),
    code: field('code'),
    refreshToken: field('refresh_token'),
    codeVerifier: field('code_verifier'),
  }
}

function isSecretWrong(application: OAuthApplication, secret: string): boolean {
  return application.isConfidential && application.secret !== secret
}

function wrongSecret(secret: string): string {
  return secret === '' ? 'invalid empty client secret' : 'invalid client secret'
}

function isVerified(code: AuthorizationCode, verifier: string): boolean {
  if (code.challengeMethod === 'S256') return hash('sha256', verifier, 'base64url') === code.challenge
  return code.challengeMethod === 'plain' ? verifier === code.challenge : true
}

function exchangeCode(request: RawRequest, form: TokenForm): Reply {
  const { state } = request.instance
  const application = findApplication(state, form.clientId)
  if (!application) return tokenError('invalid_client', `cannot load client with client id: '${form.clientId}'`)
  if (isSecretWrong(application, form.clientSecret)) {
    return tokenError('unauthorized_client', wrongSecret(form.clientSecret))
  }
  if (form.redirectUri !== '' && !isRegisteredRedirect(application, form.redirectUri)) {
    return tokenError('unauthorized_client', 'unexpected redirect URI')
  }
  const code = state.codes.get(form.code)
  const grant = code && state.grants.get(code.grantId)
  if (!code || !grant) return tokenError('unauthorized_client', 'client is not authorized')
  // A failed verifier does not burn the code, and codes never expire.
  if (!isVerified(code, form.codeVerifier)) return tokenError('unauthorized_client', 'failed PKCE code challenge')
  if (grant.applicationId !== application.id) return tokenError('invalid_grant', 'invalid grant')
  state.codes.delete(code.code)
  return json(200, issueTokens(request.instance, grant))
}

function refresh(request: RawRequest, form: TokenForm): Reply {
  const { instance } = request
  const application = findApplication(instance.state, form.clientId)
  if (!application) {
    return tokenError('invalid_client', `cannot load client with client id: ${JSON.stringify(form.clientId)}`)
  }
  if (isSecretWrong(application, form.clientSecret)) return tokenError('invalid_client', wrongSecret(form.clientSecret))
  const claims = findClaims(instance, form.refreshToken)
  if (!claims) return tokenError('unauthorized_client', 'unable to parse refresh token')
  const grant = instance.state.grants.get(claims.grantId)
  if (!grant) return tokenError('invalid_grant', 'grant does not exist')
  if (instance.invalidatesRefreshTokens && (grant.counter !== claims.counter || claims.counter === 0)) {
    return tokenError('unauthorized_client', 'token was already used')
  }
  // Neither the kind of the token, nor the application it was made for, nor the person's standing is looked at (T13).
  return json(200, issueTokens(instance, grant))
}

export function answerTokenRequest(request: RawRequest): Reply {
  const form = readTokenForm(request)
  if ('status' in form) return form
  if (form.grantType === 'authorization_code') return exchangeCode(request, form)
  if (form.grantType === 'refresh_token') return refresh(request, form)
  return tokenError('unsupported_grant_type', 'Only refresh_token or authorization_code grant type is supported')
}
