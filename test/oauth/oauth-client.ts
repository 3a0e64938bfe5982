/** What a client and a person with a browser do, step by step, by hand-made HTTP. */
import { createHash, randomBytes } from 'node:crypto'
import { type Browser, createBrowser, type Page } from '../support/browser.js'
import { signInAtGitea } from '../support/sign-in-at-gitea.js'
import { ALICE, type OAuthApp, WEB_REDIRECT } from './oauth-app.js'

export interface RegisteredClient {
  readonly client_id: string
  readonly client_secret?: string
  readonly redirect_uris: readonly string[]
  readonly [field: string]: unknown
}

export function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

export async function registerClient(app: OAuthApp, metadata: Record<string, unknown> = {}): Promise<RegisteredClient> {
  const response = await postJson(`${app.url}/register`, {
    client_name: 'Test client',
    redirect_uris: [WEB_REDIRECT],
    token_endpoint_auth_method: 'none',
    ...metadata,
  })
  if (response.status !== 201) {
    throw new Error(`registration answered ${response.status}: ${await response.text()}`)
  }
  return (await response.json()) as RegisteredClient
}

/** A PKCE pair, fixed so that every test can exchange any code. */
export const VERIFIER = randomBytes(32).toString('base64url')
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

export function toAuthorizeUrl(app: OAuthApp, clientId: string, changes: Record<string, string | null> = {}): string {
  const parameters: Record<string, string | null> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: WEB_REDIRECT,
    scope: 'read:repository',
    state: 'client-state',
    resource: app.resource,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  }
  const url = new URL('/authorize', app.url)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) {
      url.searchParams.set(name, value)
    }
  }
  return url.href
}

interface Person {
  readonly login: string
  readonly password: string
}

/** From the client's request to our page after Gitea: the consent page, or whatever stands in its place. */
export async function openConsent(
  app: OAuthApp,
  browser: Browser,
  authorizeUrl: string,
  person: Person = ALICE,
): Promise<Page> {
  const atGitea = await browser.open(authorizeUrl, (url) => url.origin === app.gitea.url)
  const back = await signInAtGitea(browser, atGitea, person)
  return browser.settle(back, (url) => url.origin !== app.url)
}

/** Presses a button of the consent page; gives the address the client is called back with. */
export async function decide(
  app: OAuthApp,
  browser: Browser,
  page: Page,
  decision: 'allow' | 'deny' = 'allow',
  fields: Record<string, string> = {},
): Promise<URL> {
  const answer = await browser.submit(page, fields, { name: 'decision', value: decision })
  const last = await browser.settle(answer, (url) => url.origin !== app.url)
  if (last.location === undefined) {
    throw new Error(`no answer to the client but ${last.status}: ${last.text.slice(0, 300)}`)
  }
  return new URL(last.location)
}

export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly access_token: string
    readonly refresh_token: string
    readonly scope: string
    readonly expires_in: number
    readonly token_type: string
    readonly error?: string
    readonly error_description?: string
  }
}

export async function postForm(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

export function exchange(
  app: OAuthApp,
  clientId: string,
  callback: URL,
  changes: Record<string, string> = {},
): Promise<TokenAnswer> {
  return postForm(`${app.url}/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: callback.origin === 'null' ? callback.href : `${callback.origin}${callback.pathname}`,
    code_verifier: VERIFIER,
    resource: app.resource,
    ...changes,
  })
}

export function refresh(app: OAuthApp, clientId: string, refreshToken: string): Promise<TokenAnswer> {
  return postForm(`${app.url}/token`, {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  })
}

export async function callMcp(
  app: OAuthApp,
  token: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(app.resource, { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

interface Connection {
  readonly browser: Browser
  readonly client: RegisteredClient
  readonly callback: URL
  readonly tokens: TokenAnswer['body']
}

/** The whole story: register, sign in, allow, exchange. */
export async function connect(
  app: OAuthApp,
  {
    person = ALICE,
    client,
    browser = createBrowser(),
    request = {},
    fields = {},
  }: {
    person?: Person
    client?: RegisteredClient
    browser?: Browser
    request?: Record<string, string>
    fields?: Record<string, string>
  } = {},
): Promise<Connection> {
  const used = client ?? (await registerClient(app))
  const redirect = used.redirect_uris[0] ?? WEB_REDIRECT
  const page = await openConsent(
    app,
    browser,
    toAuthorizeUrl(app, used.client_id, { redirect_uri: redirect, ...request }),
    person,
  )
  const callback =
    page.location === undefined ? await decide(app, browser, page, 'allow', fields) : new URL(page.location)
  const { status, body } = await exchange(app, used.client_id, callback)
  if (status !== 200) {
    throw new Error(`token endpoint answered ${status}: ${JSON.stringify(body)}`)
  }
  return { browser, client: used, callback, tokens: body }
}
