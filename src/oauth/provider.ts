/**
 * The OAuth 2.1 authorization server as oidc-provider runs it: which grants, lifetimes and clients exist. Everything a
 * person sees, and how they sign in, is in interaction.ts.
 */
import { generateKeyPairSync } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { type Configuration, errors, interactionPolicy, Provider } from 'oidc-provider'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { DAY, HOUR, MINUTE, SECOND } from '../lib/units.js'
import { createAdapterFactory, type TokenReplay } from './adapter.js'
import type { Cipher } from './cipher.js'
import type { ClientDocuments } from './client-documents.js'
import { TOKEN_AUTH_METHODS } from './client-metadata.js'
import { toCanonicalResource } from './resource.js'
import { SCOPES } from './scope.js'
import type { TokenNames } from './token-names.js'

const ACCESS_TOKEN_TTL_MS = HOUR
const REFRESH_TOKEN_TTL_MS = 30 * DAY
const CODE_TTL_MS = MINUTE
/** How long a person may take on our pages and at Gitea. */
const INTERACTION_TTL_MS = 30 * MINUTE
/** Grants last until revoked; unused ones go with their last refresh token. */
const GRANT_TTL_MS = 10 * 365 * DAY

interface ProviderOptions {
  /** `PUBLIC_BASE_URL`, without trailing slash: the issuer. */
  readonly publicBaseUrl: string
  readonly store: Store
  readonly clock: Clock
  readonly cipher: Cipher
  /** Keys that sign cookies, the first one for new cookies. */
  readonly cookieKeys: readonly string[]
  readonly tokenNames: TokenNames
  readonly documents: ClientDocuments
  /** RFC 9207: whether authorization answers carry `iss`. */
  readonly issParameter: boolean
  readonly isKnownAccount: (accountId: string) => boolean
  /**
   * A refused authorization request as a page; the request must not be sent anywhere else. `isOver` when it was a good
   * one once.
   */
  readonly renderRefusal: (error: { readonly code: string; readonly detail: string; readonly isOver: boolean }) => {
    readonly html: string
    readonly headers: Readonly<Record<string, string>>
  }
  readonly onTokenReuse: (replay: TokenReplay) => void
  readonly onFault: (error: unknown) => void
}

