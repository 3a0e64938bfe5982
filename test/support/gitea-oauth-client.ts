/** A bare OAuth client of Gitea, for tests of Gitea's own provider: every step separate, nothing checked for you. */
import { createBrowser, type Page } from './browser.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { type GiteaSignIn, signInAtGitea } from './sign-in-at-gitea.js'

export interface OAuthReply {
  readonly status: number
  readonly text: string
  /** The JSON body; empty when it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface OAuthTokens {
  readonly access: string
  readonly refresh: string
  readonly id: string | undefined
}

export interface GiteaClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
}

const callback = 'http://127.0.0.1:9/callback'
let clients = 0

/** Registers a client of its own for a test; confidential unless said otherwise. */
export async function createGiteaClient(
  gitea: GiteaUnderTest,
  options: { readonly confidential?: boolean; readonly redirectUris?: readonly string[] } = {},
): Promise<GiteaClient> {
  clients += 1
  const redirectUris = options.redirectUris ?? [callback]
  const application = {
    name: `client-${clients}`,
    owner: 'admin',
    redirectUris,
    confidential: options.confidential ?? true,
  }
  const registered = await gitea.createOAuthApplication(application)
  return { ...registered, redirectUri: redirectUris[0] ?? callback }
}

/** The authorize address with the usual parameters; `more` replaces or adds some. */
export function authorizeUrl(
  gitea: GiteaUnderTest,
  client: GiteaClient,
  more: Readonly<Record<string, string>> = {},
): string {
  const parameters = {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid read:user',
    state: 'state-1',
    ...more,
  }
  return `${gitea.url}/login/oauth/authorize?${new URLSearchParams(parameters)}`
}

/** The parameters Gitea sends back to the client. Throws when the page does not lead there. */
export function readCallback(page: Page): URLSearchParams {
  if (page.location === undefined)
    throw new Error(`no redirect from ${page.url}: ${page.status} ${page.text.slice(0, 200)}`)
  return new URL(page.location).searchParams
}

async function readReply(response: Response): Promise<OAuthReply> {
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  const parsed: unknown = isJson ? JSON.parse(text) : {}
  const body = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  return { status: response.status, text, body }
}

/** POST of a urlencoded form to the token endpoint; absent fields are not sent. */
export async function requestToken(
  gitea: GiteaUnderTest,
  fields: Readonly<Record<string, string>>,
): Promise<OAuthReply> {
  return readReply(
    await fetch(`${gitea.url}/login/oauth/access_token`, { method: 'POST', body: new URLSearchParams(fields) }),
  )
}

export function exchangeCode(
  gitea: GiteaUnderTest,
  client: GiteaClient,
  code: string,
  more: Readonly<Record<string, string>> = {},
): Promise<OAuthReply> {
  return requestToken(gitea, {
    grant_type: 'authorization_code',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    redirect_uri: client.redirectUri,
    code,
    ...more,
  })
}

export function refreshToken(gitea: GiteaUnderTest, client: GiteaClient, token: string): Promise<OAuthReply> {
  return requestToken(gitea, {
    grant_type: 'refresh_token',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    refresh_token: token,
  })
}

/** Introspection in the form that works (JSON), or in the one that falls into Gitea's trap (form). */
export async function introspect(
  gitea: GiteaUnderTest,
  client: GiteaClient,
  token: string,
  form: 'json' | 'form' = 'json',
): Promise<OAuthReply> {
  const authorization = `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}`
  const init =
    form === 'json'
      ? { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ token }) }
      : { headers: { authorization }, body: new URLSearchParams({ token }) }
  return readReply(await fetch(`${gitea.url}/login/oauth/introspect`, { method: 'POST', ...init }))
}

export function readTokens(reply: OAuthReply): OAuthTokens {
  const { access_token: access, refresh_token: refresh, id_token: id } = reply.body
  if (typeof access !== 'string' || typeof refresh !== 'string')
    throw new Error(`no tokens in ${reply.status} ${reply.text}`)
  return { access, refresh, id: typeof id === 'string' ? id : undefined }
}

/** A code for a person in a fresh browser: sign-in and consent as needed. */
export async function obtainCode(
  gitea: GiteaUnderTest,
  client: GiteaClient,
  person: GiteaSignIn,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const page = await signInAtGitea(createBrowser(), authorizeUrl(gitea, client, more), person)
  const code = readCallback(page).get('code')
  if (!code) throw new Error(`no code in ${page.location}`)
  return code
}

/** The whole flow: tokens for a person. */
export async function obtainTokens(
  gitea: GiteaUnderTest,
  client: GiteaClient,
  person: GiteaSignIn,
  scope = 'openid read:user',
): Promise<OAuthTokens> {
  return readTokens(await exchangeCode(gitea, client, await obtainCode(gitea, client, person, { scope })))
}

/** The payload of a JWT, unverified. */
export function readClaims(token: string): Record<string, unknown> {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return typeof claims === 'object' && claims !== null ? { ...claims } : {}
}
