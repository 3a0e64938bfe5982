/**
 * What happens between a client's authorization request and the answer to it: the person signs in through Gitea, every
 * time, and then decides on our page, unless they said yes to the same request before.
 */
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider'
import type { Clock } from '../lib/clock.js'
import { UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'
import { createToken } from '../lib/ids.js'
import type { Secret } from '../lib/secret.js'
import { SECOND } from '../lib/units.js'
import type { NarrowFields } from '../pages/consent.js'
import { type AuthorizationRequest, findAuthorizationRequest } from './authorization-request.js'
import type { BrowserCookie } from './browser-cookie.js'
import { createCsrfToken, findConsentAnswer, isCsrfToken, toGrantLimits, UNNARROWED } from './consent-form.js'
import type { GiteaSignIns, SignIn } from './gitea-sign-in.js'
import type { Consent, Grants } from './grants.js'
import type { Pages } from './pages.js'
import { readForm } from './provider-request.js'
import type { TokenVault } from './token-vault.js'

export interface InteractionOptions {
  readonly provider: Provider
  readonly resource: string
  readonly clock: Clock
  readonly signIns: GiteaSignIns
  readonly vault: TokenVault
  readonly grants: Grants
  readonly pages: Pages
  readonly browserCookie: BrowserCookie
  readonly csrfSecret: Secret
  readonly allowlist: ReadonlySet<string>
  readonly onConsent: (consent: Consent) => void
  readonly onDenial: (denial: { readonly accountId: string; readonly clientId: string }) => void
}

/** The pages of one interaction, each a Koa handler. */
export interface InteractionHandlers {
  /** The consent page, or why there is none; starts the sign-in when there was none. */
  show(ctx: Context): Promise<void>
  /** The answer to the consent page. */
  decide(ctx: Context): Promise<void>
  /** A sign-in, once more. */
  signIn(ctx: Context): Promise<void>
  /** How to sign in as somebody else. */
  switchPerson(ctx: Context): Promise<void>
  /** Tells the client that it was not allowed. */
  giveUp(ctx: Context): Promise<void>
  /** Where Gitea sends the browser back to. */
  callback(ctx: Context): Promise<void>
}

interface SignedIn {
  readonly signIn: SignIn
  readonly browser: string
  readonly accountId: string
  readonly person: { readonly login: string; readonly name: string }
}

export function createInteractionHandlers(options: InteractionOptions): InteractionHandlers {
  const { provider, clock, signIns, vault, grants, pages, browserCookie, csrfSecret } = options

  /** The request behind the page; answers by itself and gives undefined when there is none to go on with. */
  const openRequest = async (ctx: Context): Promise<AuthorizationRequest | undefined> => {
    const found = await findAuthorizationRequest(provider, ctx, options.allowlist)
    if (found !== undefined && !('refused' in found)) {
      return found
    }
    pages.send(ctx, 400, found === undefined ? pages.expired() : pages.refused(found.refused))
    return undefined
  }

  const findSignedIn = (ctx: Context, uid: string): SignedIn | undefined => {
    const browser = browserCookie.find(ctx)
    const signIn = signIns.findLatest(uid, browser)
    if (browser === undefined || signIn?.outcome !== 'signed_in' || signIn.accountId === null) {
      return undefined
    }
    const person = vault.findPerson(signIn.accountId)
    return person === undefined ? undefined : { signIn, browser, accountId: signIn.accountId, person }
  }

  const goToGitea = async (ctx: Context, uid: string): Promise<void> => {
    const browser = browserCookie.ensure(ctx)
    // a Gitea that is away is an outcome the page tells, with a way to try again
    try {
      redirect(ctx, await signIns.begin(uid, browser))
    } catch (error) {
      if (!(error instanceof UpstreamFailed || error instanceof UpstreamTimeout)) {
        throw error
      }
      pages.send(ctx, 502, pages.signInFailure('unreachable', uid))
    }
  }

  const finish = async (
    ctx: Context,
    request: AuthorizationRequest,
    result: Parameters<Provider['interactionResult']>[2],
  ) => {
    const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false })
    if (request.redirect.kind === 'app') {
      // the browser stays where it is when an app opens, so the page it stays on says that this was it
      pages.send(ctx, 200, pages.done(request.clientName, !('error' in result), returnTo))
    } else if (ctx.method === 'POST') {
      pages.send(ctx, 200, pages.goingBack(request.clientName, returnTo))
    } else {
      redirect(ctx, returnTo)
    }
  }

  const allow = async (ctx: Context, request: AuthorizationRequest, consent: Consent): Promise<void> => {
    const grantId = createToken(16)
    const { expiresAt } = consent.grant
    const grant = new provider.Grant({
      accountId: consent.accountId,
      clientId: consent.clientId,
      ...(expiresAt === null ? {} : { expiresIn: Math.max(1, Math.ceil((expiresAt - clock.now()) / SECOND)) }),
    })
    grant.jti = grantId
    grant.addResourceScope(options.resource, consent.scopes.join(' '))
    grants.keep(grantId, consent)
    await grant.save()
    options.onConsent(consent)
    await finish(ctx, request, { login: { accountId: consent.accountId, remember: false }, consent: { grantId } })
  }

  const deny = async (ctx: Context, request: AuthorizationRequest): Promise<void> => {
    await finish(ctx, request, { error: 'access_denied', error_description: 'The person did not allow it.' })
  }

  const sendConsentPage = (
    ctx: Context,
    status: number,
    request: AuthorizationRequest,
    { signIn, browser, accountId, person }: SignedIn,
    narrow: NarrowFields,
    problem?: string,
  ): void => {
    const held = grants.listScopes(accountId, request.clientId)
    const asksToWrite = request.scopes.includes('write:repository')
    pages.send(
      ctx,
      status,
      pages.consent({
        uid: request.uid,
        csrfToken: createCsrfToken(csrfSecret, browser, signIn.stateHash),
        person,
        client: { name: request.clientName, identity: request.document === undefined ? undefined : request.clientId },
        redirect: request.redirect,
        asksToWrite,
        isStepUp: asksToWrite && held.length > 0 && !held.includes('write:repository'),
        narrow,
        ...(problem === undefined ? {} : { problem }),
      }),
    )
  }

  const toConsent = (
    request: AuthorizationRequest,
    accountId: string,
  ): Omit<Consent, 'scopes' | 'grant' | 'wasAsked'> => ({
    accountId,
    clientId: request.clientId,
    clientName: request.clientName,
    redirectUri: request.redirect.uri,
    ...(request.document === undefined ? {} : { document: request.document }),
  })

  return {
    show: async (ctx) => {
      const request = await openRequest(ctx)
      if (request === undefined) {
        return
      }
      const outcome = signIns.findLatest(request.uid, browserCookie.find(ctx))?.outcome ?? null
      if (outcome !== null && outcome !== 'signed_in') {
        const status = outcome === 'unreachable' || outcome === 'misconfigured' ? 502 : 403
        pages.send(ctx, status, pages.signInFailure(outcome, request.uid))
        return
      }
      const signedIn = findSignedIn(ctx, request.uid)
      if (signedIn === undefined) {
        await goToGitea(ctx, request.uid)
        return
      }
      const { accountId } = signedIn
      const approval = request.mustAsk
        ? undefined
        : grants.findApproval({
            accountId,
            clientId: request.clientId,
            redirectUri: request.redirect.uri,
            scopes: request.scopes,
          })
      if (approval === undefined) {
        sendConsentPage(ctx, 200, request, signedIn, UNNARROWED)
      } else {
        await allow(ctx, request, { ...toConsent(request, accountId), ...approval, wasAsked: false })
      }
    },

    decide: async (ctx) => {
      const request = await openRequest(ctx)
      if (request === undefined) {
        return
      }
      const answer = findConsentAnswer(await readForm(ctx))
      const signedIn = findSignedIn(ctx, request.uid)
      if (
        answer === undefined ||
        signedIn === undefined ||
        !isCsrfToken(answer.csrfToken, csrfSecret, signedIn.browser, signedIn.signIn.stateHash)
      ) {
        pages.send(ctx, 403, pages.expired())
        return
      }
      const { accountId } = signedIn
      if (answer.decision === 'deny') {
        options.onDenial({ accountId, clientId: request.clientId })
        await deny(ctx, request)
        return
      }
      const limits = toGrantLimits(answer.narrow, clock.now())
      if ('problem' in limits) {
        sendConsentPage(ctx, 400, request, signedIn, answer.narrow, limits.problem)
        return
      }
      const { grant } = limits
      const scopes = grant.readOnly ? (['read:repository'] as const) : request.scopes
      await allow(ctx, request, { ...toConsent(request, accountId), scopes, grant, wasAsked: true })
    },

    signIn: async (ctx) => {
      const request = await openRequest(ctx)
      if (request !== undefined) {
        await goToGitea(ctx, request.uid)
      }
    },

    switchPerson: async (ctx) => {
      const request = await openRequest(ctx)
      if (request !== undefined) {
        const login = findSignedIn(ctx, request.uid)?.person.login ?? ''
        pages.send(ctx, 200, pages.switchPerson(login, request.uid))
      }
    },

    giveUp: async (ctx) => {
      const request = await openRequest(ctx)
      if (request !== undefined) {
        await deny(ctx, request)
      }
    },

    callback: async (ctx) => {
      const uid = await signIns.complete(new URLSearchParams(ctx.querystring), browserCookie.find(ctx))
      if (uid === undefined) {
        pages.send(ctx, 400, pages.expired())
      } else {
        redirect(ctx, `/interaction/${uid}`)
      }
    },
  }
}

function redirect(ctx: Context, location: string): void {
  ctx.status = 303
  ctx.set('Location', location)
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Referrer-Policy', 'no-referrer')
  ctx.body = ''
}
