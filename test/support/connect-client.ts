/** An MCP client's way in, by hand: register, authorize in a browser, sign in at Gitea, agree, exchange the code. */
import { createHash, randomBytes } from 'node:crypto'
import { type Browser, createBrowser, type Page } from './browser.js'
import { reachConsent } from './reach-consent.js'

const REDIRECT = 'http://127.0.0.1:7777/callback'

export interface Person {
  readonly login: string
  readonly password: string
}

export interface Connection {
  readonly clientId: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly scope: string
  readonly browser: Browser
}

interface ConnectOptions {
  readonly person: Person
  readonly scope?: string
  readonly clientId?: string
  readonly clientName?: string
  readonly browser?: Browser
  /** Further fields of the consent form: what the person narrows. */
  readonly narrow?: Readonly<Record<string, string>>
  /** Told each page a person would see. */
  readonly onPage?: (what: 'consent', page: Page) => void
}

/** @throws Error naming the step that did not answer as expected */
export async function connectClient(url: string, options: ConnectOptions): Promise<Connection> {
  const browser = options.browser ?? createBrowser()
  const clientId = options.clientId ?? (await register(url, options.clientName ?? 'Test client'))
  const verifier = randomBytes(32).toString('base64url')
  const authorize = new URL('/authorize', url)
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT,
    scope: options.scope ?? 'read:repository',
    state: 'client-state',
    resource: `${url}/mcp`,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const consent = await reachConsent(browser, authorize.href, options.person)
  options.onPage?.('consent', consent)
  const decided = await browser.submit(consent, options.narrow ?? {}, { name: 'decision', value: 'allow' })
  const back = await browser.settle(decided, isRedirectBack)
  const code = new URL(back.location ?? '').searchParams.get('code')
  if (code === null) {
    throw new Error(`no code came back: ${back.location}`)
  }
  return { ...(await exchange(url, { clientId, code, verifier })), clientId, browser }
}

function isRedirectBack(next: URL): boolean {
  return next.href.startsWith(REDIRECT)
}

async function register(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: name, redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' }),
  })
  const client: unknown = await answer.json()
  if (typeof client !== 'object' || client === null || !('client_id' in client)) {
    throw new Error(`registration answered ${answer.status}: ${JSON.stringify(client)}`)
  }
  return String(client.client_id)
}

async function exchange(
  url: string,
  { clientId, code, verifier }: { clientId: string; code: string; verifier: string },
) {
  return readTokens(
    await postForm(`${url}/token`, {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT,
      resource: `${url}/mcp`,
    }),
  )
}

/** A new access token for the same client. */
export async function refreshConnection(url: string, connection: Connection): Promise<Connection> {
  const answer = await postForm(`${url}/token`, {
    grant_type: 'refresh_token',
    client_id: connection.clientId,
    refresh_token: connection.refreshToken,
  })
  return { ...connection, ...(await readTokens(answer)) }
}

export function postForm(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields) })
}

async function readTokens(answer: Response) {
  const body: Record<string, unknown> = Object(await answer.json())
  if (answer.status !== 200) {
    throw new Error(`the token endpoint answered ${answer.status}: ${JSON.stringify(body)}`)
  }
  return {
    accessToken: String(body.access_token),
    refreshToken: String(body.refresh_token),
    scope: String(body.scope),
  }
}
