import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import { createBrowser } from '../support/browser.js'
import { startOAuthApp, WEB_REDIRECT } from './oauth-app.js'
import {
  callMcp,
  connect,
  decide,
  exchange,
  openConsent,
  postForm,
  refresh,
  registerClient,
  toAuthorizeUrl,
  VERIFIER,
} from './oauth-client.js'

describe('a code', () => {
  it.each([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 400, 'invalid_grant'],
    ['another redirect', { redirect_uri: 'https://client.example/other' }, 400, 'invalid_grant'],
    ['another resource', { resource: 'https://other.example/mcp' }, 400, 'invalid_target'],
    ['an unknown grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['an unknown client', { client_id: 'agm_cl_nobody' }, 401, 'invalid_client'],
  ])('is not exchanged with %s', async (_name, changes, status, error) => {
    const app = await startOAuthApp()
    const client = await registerClient(app, { redirect_uris: [WEB_REDIRECT, 'https://client.example/other'] })
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
    const callback = await decide(app, browser, page)

    const answer = await exchange(app, client.client_id, callback, changes)

    expect(answer.status).toBe(status)
    expect(answer.body.error).toBe(error)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('is not exchanged by another client', async () => {
    const app = await startOAuthApp()
    const [client, other] = [await registerClient(app), await registerClient(app)]
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
    const callback = await decide(app, browser, page)

    const answer = await exchange(app, other.client_id, callback)

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  it('used twice ends the tokens it gave', async () => {
    const app = await startOAuthApp()
    const { client, callback, tokens } = await connect(app)

    const again = await exchange(app, client.client_id, callback)

    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
    expect(await refresh(app, client.client_id, tokens.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'token_reused', clientId: client.client_id }))
  })

  it('sent eight times at once is exchanged at most once, and leaves no usable token behind', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
    const callback = await decide(app, browser, page)

    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(app, client.client_id, callback)))

    const won = answers.filter(({ status }) => status === 200)
    expect(won.length).toBeLessThanOrEqual(1)
    expect(app.events.map(({ type }) => type)).toContain('token_reused')
    for (const { body } of won) {
      expect((await callMcp(app, body.access_token)).status).toBe(401)
    }
    expect(app.faults).toEqual([])
  })
})

describe('a refresh token', () => {
  it('is rotated, and the one before it still works for two minutes', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refresh(app, client.client_id, tokens.refresh_token)),
    )
    app.clock.advance(2 * MINUTE - 5000)
    const late = await refresh(app, client.client_id, tokens.refresh_token)

    for (const { status, body } of [...answers, late]) {
      expect(status).toBe(200)
      expect(body.scope).toBe('read:repository')
      expect((await callMcp(app, body.access_token)).status).toBe(200)
    }
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(10)
    expect(app.events.map(({ type }) => type)).not.toContain('token_reused')
  })

  it('used after that ends its whole family, and only that', async () => {
    const app = await startOAuthApp()
    const { client, browser, tokens } = await connect(app)
    const sibling = await connect(app, { client, browser })
    const rotated = await refresh(app, client.client_id, tokens.refresh_token)
    app.clock.advance(3 * MINUTE)

    const reused = await refresh(app, client.client_id, tokens.refresh_token)

    expect(reused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await callMcp(app, rotated.body.access_token)).status).toBe(401)
    expect(await refresh(app, client.client_id, rotated.body.refresh_token)).toMatchObject({ status: 400 })
    expect((await callMcp(app, sibling.tokens.access_token)).status).toBe(200)
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'token_reused', clientId: client.client_id, accountId: 'gitea:1' }),
    )
  })

  it('is not accepted without end inside the two minutes', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)
    await refresh(app, client.client_id, tokens.refresh_token)

    let accepted = 0
    while ((await refresh(app, client.client_id, tokens.refresh_token)).status === 200) {
      accepted += 1
    }

    expect(accepted).toBe(100)
  })

  it('of another client, an unknown and an ended one are all a plain invalid_grant', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)
    const other = await registerClient(app)
    await postForm(`${app.url}/revoke`, { client_id: client.client_id, token: tokens.refresh_token })

    for (const [clientId, token] of [
      [other.client_id, tokens.refresh_token],
      [client.client_id, tokens.refresh_token],
      [client.client_id, 'agm_rt_nothing'],
      [client.client_id, tokens.access_token],
    ] as const) {
      expect(await refresh(app, clientId, token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
  })

  it('of a client that is gone makes the client register again', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)
    app.store.sqlite.exec('DELETE FROM oauth_client')

    expect(await refresh(app, client.client_id, tokens.refresh_token)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
  })

  it('keeps its scope whatever unknown words the client adds', async () => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app, { request: { scope: 'read:repository write:repository' } })

    const answer = await postForm(`${app.url}/oauth/token`, {
      grant_type: 'refresh_token',
      client_id: client.client_id,
      refresh_token: tokens.refresh_token,
      scope: 'openid offline_access',
      resource: `${app.url}/mcp/`,
    })

    expect(answer.body.scope).toBe('read:repository write:repository')
  })
})

describe('a confidential client', () => {
  it.each(['client_secret_post', 'client_secret_basic'])(
    'authenticates with %s and the right secret',
    async (method) => {
      const app = await startOAuthApp()
      const client = await registerClient(app, { token_endpoint_auth_method: method })
      const browser = createBrowser()
      const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
      const callback = await decide(app, browser, page)
      const send = (secret: string) =>
        postForm(
          `${app.url}/token`,
          {
            grant_type: 'authorization_code',
            code: callback.searchParams.get('code') ?? '',
            redirect_uri: WEB_REDIRECT,
            code_verifier: VERIFIER,
            ...(method === 'client_secret_post' ? { client_id: client.client_id, client_secret: secret } : {}),
          },
          method === 'client_secret_basic'
            ? { authorization: `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}` }
            : {},
        )

      expect(client.client_secret).toMatch(/^agm_cs_/)
      expect(await send('wrong')).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(await exchange(app, client.client_id, callback)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      })
      expect(await send(client.client_secret ?? '')).toMatchObject({ status: 200 })
    },
  )
})

it('answers JSON on JSON endpoints, whatever the client accepts and sends', async () => {
  const app = await startOAuthApp()
  const bodies: [string, string][] = [
    ['application/x-www-form-urlencoded', 'grant_type=authorization_code'],
    ['application/json', '{"grant_type":"authorization_code"}'],
    ['text/plain', 'hello'],
    ['application/x-www-form-urlencoded', `code=${'x'.repeat(40_000)}`],
    ['application/x-www-form-urlencoded', 'client_id=a&client_id=b&grant_type=authorization_code'],
  ]

  for (const path of ['/token', '/oauth/token', '/revoke', '/register']) {
    for (const [type, body] of bodies) {
      const response = await fetch(app.url + path, {
        method: 'POST',
        headers: { accept: 'text/html', 'content-type': type },
        body,
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(await response.json()).toHaveProperty('error')
    }
  }
  expect(app.faults).toEqual([])
})
