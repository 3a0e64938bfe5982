import { describe, expect, it } from 'vitest'
import { DAY } from '../../src/lib/units.js'
import { startOAuthApp, WEB_REDIRECT } from './oauth-app.js'
import { connect, postJson, refresh, registerClient } from './oauth-client.js'

describe('registration', () => {
  it('answers with what was registered, and nothing that was ignored', async () => {
    const app = await startOAuthApp()

    const response = await postJson(`${app.url}/register`, {
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code', 'id_token'],
      token_endpoint_auth_method: 'none',
      application_type: 'web',
      scope: 'openid profile offline_access',
      logo_uri: 'javascript:alert(1)',
      contacts: 'nobody',
      software_id: 7,
      id_token_signed_response_alg: 'RS256',
    })

    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      client_id: expect.stringMatching(/^agm_cl_[\w-]{22}$/),
      client_id_issued_at: expect.any(Number),
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      response_modes: ['query'],
    })
  })

  it('gives a secret to clients that can keep one, which is what no method means', async () => {
    const app = await startOAuthApp()

    const response = await postJson(`${app.url}/register`, { redirect_uris: [WEB_REDIRECT] })

    expect(await response.json()).toMatchObject({
      client_name: 'Unnamed client',
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: expect.stringMatching(/^agm_cs_/),
      client_secret_expires_at: 0,
    })
  })

  it.each([
    ['https on any host', 'https://client.example:8443/cb?fixed=1'],
    ['loopback', 'http://127.0.0.1/cb'],
    ['loopback by name', 'http://localhost:3000/cb'],
    ['loopback of IPv6', 'http://[::1]:3000/cb'],
    ['the scheme of a known app', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['a reverse domain scheme', 'com.example.app:/callback'],
  ])('takes a redirect to %s', async (_name, uri) => {
    const app = await startOAuthApp()

    expect((await registerClient(app, { redirect_uris: [uri] })).redirect_uris).toEqual([uri])
  })

  it.each([
    'http://client.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://10.0.0.1/cb',
    'https://localhost/cb',
    'https://client.example/cb#fragment',
    'https://client.example/cb#',
    'https://*.example/cb',
    'https://user:pass@client.example/cb',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://client.example/1',
    'unknownapp://callback',
    '/relative',
    '',
  ])('refuses a redirect to %j', async (uri) => {
    const app = await startOAuthApp()

    const response = await postJson(`${app.url}/register`, { client_name: 'x', redirect_uris: [WEB_REDIRECT, uri] })

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' })
  })

  it.each([
    ['no redirect', {}, 'invalid_redirect_uri'],
    ['an empty list', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a redirect that is no text', { redirect_uris: [7] }, 'invalid_redirect_uri'],
    ['a name that is no text', { redirect_uris: [WEB_REDIRECT], client_name: {} }, 'invalid_client_metadata'],
    ['a grant we do not have', { redirect_uris: [WEB_REDIRECT], grant_types: ['implicit'] }, 'invalid_client_metadata'],
    [
      'a method we do not have',
      { redirect_uris: [WEB_REDIRECT], token_endpoint_auth_method: 'tls_client_auth' },
      'invalid_client_metadata',
    ],
    ['a list', [], 'invalid_client_metadata'],
  ])('refuses %s and says what is wrong', async (_name, metadata, error) => {
    const app = await startOAuthApp()

    const response = await postJson(`${app.url}/register`, metadata)

    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error, error_description: expect.stringMatching(/\.$/) })
  })

  it('takes redirects the operator allows, exactly and only those', async () => {
    const app = await startOAuthApp({ redirectAllowlist: ['http://intranet.example/cb', 'tool:/cb'] })

    await registerClient(app, { redirect_uris: ['http://intranet.example/cb'] })
    await registerClient(app, { redirect_uris: ['tool:/cb'] })

    for (const uri of ['http://intranet.example/cb/', 'http://intranet.example/cb?x', 'tool:/other']) {
      expect((await postJson(`${app.url}/register`, { redirect_uris: [uri] })).status).toBe(400)
    }
  })

  it('is limited for each address', async () => {
    const app = await startOAuthApp({ registrationsPerHour: 3 })
    const register = () => postJson(`${app.url}/register`, { redirect_uris: [WEB_REDIRECT] })
    for (let count = 0; count < 3; count += 1) {
      expect((await register()).status).toBe(201)
    }

    const refused = await register()

    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('can be switched off, and is not advertised then', async () => {
    const app = await startOAuthApp({ registrationEnabled: false })

    expect((await postJson(`${app.url}/register`, { redirect_uris: [WEB_REDIRECT] })).status).toBe(404)
    const metadata = await (await fetch(`${app.url}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).not.toHaveProperty('registration_endpoint')
  })
})

describe('housekeeping', () => {
  it('lets clients nobody used go after thirty days, and keeps the others', async () => {
    const app = await startOAuthApp()
    const unused = await registerClient(app)
    const { client: used } = await connect(app)

    app.clock.advance(31 * DAY)
    app.oauth.sweep()

    const known = app.store.sqlite.prepare('SELECT id FROM oauth_client').pluck().all()
    expect(known).toEqual([used.client_id])
    expect(known).not.toContain(unused.client_id)
  })

  it('leaves what is in use and clears what has expired', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)

    app.clock.advance(2 * DAY)
    expect(app.oauth.sweep()).toBeGreaterThan(0)

    const kinds = app.store.sqlite.prepare('SELECT kind FROM oauth_state ORDER BY kind').pluck().all()
    expect(kinds).toEqual(['Grant', 'RefreshToken'])
    expect((await refresh(app, client.client_id, tokens.refresh_token)).status).toBe(200)

    app.clock.advance(31 * DAY)
    app.oauth.sweep()
    app.oauth.sweep()
    expect(app.store.sqlite.prepare('SELECT count(*) FROM oauth_state').pluck().get()).toBe(0)
    expect(app.store.sqlite.prepare('SELECT count(*) FROM oauth_grant').pluck().get()).toBe(0)
    expect(app.store.sqlite.prepare('SELECT count(*) FROM gitea_sign_in').pluck().get()).toBe(0)
  })
})