export function createProvider(options: ProviderOptions): Provider {
  const { publicBaseUrl, store, clock, cipher } = options
  const resource = toCanonicalResource(publicBaseUrl)
  const isSecure = publicBaseUrl.startsWith('https:')
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', secure: isSecure, overwrite: true } as const
  const cookieName = (name: string) => (isSecure ? `__Secure-${name}` : name)
  const documentCopy = createDocumentCopy(store)

  const configuration: Configuration = {
    adapter: createAdapterFactory({ store, clock, cipher, onCodeReplay: options.onTokenReuse }),
    jwks: { keys: [createUnusedKey()] },
    clientAuthMethods: [...TOKEN_AUTH_METHODS],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    scopes: [],
    claims: {},
    responseTypes: ['code'],
    pkce: { required: () => true },
    routes: { authorization: '/authorize', token: '/token', revocation: '/revoke' },
    cookies: {
      keys: [...options.cookieKeys],
      names: {
        session: cookieName('aegis_none'),
        interaction: cookieName('aegis_interaction'),
        resume: cookieName('aegis_resume'),
      },
      long: cookie,
      short: cookie,
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_TTL_MS / SECOND,
      AuthorizationCode: CODE_TTL_MS / SECOND,
      RefreshToken: REFRESH_TOKEN_TTL_MS / SECOND,
      Grant: GRANT_TTL_MS / SECOND,
      Interaction: INTERACTION_TTL_MS / SECOND,
      Session: MINUTE / SECOND,
    },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    clientBasedCORS: () => true,
    findAccount: (_ctx, accountId) =>
      options.isKnownAccount(accountId) ? { accountId, claims: async () => ({ sub: accountId }) } : undefined,
    interactions: { policy: createPolicy(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    renderError: async (ctx, out, error) => {
      const { html, headers } = options.renderRefusal({
        code: out.error,
        isOver: error instanceof errors.SessionNotFound,
        detail: [out.error_description, error.cause instanceof Error ? error.cause.message : ''].join(' ').trim(),
      })
      ctx.set({ ...headers })
      ctx.type = 'html'
      ctx.body = html
    },
    // our rewritten copy of a document of at most 5 KiB
    fetchResponseBodyLimits: { 'client_id metadata document': 64 * 1024 },
    fetch: async (url) => {
      const { metadata, maxAgeMs } = await loadClientDocument(String(url))
      return new Response(JSON.stringify({ ...metadata, client_id: String(url) }), {
        headers: { 'content-type': 'application/json', 'cache-control': `max-age=${maxAgeMs / SECOND}` },
      })
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      clientIdMetadataDocument: {
        enabled: true,
        ack: 'draft-02',
        cacheDuration: { min: 1, max: DAY / SECOND },
        // tokens are refreshed only for clients somebody agreed to, so nobody can send us fetching from there
        allowFetch: (ctx, clientId) =>
          new URL(clientId).pathname !== '/' && (isBeforeConsent(ctx) || documentCopy.find(clientId) !== undefined),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, asked) => {
          if (asked !== resource) {
            throw new errors.InvalidTarget(`The resource of this server is ${resource}.`)
          }
          return {
            scope: SCOPES.join(' '),
            audience: resource,
            accessTokenTTL: ACCESS_TOKEN_TTL_MS / SECOND,
            accessTokenFormat: 'opaque',
          }
        },
      },
    },
  }

  const loadClientDocument = async (url: string) => {
    // a client that people already use keeps working while its host is away; a new authorization does not start
    try {
      return await options.documents.load(url)
    } catch (error) {
      const copy = isAuthorization(Provider.ctx) ? undefined : documentCopy.find(url)
      if (copy === undefined) {
        throw error
      }
      return { metadata: copy, maxAgeMs: SECOND }
    }
  }

  const provider = new Provider(publicBaseUrl, configuration)
  // provider-request.ts is its only caller and sets the forwarded scheme itself
  provider.proxy = true
  nameTokens(provider, options.tokenNames)
  provider.use(async (ctx, next) => {
    await next()
    dropSessionCookie(ctx, cookieName('aegis_none'))
    if (!options.issParameter) {
      dropIss(ctx)
    }
  })
  provider.on('server_error', (_ctx, error) => options.onFault(error))
  const emitter: EventEmitter = provider
  emitter.on('error', (error: unknown) => options.onFault(error))
  provider.on('grant.revoked', (ctx, grantId) => {
    // at the token endpoint the provider revokes for one reason: a code or refresh token came twice
    if (ctx.oidc.route === 'token') {
      const { client, grant } = ctx.oidc
      options.onTokenReuse({ accountId: grant?.accountId, clientId: client?.clientId ?? '', grantId })
    }
  })
  return provider
}

/** Every authorization passes through Gitea and our page; both are answered by one interaction. */
function createPolicy(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  const ask = (name: 'login' | 'consent') =>
    new Prompt(
      { name, requestable: true },
      new Check(
        `${name}_needed`,
        'the person has to be asked',
        (ctx) => (ctx.oidc.result as Record<string, unknown> | undefined)?.[name] === undefined,
      ),
    )
  return [ask('login'), ask('consent')]
}

type RoutedContext = { readonly oidc?: { readonly route: string } } | undefined

function isAuthorization(ctx: RoutedContext): boolean {
  return ctx?.oidc?.route === 'authorization'
}

/** At the token and revocation endpoints a client was agreed to before; our own pages have no route. */
function isBeforeConsent(ctx: RoutedContext): boolean {
  return ctx?.oidc === undefined || isAuthorization(ctx) || ctx.oidc.route === 'resume'
}

/** The provider insists on a signing key. Nothing is signed with it: tokens are opaque and there are no id tokens. */
function createUnusedKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }
}

/** The provider has no setting for the form of opaque tokens; each of its models makes its ids with this method. */
function nameTokens(provider: Provider, names: TokenNames): void {
  const prefixes = [
    [provider.AccessToken, 'agm_at_'],
    [provider.RefreshToken, 'agm_rt_'],
    [provider.AuthorizationCode, 'agm_ac_'],
  ] as const
  for (const [model, prefix] of prefixes) {
    const generate: (this: object) => string = Reflect.get(model.prototype, 'generateTokenId')
    Object.defineProperty(model.prototype, 'generateTokenId', {
      value(this: object) {
        // the original also settles the token's format
        generate.call(this)
        return names.create(prefix)
      },
    })
  }
}

interface Answer {
  readonly status: number
  readonly response: { get(name: string): string | string[] | undefined; remove(name: string): void }
  set(name: string, value: string | string[]): void
}

/** The provider sets a cookie for its session, which is never stored. */
function dropSessionCookie(ctx: Answer, name: string): void {
  const cookies = [ctx.response.get('set-cookie') ?? []].flat().filter((cookie) => cookie !== '')
  const kept = cookies.filter((cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`))
  if (kept.length === cookies.length) {
    return
  }
  if (kept.length > 0) {
    ctx.set('set-cookie', kept)
  } else {
    ctx.response.remove('set-cookie')
  }
}

function dropIss(ctx: Answer): void {
  const location = [ctx.response.get('location') ?? []].flat().join('')
  const url = URL.parse(location)
  if (url?.searchParams.has('iss') === true) {
    url.searchParams.delete('iss')
    ctx.set('location', url.href)
  }
}

function createDocumentCopy(store: Store) {
  const select = store.sqlite.prepare<[string], { metadata: string }>(
    `SELECT metadata FROM oauth_client WHERE id = ? AND source = 'document'`,
  )
  return {
    find: (clientId: string) => {
      const row = select.get(clientId)
      // written by grants.ts from checked metadata
      return row === undefined ? undefined : (JSON.parse(row.metadata) as Record<string, unknown>)
    },
  }
}
