/**
 * Gitea as the identity provider: discovery, code exchange, refresh, introspection and who the token belongs to.
 * Knows Gitea's ways; keeps nothing but the discovery document.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  customFetch,
  ResponseBodyError,
  refreshTokenGrant,
  type TokenEndpointResponse,
} from 'openid-client'
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { UpstreamFailed } from '../lib/errors.js'
import type { Secret } from '../lib/secret.js'
import { HOUR, SECOND } from '../lib/units.js'
import { ask, readJson, TIMEOUT_MS, toUpstreamError } from './gitea-http.js'
import { introspect, toReachable } from './gitea-introspection.js'
import { GITEA_SCOPE } from './gitea-scope.js'

export interface GiteaTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export interface GiteaPerson {
  readonly id: number
  readonly login: string
  readonly name: string
}

/** Gitea understood the request and said no. `code` is its OAuth error code, `detail` its words, for the log. */
export interface GiteaRefusal {
  readonly code: string
  readonly detail: string
}

type GiteaTokenResult = { readonly tokens: GiteaTokens } | { readonly refusal: GiteaRefusal }

type GiteaPersonResult =
  | { readonly person: GiteaPerson }
  | { readonly refusal: 'prohibited' | 'must_change_password' | 'unknown_token' }

/** Every method throws UpstreamFailed or UpstreamTimeout when Gitea cannot be reached or answers nonsense. */
export interface GiteaOAuth {
  /** Where the browser goes to sign in. */
  toAuthorizationUrl(request: { readonly state: string; readonly codeChallenge: string }): Promise<string>
  exchangeCode(answer: {
    readonly code: string
    readonly state: string
    readonly codeVerifier: string
  }): Promise<GiteaTokenResult>
  refresh(refreshToken: string): Promise<GiteaTokenResult>
  /** The scope Gitea holds for this token of ours; undefined when the token is not active or not ours. */
  findScope(accessToken: string): Promise<{ readonly scope: string; readonly subject: string } | undefined>
  /** Who the token acts as. The API notices disabled accounts; refresh, introspection and userinfo do not. */
  loadPerson(accessToken: string): Promise<GiteaPersonResult>
  /** Where people open this Gitea in their browser, without trailing slash: its ROOT_URL as soon as it told us. */
  webUrl(): string
}

interface GiteaOAuthOptions {
  /** Where this server reaches Gitea, without trailing slash; http is the operator's decision. */
  readonly giteaUrl: string
  readonly clientId: string
  readonly clientSecret: Secret
  /** `PUBLIC_BASE_URL/oauth/callback`, as registered in Gitea. */
  readonly redirectUri: string
  /** How long a discovery document is used. */
  readonly discoveryTtlMs: number
  readonly clock: Clock
}

const Discovery = z.object({
  issuer: z.url({ protocol: /^https?$/ }),
  authorization_endpoint: z.url({ protocol: /^https?$/ }),
  token_endpoint: z.url({ protocol: /^https?$/ }),
  introspection_endpoint: z.url({ protocol: /^https?$/ }),
})

const Person = z.object({
  id: z.number().int().positive(),
  login: z.string().min(1),
  full_name: z.string().default(''),
})

interface Endpoints {
  readonly configuration: Configuration
  readonly introspection: string
}

