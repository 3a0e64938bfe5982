/** The browser and OAuth routes outside /api/v1. */

import type { RawRequest } from '../exchange.js'
import { findPersonGrants, revokeGrantOf } from '../grants.js'
import { renderApplications, renderHome, renderLogin } from '../pages.js'
import { empty, html, json, plainError, type Reply, redirect } from '../reply.js'
import type { Account } from '../state.js'
import { authorize, grantConsent } from './authorize.js'
import { answerDiscovery, answerIntrospection, answerKeys, answerUserinfo } from './inspect.js'
import { type Session, type Sessions, withCookies } from './sessions.js'
import { answerTokenRequest } from './token-endpoint.js'

function signedInPage(
  request: RawRequest,
  sessions: Sessions,
  answer: (session: Session, account: Account) => Reply,
): Reply {
  const { session, cookies } = sessions.open(request)
  const person = sessions.account(request, session)
  const forged = request.method === 'POST' && person ? sessions.refuseForgery(request, session) : undefined
  // Gitea looks at the person's standing first, then at the form's origin, then at being signed in.
  const refused = (person ? sessions.refuseVisitor(request, session) : undefined) ?? forged
  const reply = refused ?? sessions.refuseVisitor(request, session)
  if (reply || !person) return withCookies(reply ?? plainError(500, 'Internal Server Error'), cookies)
  return withCookies(answer(session, person), cookies)
}

function answerMachine(request: RawRequest, allowed: readonly string[], answer: () => Reply): Reply {
  return allowed.includes(request.method) ? answer() : empty(405, { allow: allowed.join(', ') })
}

/** The answer of a web route; undefined when the path is none of ours. */
export function answerWeb(request: RawRequest, sessions: Sessions): Reply | undefined {
  const { path, method } = request
  const revocation = /^\/user\/settings\/applications\/oauth2\/\d+\/revoke\/(\d+)$/.exec(path)
  if (revocation && method === 'POST') {
    return signedInPage(request, sessions, (_session, account) => {
      revokeGrantOf(request.instance.state, account.id, Number(revocation[1]))
      return json(200, { redirect: '/user/settings/applications' })
    })
  }
  switch (path) {
    case '/.well-known/openid-configuration':
      return answerMachine(request, ['GET'], () => answerDiscovery(request))
    case '/login/oauth/keys':
      return answerMachine(request, ['GET', 'OPTIONS'], answerKeys)
    case '/login/oauth/access_token':
      return answerMachine(request, ['POST', 'OPTIONS'], () => answerTokenRequest(request))
    case '/login/oauth/introspect':
      return answerMachine(request, ['POST', 'OPTIONS'], () => answerIntrospection(request))
    case '/login/oauth/userinfo':
      return answerMachine(request, ['GET', 'POST', 'OPTIONS'], () => answerUserinfo(request))
    case '/login/oauth/authorize':
      return answerMachine(request, ['GET', 'POST'], () =>
        signedInPage(request, sessions, (session, account) => authorize(request, session, account)),
      )
    case '/login/oauth/grant':
      return answerMachine(request, ['POST'], () =>
        signedInPage(request, sessions, (session, account) => grantConsent(request, session, account)),
      )
    case '/user/login': {
      if (method === 'POST') return sessions.login(request)
      const { session, cookies } = sessions.open(request)
      const isSignedIn = sessions.account(request, session) !== undefined
      return withCookies(isSignedIn ? redirect('/') : html(200, renderLogin(session.csrf)), cookies)
    }
    case '/user/settings/applications':
      return signedInPage(request, sessions, (session, account) =>
        html(200, renderApplications(session.csrf, findPersonGrants(request.instance.state, account.id))),
      )
    case '/': {
      const { session, cookies } = sessions.open(request)
      return withCookies(html(200, renderHome(sessions.account(request, session)?.login)), cookies)
    }
    default:
      return undefined
  }
}
