/**
 * The authorization server as the rest of the program sees it: routes to mount, tokens to look up, the vault with the
 * way to Gitea, and revocation.
 */
import { createHmac } from 'node:crypto'
import type { Context } from 'koa'
import type { KeyRing } from '../config/key-files.js'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { AppError } from '../lib/errors.js'
import { Secret } from '../lib/secret.js'
import type { RenderedPage } from '../pages/layout.js'
import { type AccessTokens, createAccessTokens } from './access-tokens.js'
import { createBrowserCookie } from './browser-cookie.js'
import { type Cipher, createCipher } from './cipher.js'
import { type ClientDocuments, createClientDocuments } from './client-documents.js'
import type { OAuthEvent, RevocationReason } from './events.js'
import { createGiteaOAuth } from './gitea-oauth.js'
import { createGiteaSignIns } from './gitea-sign-in.js'
import { createGrants } from './grants.js'
import { type ClientImport, importClients } from './imported-clients.js'
import { createInteractionHandlers } from './interaction.js'
import { toAuthorizationServerMetadata, toProtectedResourceMetadata } from './metadata.js'
import { createPages } from './pages.js'
import { createProvider } from './provider.js'
import { answerWithProvider, readForm, toAuthorizationQuery, toTokenForm } from './provider-request.js'
import { createRegistration } from './registration.js'
import { toCanonicalResource } from './resource.js'
import { createTokenNames } from './token-names.js'
import { createTokenVault, type TokenVault } from './token-vault.js'
import { reencryptSecrets, sweepOAuth } from './upkeep.js'

export interface OAuthOptions {
  readonly store: Store
  readonly clock: Clock
  readonly keyRing: KeyRing
  /** `PUBLIC_BASE_URL`: origin only, without trailing slash. */
  readonly publicBaseUrl: string
  readonly gitea: {
    /** Without trailing slash. */
    readonly url: string
    readonly clientId: string
    readonly clientSecret: Secret
    /** `OAUTH_CACHE_TTL_SECONDS`, in milliseconds. */
    readonly discoveryTtlMs: number
  }
  /** `OAUTH_STATE_SECRET`; keys for cookies, form tokens and token marks are derived from it. */
  readonly stateSecret: Secret
  /** `OAUTH_REDIRECT_ALLOWLIST`: exact URIs allowed beyond https, loopback http and the schemes of known apps. */
  readonly redirectAllowlist: readonly string[]
  /** RFC 9207: whether `iss` is sent and advertised. */
  readonly issParameter: boolean
  /** Whom the resource's document names, in this order; this server alone unless given. */
  readonly authorizationServers?: readonly string[]
  readonly registration: {
    /** `DCR_ENABLED` */
    readonly enabled: boolean
    /** Registrations one address may make in an hour. */
    readonly perHour: number
  }
  /** The address a request really came from. */
  readonly clientIp: (ctx: Context) => string
  /** Called after the fact, for the audit log; must not throw. */
  readonly onEvent: (event: OAuthEvent) => void
  /** Told how each refresh of a Gitea sign-in ended, for metrics; must not throw. */
  readonly onRefresh?: (outcome: 'refreshed' | 'revoked' | 'failed') => void
  /** A bug or an outage inside the provider, for the log. */
  readonly onFault: (error: unknown) => void
  /** Instead of fetching client documents from the internet, for tests. */
  readonly documents?: ClientDocuments
}

interface OAuthRoute {
  readonly method: 'GET' | 'POST' | 'OPTIONS'
  /** As @koa/router takes it. */
  readonly path: string
  /** Pages are for people's browsers; JSON endpoints answer JSON whatever happens, and any origin may read them. */
  readonly kind: 'page' | 'json'
  readonly handle: (ctx: Context) => Promise<void>
}

export interface OAuthServer {
  readonly routes: readonly OAuthRoute[]
  readonly tokens: AccessTokens
  readonly vault: TokenVault
  /**
   * Ends everything a person's clients hold here, at once; they have to sign in again.
   *
   * @returns how many grants there were
   */
  revokeAccount(accountId: string, reason: RevocationReason): number
  /** Takes over the clients of the Python original from its file, once. */
  importClients(path: string): ClientImport
  /** The page for people at `/`. */
  renderHome(): RenderedPage
  /** The page for people who want to sign in while an admin has stopped the server. */
  renderStopped(): RenderedPage
  /** Deletes what has expired; returns how many rows went. */
  sweep(): number
  /** Writes stored secrets under the current key; returns how many changed. */
  reencrypt(): number
  close(): Promise<void>
}

