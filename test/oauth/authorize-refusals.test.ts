import { describe, expect, it } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { startOAuthApp, WEB_REDIRECT } from './oauth-app.js'
import { postJson, registerClient, toAuthorizeUrl } from './oauth-client.js'

describe('an authorization request that cannot be trusted to name where the answer goes', () => {
  it.each([
    ['an unknown client', { client_id: 'agm_cl_nobody' }],
    ['no client', { client_id: null }],
    ['a redirect that was not registered', { redirect_uri: 'https://evil.example/callback' }],
    ['a registered redirect with something added', { redirect_uri: `${WEB_REDIRECT}?next=https://evil.example` }],
    ['a redirect on another path', { redirect_uri: `${WEB_REDIRECT}/../evil` }],
    ['no redirect, with two registered', { redirect_uri: null }],
  ])('is refused on a page of ours with %s', async (_name, changes) => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app, { redirect_uris: [WEB_REDIRECT, 'https://client.example/other'] })

    const page = await createBrowser().get(toAuthorizeUrl(app, client_id, changes))

    expect(page.status).toBe(400)
    expect(page.location).toBeUndefined()
    expect(page.text).toContain('This request was refused')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
  })
})

describe('an authorization request with a fault of its own', () => {
  it.each([
    ['no PKCE', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge without method', { code_challenge_method: null }, 'invalid_request'],
    ['another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['another resource behind ?', { resource: 'https://other.example/?https://aegis/mcp' }, 'invalid_target'],
    ['a response type other than code', { response_type: 'none' }, 'unsupported_response_type'],
    ['an answer by script', { response_mode: 'form_post' }, 'unsupported_response_mode'],
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['prompt=none, as nobody is ever signed in here', { prompt: 'none' }, 'login_required'],
  ])('is sent back to the client for %s', async (_name, changes, error) => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)

    const page = await createBrowser().get(toAuthorizeUrl(app, client_id, changes))

    const answer = new URL(page.location ?? '')
    expect(answer.origin + answer.pathname).toBe(WEB_REDIRECT)
    expect(answer.searchParams.get('error')).toBe(error)
    expect(answer.searchParams.get('state')).toBe('client-state')
    expect(answer.searchParams.getAll('iss')).toEqual([app.url])
    expect(answer.searchParams.get('code')).toBeNull()
  })
})

describe('what clients add to a request', () => {
  it.each([
    ['unknown scopes', { scope: 'openid profile email offline_access mcp:tools' }],
    ['no scope', { scope: null }],
    ['no resource', { resource: null }],
    ['a nonce and a hint', { nonce: 'n', login_hint: 'alice', max_age: '0' }],
    ['an account chooser', { prompt: 'select_account' }],
  ])('does not stop it: %s', async (_name, changes) => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)

    const page = await createBrowser().get(toAuthorizeUrl(app, client_id, changes))

    expect(page.location).toMatch(/\/interaction\/[\w-]+$/)
  })

  it.each(['', '/', '/mcp/', '/mcp/sse', '/mcp?toolsets=issues&readonly=1'])(
    'takes the spelling "%s" of the resource for ours',
    async (path) => {
      const app = await startOAuthApp()
      const { client_id } = await registerClient(app)
      const resource = app.url.replace('http:', 'HTTP:') + path

      const page = await createBrowser().get(toAuthorizeUrl(app, client_id, { resource }))

      expect(page.location).toMatch(/\/interaction\/[\w-]+$/)
    },
  )

  it('takes any port of a registered loopback redirect, and no other host', async () => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app, {
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1:8787/callback', 'http://[::1]/callback'],
    })
    const ask = async (redirect_uri: string) =>
      (await createBrowser().get(toAuthorizeUrl(app, client_id, { redirect_uri }))).status

    expect(await ask('http://localhost:54321/callback')).toBe(303)
    expect(await ask('http://127.0.0.1:54321/callback')).toBe(303)
    expect(await ask('http://[::1]:54321/callback')).toBe(303)
    expect(await ask('http://localhost:54321/other')).toBe(400)
    expect(await ask('http://127.0.0.2:54321/callback')).toBe(400)
    expect(await ask('https://localhost:54321/callback')).toBe(400)
  })
})

it('builds every address from the configured issuer, whatever host and scheme the request claims', async () => {
  const app = await startOAuthApp()
  const { client_id } = await registerClient(app)
  const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }

  const page = await createBrowser(forged).get(toAuthorizeUrl(app, client_id))

  const interaction = app.store.sqlite.prepare("SELECT payload FROM oauth_state WHERE kind = 'Interaction'").get() as {
    payload: string
  }
  expect(JSON.parse(interaction.payload).returnTo).toMatch(new RegExp(`^${app.url}/authorize/`))
  expect(page.html).not.toContain('evil.example')
  expect(page.headers.getSetCookie().join()).not.toContain('evil.example')
})

it('sets only secure cookies behind a TLS proxy, each no wider than it must be', async () => {
  const publicBaseUrl = 'https://aegis.example.org'
  const app = await startOAuthApp({ publicBaseUrl })
  const { client_id } = await registerClient(app)
  const query = new URL(toAuthorizeUrl(app, client_id, { resource: null })).search

  const started = await fetch(`${app.url}/authorize${query}`, { redirect: 'manual' })
  const interaction = started.headers.get('location') ?? ''
  const cookies = started.headers.getSetCookie()
  const shown = await fetch(app.url + interaction, {
    redirect: 'manual',
    headers: { cookie: cookies.map((cookie) => cookie.split(';')[0]).join('; ') },
  })

  expect(new URL(shown.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
    `${publicBaseUrl}/oauth/callback`,
  )
  expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([
    '__Secure-aegis_interaction',
    '__Secure-aegis_interaction.sig',
    '__Secure-aegis_resume',
    '__Secure-aegis_resume.sig',
  ])
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; path=\/(interaction|authorize)\/[\w-]+; expires=[^;]+; samesite=lax; secure; httponly$/)
  }
  expect(shown.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-aegis_browser=[\w-]{43}; Path=\/; Max-Age=7200; HttpOnly; SameSite=Lax; Secure$/),
  ])
})

it('leaves iss out of answers and metadata when it is switched off', async () => {
  const app = await startOAuthApp({ issParameter: false })
  const { client_id } = await registerClient(app)

  const page = await createBrowser().get(toAuthorizeUrl(app, client_id, { code_challenge: null }))
  const metadata = await (await fetch(`${app.url}/.well-known/oauth-authorization-server`)).json()

  expect(new URL(page.location ?? '').searchParams.get('error')).toBe('invalid_request')
  expect(page.location).not.toContain('iss=')
  expect(metadata).not.toHaveProperty('authorization_response_iss_parameter_supported')
})

it('shows nothing a client wrote on the page that refuses it', async () => {
  const app = await startOAuthApp()
  const { client_id } = await registerClient(app, { client_name: '<script>alert(1)</script>' })

  const page = await createBrowser().get(
    toAuthorizeUrl(app, client_id, { redirect_uri: 'https://evil.example/<script>', state: '<script>' }),
  )

  expect(page.html).not.toContain('<script')
  expect(page.html).not.toContain('evil.example')
})

it('has no other endpoints of the library', async () => {
  const app = await startOAuthApp()

  for (const path of ['/jwks', '/.well-known/openid-configuration', '/session/end', '/request', '/me', '/reg']) {
    expect((await fetch(app.url + path)).status).toBe(404)
    expect((await postJson(app.url + path, {})).status).toBe(404)
  }
})
