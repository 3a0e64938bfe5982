/** Browser sessions of the sandbox: the cookies, CSRF rule and sign-in form of Gitea's web routes. */
import { randomBytes } from 'node:crypto'
import { readForm } from '../body.js'
import type { RawRequest } from '../exchange.js'
import { findPerson, findPersonByEmail } from '../lookup.js'
import { renderLogin, renderMessage } from '../pages.js'
import { html, plainError, type Reply, redirect } from '../reply.js'
import type { Account } from '../state.js'

export interface Session {
  readonly id: string
  accountId: number | undefined
  csrf: string
  /** OAuth leftovers of the consent step: one pending consent per session, and T2's stale plain challenge. */
  readonly values: Map<string, string>
}

export interface Sessions {
  open(request: RawRequest): { session: Session; cookies: string[] }
  account(request: RawRequest, session: Session): Account | undefined
  login(request: RawRequest): Reply
  /** The refusal of a page that needs a signed-in person in good standing; undefined when it may go on. */
  refuseVisitor(request: RawRequest, session: Session): Reply | undefined
  /** T1.9: a POST without the session's token is refused with 400. */
  refuseForgery(request: RawRequest, session: Session): Reply | undefined
}

const attributes = 'Path=/; HttpOnly; SameSite=Lax'

function readCookies(request: RawRequest): Map<string, string> {
  return new Map(
    (request.headers.cookie ?? '').split(';').map((pair) => {
      const split = pair.indexOf('=')
      return [pair.slice(0, split).trim(), decodeURIComponent(pair.slice(split + 1).trim())] as const
    }),
  )
}

export function withCookies(reply: Reply, cookies: readonly string[]): Reply {
  const own = reply.headers['set-cookie']
  const existing = own === undefined ? [] : typeof own === 'string' ? [own] : own
  if (cookies.length + existing.length === 0) return reply
  return { ...reply, headers: { ...reply.headers, 'set-cookie': [...cookies, ...existing] } }
}

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>()

  function create(accountId: number | undefined): { session: Session; cookies: string[] } {
    const session: Session = {
      id: randomBytes(8).toString('hex'),
      accountId,
      csrf: randomBytes(32).toString('base64url'),
      values: new Map(),
    }
    sessions.set(session.id, session)
    return {
      session,
      cookies: [`i_like_gitea=${session.id}; ${attributes}`, `_csrf=${session.csrf}; Max-Age=86400; ${attributes}`],
    }
  }

  function account(request: RawRequest, session: Session): Account | undefined {
    return session.accountId === undefined ? undefined : request.instance.state.accounts.get(session.accountId)
  }

  return {
    open(request) {
      const session = sessions.get(readCookies(request).get('i_like_gitea') ?? '')
      return session ? { session, cookies: [] } : create(undefined)
    },
    account,
    login(request) {
      const { state, clock } = request.instance
      const form = readForm(request)
      const name = form.get('user_name') ?? ''
      const person = findPerson(state, name) ?? findPersonByEmail(state, name)
      const opened = this.open(request)
      if (!person || person.password === '' || person.password !== form.get('password')) {
        const page = renderLogin(opened.session.csrf, name, 'Username or password is incorrect.')
        return withCookies(html(200, page), opened.cookies)
      }
      if (!person.isActive || person.prohibitLogin) {
        return withCookies(html(200, renderMessage('Sign In Prohibited', prohibited)), opened.cookies)
      }
      person.lastLoginAt = clock.now()
      person.language = person.language || 'en-US'
      // Gitea regenerates the session at sign-in; what was in it stays behind.
      sessions.delete(opened.session.id)
      const { cookies } = create(person.id)
      const wanted = readCookies(request).get('redirect_to') ?? '/'
      const target = wanted.startsWith('/') && !wanted.startsWith('//') ? wanted : '/'
      return withCookies(redirect(target), [...cookies, `redirect_to=; Max-Age=0; ${attributes}`])
    },
    refuseVisitor(request, session) {
      const person = account(request, session)
      const here = `${request.path}${request.rawQuery ? `?${request.rawQuery}` : ''}`
      if (!person) {
        return redirect('/user/login', 303, {
          'set-cookie': [`redirect_to=${encodeURIComponent(here)}; ${attributes}`],
        })
      }
      if (!person.isActive || person.prohibitLogin) return html(200, renderMessage('Sign In Prohibited', prohibited))
      if (person.mustChangePassword) {
        const cookie = `redirect_to=${encodeURIComponent(here)}; ${attributes}`
        return redirect('/user/settings/change_password', 303, { 'set-cookie': [cookie] })
      }
      return undefined
    },
    refuseForgery(request, session) {
      const header = request.headers['x-csrf-token']
      const sent = typeof header === 'string' && header !== '' ? header : readForm(request).get('_csrf')
      return sent === session.csrf ? undefined : plainError(400, 'Invalid CSRF token.')
    },
  }
}

const prohibited = 'Your account is prohibited from signing in, please contact your site administrator.'
