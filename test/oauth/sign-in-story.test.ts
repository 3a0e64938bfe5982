import { expect, it } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { startOAuthApp } from './oauth-app.js'
import { callMcp, connect, decide, exchange, openConsent, registerClient, toAuthorizeUrl } from './oauth-client.js'

it('takes a person from the client through Gitea and the consent page back to the client with a token', async () => {
  const app = await startOAuthApp()
  const client = await registerClient(app)
  const browser = createBrowser()

  const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

  expect(app.faults).toEqual([])
  expect(page.status).toBe(200)
  expect(page.text).toContain('Let Test client work in')
  expect(page.text).toContain('Signed in as alice')

  const callback = await decide(app, browser, page)

  expect(callback.origin + callback.pathname).toBe('https://client.example/callback')
  expect(callback.searchParams.get('state')).toBe('client-state')
  expect(callback.searchParams.getAll('iss')).toEqual([app.url])

  const { status, headers, body } = await exchange(app, client.client_id, callback)

  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read:repository' })
  expect(await callMcp(app, body.access_token)).toMatchObject({
    status: 200,
    body: {
      login: 'alice',
      clientId: client.client_id,
      clientName: 'Test client',
      scopes: ['read:repository'],
      grant: { readOnly: false, repositories: null, expiresAt: null },
      resource: app.resource,
    },
  })
})

it('hands out a Gitea token of the person that Gitea accepts', async () => {
  const app = await startOAuthApp()
  const { tokens } = await connect(app)
  const { body } = await callMcp(app, tokens.access_token)

  const token = await app.oauth.vault.credentialFor(String(body.accountId)).token()
  const response = await fetch(`${app.gitea.url}/api/v1/user`, { headers: { authorization: `Bearer ${token}` } })

  expect(await response.json()).toMatchObject({ login: 'alice' })
})
