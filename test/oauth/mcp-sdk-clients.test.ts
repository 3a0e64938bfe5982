import * as modern from '@modelcontextprotocol/client'
import * as classic from '@modelcontextprotocol/sdk/client/auth.js'
import { describe, expect, it } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { LOOPBACK_REDIRECT, type OAuthApp, startOAuthApp } from './oauth-app.js'
import { callMcp, decide, openConsent } from './oauth-client.js'

/** The storage both SDK generations ask for, in memory. */
function createStorage(app: OAuthApp) {
  const kept: {
    client?: unknown
    tokens?: { access_token: string; refresh_token?: string } | undefined
    verifier: string
    url?: URL
    discovery?: unknown
  } = {
    verifier: '',
  }
  const storage = {
    redirectUrl: LOOPBACK_REDIRECT,
    clientMetadata: {
      client_name: 'SDK client',
      redirect_uris: [LOOPBACK_REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native' as const,
      scope: 'read:repository offline_access openid email profile',
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client: unknown) => {
      kept.client = client
    },
    tokens: () => kept.tokens,
    saveTokens: (tokens: typeof kept.tokens) => {
      kept.tokens = tokens
    },
    redirectToAuthorization: (url: URL) => {
      kept.url = url
    },
    saveCodeVerifier: (verifier: string) => {
      kept.verifier = verifier
    },
    codeVerifier: () => kept.verifier,
    saveDiscoveryState: (state: unknown) => {
      kept.discovery = state
    },
    discoveryState: () => kept.discovery,
  }
  return { kept, storage, serverUrl: new URL(app.resource) }
}

const generations = [
  {
    name: '@modelcontextprotocol/client 2',
    // the storage is wider than the SDK's interface where that is generic over saved values
    auth: modern.auth as unknown as (provider: unknown, options: Record<string, unknown>) => Promise<string>,
  },
  {
    name: '@modelcontextprotocol/sdk 1',
    auth: classic.auth as unknown as (provider: unknown, options: Record<string, unknown>) => Promise<string>,
  },
]

describe.each(generations)('the OAuth client of $name', ({ auth }) => {
  it('discovers, registers, signs in, refreshes and calls', async () => {
    const app = await startOAuthApp()
    const { kept, storage, serverUrl } = createStorage(app)

    expect(await auth(storage, { serverUrl })).toBe('REDIRECT')
    const browser = createBrowser()
    const page = await openConsent(app, browser, String(kept.url))
    expect(page.text).toContain('Runs on this computer, and nobody vouches for its name.')
    const callback = await decide(app, browser, page)
    const answer = {
      authorizationCode: callback.searchParams.get('code') ?? '',
      iss: callback.searchParams.get('iss') ?? undefined,
    }
    expect(await auth(storage, { serverUrl, ...answer })).toBe('AUTHORIZED')
    expect(await callMcp(app, kept.tokens?.access_token ?? '')).toMatchObject({ status: 200 })

    const first = kept.tokens
    expect(await auth(storage, { serverUrl })).toBe('AUTHORIZED')
    expect(kept.tokens?.access_token).not.toBe(first?.access_token)
    expect(await callMcp(app, kept.tokens?.access_token ?? '')).toMatchObject({ status: 200 })
  })

  it('registers anew when its client is gone', async () => {
    const app = await startOAuthApp()
    const { kept, storage, serverUrl } = createStorage(app)
    await auth(storage, { serverUrl })
    const callback = await (async () => {
      const browser = createBrowser()
      return decide(app, browser, await openConsent(app, browser, String(kept.url)))
    })()
    await auth(storage, { serverUrl, authorizationCode: callback.searchParams.get('code') ?? '', iss: app.url })
    app.store.sqlite.exec('DELETE FROM oauth_client')
    const invalidated: string[] = []

    const result = await auth(
      {
        ...storage,
        invalidateCredentials: (what: string) => {
          invalidated.push(what)
          kept.client = undefined
          delete kept.tokens
        },
      },
      { serverUrl },
    )

    expect(result).toBe('REDIRECT')
    expect(invalidated.length).toBeGreaterThan(0)
    expect(kept.client).toBeDefined()
  })
})

it('works for a browser page of any origin, without cookies', async () => {
  const app = await startOAuthApp()
  const origin = 'https://inspector.example'

  for (const path of ['/token', '/oauth/token', '/register', '/revoke']) {
    const preflight = await fetch(app.url + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const answer = await fetch(app.url + path, { method: 'POST', headers: { origin }, body: new URLSearchParams() })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    expect(answer.headers.get('content-type')).toContain('application/json')
  }
})