/** Owns the authorization server. Nothing is sent anywhere before the first request. */
export function createOAuthServer(options: OAuthOptions): OAuthServer {
  const { store, clock, publicBaseUrl, stateSecret, issParameter, onEvent } = options
  const authorizationServers = options.authorizationServers ?? [publicBaseUrl]
  const cipher: Cipher = createCipher(options.keyRing)
  const resource = toCanonicalResource(publicBaseUrl)
  const allowlist = new Set(options.redirectAllowlist)
  const tokenNames = createTokenNames(derive(stateSecret, 'token-marks'))
  const documents = options.documents ?? createClientDocuments({ clock, allowlist })
  const grants = createGrants({ store, clock })

  const revokeAccount = (accountId: string, reason: RevocationReason): number => {
    const ended = grants.revokeAccount(accountId)
    onEvent({ type: 'account_revoked', accountId, reason, grants: ended })
    return ended
  }

  const gitea = createGiteaOAuth({
    giteaUrl: options.gitea.url,
    clientId: options.gitea.clientId,
    clientSecret: options.gitea.clientSecret,
    redirectUri: `${publicBaseUrl}/oauth/callback`,
    discoveryTtlMs: options.gitea.discoveryTtlMs,
    clock,
  })
  const vault = createTokenVault({
    store,
    cipher,
    gitea,
    clock,
    revokeAccount,
    ...(options.onRefresh === undefined ? {} : { onRefresh: options.onRefresh }),
  })
  const pages = createPages({ publicBaseUrl, gitea })
  const provider = createProvider({
    publicBaseUrl,
    store,
    clock,
    cipher,
    tokenNames,
    documents,
    issParameter,
    cookieKeys: [derive(stateSecret, 'cookies').reveal()],
    isKnownAccount: (accountId) => vault.findPerson(accountId) !== undefined,
    renderRefusal: ({ code, detail, isOver }) => {
      onEvent({ type: 'request_refused', code, detail })
      return isOver ? pages.expired() : pages.refused(code)
    },
    onTokenReuse: (replay) => onEvent({ type: 'token_reused', ...replay }),
    onFault: options.onFault,
  })
  const interaction = createInteractionHandlers({
    provider,
    resource,
    clock,
    signIns: createGiteaSignIns({
      store,
      clock,
      cipher,
      gitea,
      vault,
      stateSecret: derive(stateSecret, 'sign-in-state'),
      onSignIn: (accountId, login) => onEvent({ type: 'signed_in', accountId, login }),
      onFailure: (outcome, detail) => onEvent({ type: 'sign_in_failed', outcome, detail }),
    }),
    vault,
    grants,
    pages,
    browserCookie: createBrowserCookie(publicBaseUrl.startsWith('https:')),
    csrfSecret: derive(stateSecret, 'csrf'),
    allowlist,
    onConsent: (consent) => onEvent({ type: 'client_allowed', ...consent }),
    onDenial: (denial) => onEvent({ type: 'client_denied', ...denial }),
  })
  const register = createRegistration({
    store,
    clock,
    cipher,
    allowlist,
    perHour: options.registration.perHour,
    clientIp: options.clientIp,
    onRegistration: (client) => onEvent({ type: 'client_registered', ...client }),
  })

  const toProvider =
    (path: '/token' | '/revoke') =>
    async (ctx: Context): Promise<void> => {
      const body = ctx.method === 'POST' ? { body: await toProviderBody(ctx, publicBaseUrl) } : {}
      await answerWithProvider(provider, ctx, { url: path, accept: 'application/json', ...body })
    }
  const authorize = (ctx: Context) =>
    answerWithProvider(provider, ctx, {
      url: `/authorize?${toAuthorizationQuery(ctx.querystring, publicBaseUrl)}`,
      accept: 'text/html',
    })
  const resume = (ctx: Context) => answerWithProvider(provider, ctx, { url: ctx.path, accept: 'text/html' })
  const serve = (document: Readonly<Record<string, unknown>>) => async (ctx: Context) => {
    ctx.set('Cache-Control', 'public, max-age=300')
    ctx.body = document
  }

  const metadata = serve(
    toAuthorizationServerMetadata({ publicBaseUrl, issParameter, isRegistrationOpen: options.registration.enabled }),
  )
  const resourceMetadata = serve(toProtectedResourceMetadata(publicBaseUrl, authorizationServers))
  const sseMetadata = serve(
    toProtectedResourceMetadata(publicBaseUrl, authorizationServers, `${publicBaseUrl}/mcp/sse`),
  )

  return {
    routes: [
      ...toPages([
        ['GET', '/authorize', authorize],
        ['GET', '/authorize/:uid', resume],
        ['GET', '/interaction/:uid', interaction.show],
        ['POST', '/interaction/:uid', interaction.decide],
        ['GET', '/interaction/:uid/sign-in', interaction.signIn],
        ['GET', '/interaction/:uid/switch', interaction.switchPerson],
        ['GET', '/interaction/:uid/give-up', interaction.giveUp],
        ['GET', '/oauth/callback', interaction.callback],
      ]),
      ...toJson('POST', toProvider('/token'), ['/token', '/oauth/token']),
      ...toJson('POST', toProvider('/revoke'), ['/revoke']),
      ...(options.registration.enabled ? toJson('POST', register, ['/register']) : []),
      ...toJson('GET', metadata, [
        '/.well-known/oauth-authorization-server',
        '/.well-known/oauth-authorization-server/mcp',
      ]),
      ...toJson('GET', resourceMetadata, [
        '/.well-known/oauth-protected-resource',
        '/.well-known/oauth-protected-resource/mcp',
      ]),
      ...toJson('GET', sseMetadata, ['/.well-known/oauth-protected-resource/mcp/sse']),
    ],
    tokens: createAccessTokens({ store, clock, resource, tokenNames }),
    vault,
    revokeAccount,
    importClients: (path) => importClients({ store, clock, cipher, allowlist, path }),
    renderHome: () => pages.home(),
    renderStopped: () => pages.stopped(),
    sweep: () => sweepOAuth(store, clock.now()),
    reencrypt: () => vault.reencrypt() + reencryptSecrets(store, cipher),
    close: () => documents.close(),
  }
}

