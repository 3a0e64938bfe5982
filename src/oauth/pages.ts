/** Which page is shown with which facts, rendered and sent. */
import type { Context } from 'koa'
import { ConsentPage, type ConsentPageProps } from '../pages/consent.js'
import { HomePage } from '../pages/home.js'
import { type RenderedPage, renderPage } from '../pages/layout.js'
import {
  DonePage,
  ExpiredPage,
  RefusedPage,
  ReturnPage,
  type SignInFailure,
  SignInFailurePage,
  StoppedPage,
  SwitchPage,
} from '../pages/message.js'
import type { GiteaOAuth } from './gitea-oauth.js'

type ConsentFacts = Omit<ConsentPageProps, 'action' | 'switchUrl' | 'giteaUrl'> & { readonly uid: string }

export interface Pages {
  consent(facts: ConsentFacts): RenderedPage
  signInFailure(failure: SignInFailure, uid: string): RenderedPage
  switchPerson(login: string, uid: string): RenderedPage
  done(clientName: string, isAllowed: boolean, continueTo: string): RenderedPage
  goingBack(clientName: string, continueTo: string): RenderedPage
  expired(): RenderedPage
  refused(code: string): RenderedPage
  home(): RenderedPage
  stopped(): RenderedPage
  send(ctx: Context, status: number, page: RenderedPage): void
}

interface PagesOptions {
  readonly publicBaseUrl: string
  readonly gitea: GiteaOAuth
}

export function createPages({ publicBaseUrl, gitea }: PagesOptions): Pages {
  const facts = () => {
    const giteaUrl = gitea.webUrl()
    return { giteaUrl, giteaHost: new URL(giteaUrl).host }
  }

  return {
    consent: ({ uid, ...consent }) => {
      const action = `/interaction/${uid}`
      const { giteaUrl } = facts()
      return renderPage(ConsentPage({ ...consent, giteaUrl, action, switchUrl: `${action}/switch` }), [`'self'`])
    },
    signInFailure: (failure, uid) => {
      const base = `/interaction/${uid}`
      return renderPage(
        SignInFailurePage({ failure, ...facts(), retryUrl: `${base}/sign-in`, giveUpUrl: `${base}/give-up` }),
      )
    },
    switchPerson: (login, uid) => {
      const base = `/interaction/${uid}`
      return renderPage(SwitchPage({ login, ...facts(), signInUrl: `${base}/sign-in`, backUrl: base }))
    },
    done: (clientName, isAllowed, continueTo) =>
      renderPage(DonePage({ ...facts(), clientName, isAllowed, continueTo })),
    goingBack: (clientName, continueTo) => renderPage(ReturnPage({ ...facts(), clientName, continueTo })),
    expired: () => renderPage(ExpiredPage(facts())),
    refused: (code) => renderPage(RefusedPage({ ...facts(), code })),
    home: () => renderPage(HomePage({ publicBaseUrl, giteaUrl: facts().giteaUrl })),
    stopped: () => renderPage(StoppedPage(facts())),
    send: (ctx, status, { html, headers }) => {
      ctx.status = status
      ctx.set({ ...headers })
      ctx.type = 'text/html; charset=utf-8'
      ctx.body = html
    },
  }
}
