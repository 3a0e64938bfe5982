/** The authorization endpoint and consent form: routers/web/auth/oauth2_provider.go, quirks kept. */
import { readForm } from '../body.js'
import type { RawRequest } from '../exchange.js'
import { getAccount } from '../lookup.js'
import { renderAuthorizeError, renderConsent } from '../pages.js'
import { html, plainError, type Reply, redirect } from '../reply.js'
import { grantApiScope } from '../scope.js'
import type { Account, Grant, Instance, OAuthApplication, State } from '../state.js'
import type { Session } from './sessions.js'
import { createPrefixedSecret } from './tokens.js'

export function findApplication(state: State, clientId: string): OAuthApplication | undefined {
  for (const application of state.applications.values()) if (application.clientId === clientId) return application
  return undefined
}

function findGrant(state: State, application: OAuthApplication, account: Account): Grant | undefined {
  for (const grant of state.grants.values())
    if (grant.applicationId === application.id && grant.accountId === account.id) return grant
  return undefined
}

function normalizeRedirect(uri: string): string {
  return uri.toLowerCase().replace(/\/$/, '')
}

/**
 * Whole-address comparison; only public applications get a free port, and only on a loopback address literal that
 * is registered without one. `[::1]` never matches that way because Go loses its brackets.
 */
export function isRegisteredRedirect(application: OAuthApplication, redirectUri: string): boolean {
  const registered = application.redirectUris.map(normalizeRedirect)
  if (!application.isConfidential) {
    const loopback = /^http:\/\/(127\.\d{1,3}\.\d{1,3}\.\d{1,3}):\d+((?:[/?#].*)?)$/i.exec(redirectUri)
    if (loopback && registered.includes(normalizeRedirect(`http://${loopback[1]}${loopback[2]}`))) return true
  }
  return registered.includes(normalizeRedirect(redirectUri))
}

function toClient(redirectUri: string, values: Readonly<Record<string, string>>): Reply {
  const target = new URL(redirectUri)
  // Go re-encodes the whole query in key order.
  const query = new URLSearchParams(target.search)
  for (const [name, value] of Object.entries(values)) query.set(name, value)
  query.sort()
  target.search = query.toString()
  return redirect(target.href)
}

function authorizeError(redirectUri: string, code: string, description: string, state: string): Reply {
  if (redirectUri === '') return html(400, renderAuthorizeError(code, description))
  return toClient(redirectUri, { error: code, error_description: description, state })
}

function sendCode(
  instance: Instance,
  grant: Grant,
  redirectUri: string,
  state: string,
  challenge: string,
  challengeMethod: string,
): Reply {
  const code = createPrefixedSecret('gta_')
  instance.state.codes.set(code, { code, grantId: grant.id, redirectUri, challenge, challengeMethod })
  return toClient(redirectUri, state ? { state, code } : { code })
}

export function authorize(request: RawRequest, session: Session, account: Account): Reply {
  const { instance } = request
  const form = readForm(request)
  const field = (name: string): string => form.get(name) ?? request.query.get(name) ?? ''
  const [redirectUri, state, scope, nonce] = [field('redirect_uri'), field('state'), field('scope'), field('nonce')]
  const [challenge, method] = [field('code_challenge'), field('code_challenge_method')]

  const application = findApplication(instance.state, field('client_id'))
  if (!application) return authorizeError('', 'unauthorized_client', 'Client ID not registered', state)
  if (!isRegisteredRedirect(application, redirectUri)) {
    return authorizeError('', 'invalid_request', 'Unregistered Redirect URI', state)
  }
  if (field('response_type') !== 'code') {
    return authorizeError(redirectUri, 'unsupported_response_type', 'Only code response type is supported.', state)
  }
  if (method === 'plain') {
    session.values.set('CodeChallengeMethod', method)
    session.values.set('CodeChallenge', challenge)
  } else if (method === '' && !application.isConfidential) {
    return authorizeError(redirectUri, 'invalid_request', 'PKCE is required for public clients', state)
  } else if (method !== '' && method !== 'S256') {
    return authorizeError(redirectUri, 'invalid_request', 'unsupported code challenge method', state)
  }

  const grant = findGrant(instance.state, application, account)
  if (grant && (application.isConfidential || application.skipsSecondaryAuthorization)) {
    // T3: the scope asked for now is ignored.
    if (nonce) grant.nonce = nonce
    return sendCode(instance, grant, redirectUri, state, challenge, method)
  }
  session.values.set('client_id', application.clientId)
  session.values.set('redirect_uri', redirectUri)
  session.values.set('state', state)
  const page = renderConsent({
    csrf: session.csrf,
    applicationName: application.name,
    ownerLogin: getAccount(instance.state, application.ownerId).login,
    clientId: application.clientId,
    state,
    scope,
    nonce,
    redirectUri,
    isFullAccess: grantApiScope(scope) === 'all',
  })
  return html(200, page)
}

/** The consent form's answer. The `scope` it carries is trusted, so a person may raise it to anything. */
export function grantConsent(request: RawRequest, session: Session, account: Account): Reply {
  const { instance } = request
  const form = readForm(request)
  const field = (name: string): string => form.get(name) ?? ''
  const [clientId, redirectUri, state, scope] = [
    field('client_id'),
    field('redirect_uri'),
    field('state'),
    field('scope'),
  ]
  const pending = session.values
  if (
    pending.get('client_id') !== clientId ||
    pending.get('state') !== state ||
    pending.get('redirect_uri') !== redirectUri
  ) {
    return plainError(400, 'Bad Request')
  }
  if (!['true', '1', 'on', 't', 'T', 'TRUE', 'True'].includes(field('granted'))) {
    return authorizeError(redirectUri, 'access_denied', 'the request is denied', state)
  }
  const application = findApplication(instance.state, clientId)
  if (!application) return plainError(500, 'Internal Server Error')
  let grant = findGrant(instance.state, application, account)
  if (grant && grant.scope !== scope) {
    return authorizeError(redirectUri, 'server_error', 'a grant exists with different scope', state)
  }
  if (!grant) {
    grant = {
      id: instance.state.nextId('grant'),
      accountId: account.id,
      applicationId: application.id,
      scope,
      nonce: '',
      counter: 0,
      createdAt: instance.clock.now(),
    }
    instance.state.grants.set(grant.id, grant)
  }
  const nonce = field('nonce')
  if (nonce) grant.nonce = nonce
  // T2: only a `plain` challenge was put into the session, so an S256 one is lost on this path, and a stale plain
  // one of another flow is applied.
  const challenge = pending.get('CodeChallenge') ?? ''
  return sendCode(instance, grant, redirectUri, state, challenge, pending.get('CodeChallengeMethod') ?? '')
}