export function createGiteaOAuth(options: GiteaOAuthOptions): GiteaOAuth {
  const { giteaUrl, clientId, clientSecret, redirectUri, clock } = options
  let known: { readonly endpoints: Endpoints; readonly until: number } | undefined

  let rootUrlSeen: string | undefined

  const loadEndpoints = async (): Promise<Endpoints> => {
    if (known !== undefined && clock.now() < known.until) {
      return known.endpoints
    }
    const response = await ask(`${giteaUrl}/.well-known/openid-configuration`)
    if (response.status !== 200) {
      throw new UpstreamFailed('Gitea does not offer sign-in for applications. Is [oauth2] ENABLED in its app.ini?', {
        detail: `discovery answered ${response.status}`,
      })
    }
    const found = await readJson(response, Discovery, 'discovery')
    const rootUrl = found.issuer.replace(/\/+$/, '')
    const rebase = (url: string) => toReachable(url, rootUrl, giteaUrl)
    const configuration = new Configuration(
      {
        issuer: found.issuer,
        authorization_endpoint: found.authorization_endpoint,
        token_endpoint: rebase(found.token_endpoint),
      },
      clientId,
      undefined,
      // Gitea does not decode Basic credentials as RFC 6749 §2.3.1 asks, so ids with a hyphen fail there
      ClientSecretPost(clientSecret.reveal()),
    )
    allowInsecureRequests(configuration)
    configuration.timeout = TIMEOUT_MS / SECOND
    configuration[customFetch] = fetchWithoutIdToken
    const endpoints = { configuration, introspection: rebase(found.introspection_endpoint) }
    known = { endpoints, until: clock.now() + options.discoveryTtlMs }
    rootUrlSeen = rootUrl
    return endpoints
  }

  return {
    toAuthorizationUrl: async ({ state, codeChallenge }) => {
      const { configuration } = await loadEndpoints()
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: GITEA_SCOPE,
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      }).href
    },

    exchangeCode: async ({ code, state, codeVerifier }) => {
      const { configuration } = await loadEndpoints()
      const answer = new URL(redirectUri)
      answer.search = new URLSearchParams({ code, state }).toString()
      return toTokenResult(
        authorizationCodeGrant(configuration, answer, { expectedState: state, pkceCodeVerifier: codeVerifier }),
        clock,
      )
    },

    refresh: async (refreshToken) => {
      const { configuration } = await loadEndpoints()
      return toTokenResult(refreshTokenGrant(configuration, refreshToken), clock)
    },

    findScope: async (accessToken) => {
      const { introspection } = await loadEndpoints()
      const found = await introspect(introspection, { clientId, clientSecret }, accessToken)
      // it says active for tokens of other applications too
      return found.active && found.aud.includes(clientId) ? { scope: found.scope, subject: found.sub } : undefined
    },

    loadPerson: async (accessToken) => {
      const response = await ask(`${giteaUrl}/api/v1/user`, { headers: { authorization: `Bearer ${accessToken}` } })
      if (response.status === 200) {
        const person = await readJson(response, Person, 'user')
        return { person: { id: person.id, login: person.login, name: person.full_name } }
      }
      if (response.status === 401) {
        return { refusal: 'unknown_token' }
      }
      if (response.status === 403) {
        return {
          refusal: /change your password/i.test(await response.text()) ? 'must_change_password' : 'prohibited',
        }
      }
      throw new UpstreamFailed('Gitea did not say who signed in.', { detail: `user answered ${response.status}` })
    },

    webUrl: () => rootUrlSeen ?? giteaUrl,
  }
}

async function toTokenResult(request: Promise<TokenEndpointResponse>, clock: Clock): Promise<GiteaTokenResult> {
  // openid-client throws both for refusals and for faults; only here they become two things
  try {
    const answer = await request
    if (answer.refresh_token === undefined) {
      throw new UpstreamFailed('Gitea answered the sign-in without a refresh token.')
    }
    return {
      tokens: {
        accessToken: answer.access_token,
        refreshToken: answer.refresh_token,
        expiresAt: clock.now() + (answer.expires_in === undefined ? HOUR : answer.expires_in * SECOND),
      },
    }
  } catch (error) {
    if (error instanceof ResponseBodyError && error.status < 500) {
      return { refusal: { code: error.error, detail: error.error_description ?? '' } }
    }
    throw toUpstreamError(error)
  }
}

/**
 * The id token is dropped unread: Gitea keeps one nonce per person and application, so that of two sign-ins at the same
 * time one gets the other's. Who signed in is asked of the API with the fresh access token instead.
 */
async function fetchWithoutIdToken(...[url, { body: form, ...init }]: Parameters<CustomFetch>): Promise<Response> {
  const response = await fetch(url, { ...init, body: form ?? null, signal: init.signal ?? null })
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'id_token' in body) {
    delete body.id_token
  }
  return new Response(JSON.stringify(body), {
    status: response.status,
    headers: { 'content-type': 'application/json' },
  })
}