type Handler = OAuthRoute['handle']

function toPages(entries: readonly (readonly ['GET' | 'POST', string, Handler])[]): readonly OAuthRoute[] {
  return entries.map(([method, path, handle]) => ({ method, path, kind: 'page', handle }))
}

/** JSON endpoints with their preflight; the tokens in them are sent by programs, never by cookies. */
function toJson(method: 'GET' | 'POST', handle: Handler, paths: readonly string[]): readonly OAuthRoute[] {
  return paths.flatMap((path) => [
    { method, path, kind: 'json', handle: answerJson(handle) },
    { method: 'OPTIONS', path, kind: 'json', handle: answerPreflight(method) },
  ])
}

function answerJson(handle: Handler): Handler {
  return async (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After')
    // OAuth clients read `error`, not the shape of the program's other errors
    try {
      await handle(ctx)
    } catch (error) {
      if (!(error instanceof AppError)) {
        throw error
      }
      ctx.status = error.status
      ctx.body = { error: 'invalid_request', error_description: error.message }
    }
  }
}

function answerPreflight(method: 'GET' | 'POST'): Handler {
  return async (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Access-Control-Allow-Methods', method)
    ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type, MCP-Protocol-Version')
    ctx.set('Access-Control-Max-Age', '3600')
    ctx.status = 204
  }
}

async function toProviderBody(ctx: Context, publicBaseUrl: string): Promise<string> {
  const body = await readForm(ctx)
  // another content type is passed on as it is, for the provider to refuse
  return ctx.is('application/x-www-form-urlencoded') ? toTokenForm(body, publicBaseUrl) : body
}

function derive(secret: Secret, purpose: string): Secret {
  return new Secret(createHmac('sha256', secret.reveal()).update(`aegis:${purpose}`).digest('base64url'))
}
