/** What our sign-in relies on, or must survive, in Gitea's OAuth provider. Runs against the sandbox and a real Gitea. */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createBrowser } from './browser.js'
import {
  authorizeUrl,
  createGiteaClient,
  exchangeCode,
  introspect,
  obtainCode,
  obtainTokens,
  readCallback,
  readClaims,
  readTokens,
  refreshToken,
  requestToken,
} from './gitea-oauth-client.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { seedPeople } from './seed-gitea.js'
import { signInAtGitea } from './sign-in-at-gitea.js'

const { alice, bob } = seedPeople

/** Status and words of an API call with a bearer token. */
export async function callApi(gitea: GiteaUnderTest, token: string, path: string): Promise<string> {
  const response = await fetch(`${gitea.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  const message = /"message":"([^"]*)"/.exec(text)?.[1]
  return message === undefined || response.ok ? String(response.status) : `${response.status} ${message}`
}

export function testConsent(getGitea: () => GiteaUnderTest): void {
  test('signing in and consenting gives a code, the code gives tokens once', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const code = await obtainCode(gitea, client, alice)

    const first = await exchangeCode(gitea, client, code)
    const again = await exchangeCode(gitea, client, code)

    expect(first.status).toBe(200)
    expect(Object.keys(first.body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token', 'id_token'])
    expect(first.body).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
    expect(again.status).toBe(400)
    expect(again.body).toEqual({ error: 'unauthorized_client', error_description: 'client is not authorized' })
  })

  test('of eight exchanges of one code at once exactly one succeeds', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const code = await obtainCode(gitea, client, alice)

    const replies = await Promise.all(Array.from({ length: 8 }, () => exchangeCode(gitea, client, code)))

    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('pressing Cancel leads back with access_denied and the state', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const page = await signInAtGitea(createBrowser(), authorizeUrl(gitea, client), { ...alice, consent: 'cancel' })

    expect(page.status).toBe(303)
    expect(Object.fromEntries(readCallback(page))).toEqual({
      error: 'access_denied',
      error_description: 'the request is denied',
      state: 'state-1',
    })
  })

  test('a grant is frozen at first consent: asking for more later is ignored without a page', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const first = await obtainTokens(gitea, client, alice, 'openid read:user')
    const browser = createBrowser()
    const again = await signInAtGitea(browser, authorizeUrl(gitea, client, { scope: 'openid write:repository' }), alice)
    const second = readTokens(await exchangeCode(gitea, client, readCallback(again).get('code') ?? ''))

    expect(await introspect(gitea, client, second.access)).toMatchObject({ body: { scope: 'openid read:user' } })
    expect(readClaims(second.access).gnt).toBe(readClaims(first.access).gnt)
    expect(await callApi(gitea, second.access, '/repos/search')).toContain('403 token does not have at least one')
  })

  test('a second sign-in in the same browser makes the first consent page stale', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const browser = createBrowser()
    await signInAtGitea(browser, authorizeUrl(gitea, await createGiteaClient(gitea)), alice)
    const first = await browser.get(authorizeUrl(gitea, client, { state: 'one' }))
    await browser.get(authorizeUrl(gitea, client, { state: 'two' }))

    const answer = await browser.submit(first, {}, { name: 'granted', value: 'true' })

    expect(answer.status).toBe(400)
  })

  test('the consent form is trusted for its scope and refused without its CSRF token', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const browser = createBrowser()
    await signInAtGitea(browser, authorizeUrl(gitea, await createGiteaClient(gitea)), alice)
    const page = await browser.get(authorizeUrl(gitea, client))

    const forged = await browser.submit(page, { _csrf: 'wrong' }, { name: 'granted', value: 'true' })
    const raised = await browser.submit(page, { scope: 'openid all' }, { name: 'granted', value: 'true' })
    const tokens = readTokens(await exchangeCode(gitea, client, readCallback(raised).get('code') ?? ''))

    expect(forged.status).toBe(400)
    expect(await introspect(gitea, client, tokens.access)).toMatchObject({ body: { scope: 'openid all' } })
  })

  test('an unknown client or redirect address is an HTML page with 400, never a redirect', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const browser = createBrowser()
    await signInAtGitea(browser, authorizeUrl(gitea, client), alice)
    const asked = [
      { client_id: 'nope' },
      { redirect_uri: 'http://127.0.0.1:9/other' },
      { redirect_uri: `${client.redirectUri}?x=1` },
    ]

    for (const more of asked) {
      const page = await browser.get(authorizeUrl(gitea, client, more))
      expect([page.status, page.location]).toEqual([400, undefined])
    }
  })

  test('wrong response types and PKCE methods lead back with an error', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const browser = createBrowser()
    await signInAtGitea(browser, authorizeUrl(gitea, client), alice)
    const errorOf = async (more: Record<string, string>): Promise<string | null> =>
      readCallback(await browser.get(authorizeUrl(gitea, client, more))).get('error')

    expect(await errorOf({ response_type: 'token' })).toBe('unsupported_response_type')
    expect(await errorOf({ code_challenge_method: 'S512', code_challenge: 'x' })).toBe('invalid_request')
  })

  test('a public client must use PKCE, sees the consent page each time, and gets any port on 127.0.0.1', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea, { confidential: false, redirectUris: ['http://127.0.0.1/cb'] })
    const browser = createBrowser()
    const pkce = { code_challenge_method: 'S256', code_challenge: 'x', redirect_uri: 'http://127.0.0.1:34567/cb' }
    const first = await signInAtGitea(browser, authorizeUrl(gitea, client, pkce), bob)
    const second = await browser.get(authorizeUrl(gitea, client, pkce))
    const without = await browser.get(authorizeUrl(gitea, client))

    expect(readCallback(first).get('code')).toMatch(/^gta_/)
    expect(first.location).toContain('http://127.0.0.1:34567/cb?')
    expect(second.status).toBe(200)
    expect(readCallback(without).get('error_description')).toBe('PKCE is required for public clients')
  })

  test('S256 is forgotten on the consent path and checked when the grant exists', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const verifier = 'a-verifier-that-is-long-enough-to-be-one-0123456789'
    const pkce = { code_challenge_method: 'S256', code_challenge: hash('sha256', verifier, 'base64url') }
    const consented = await obtainCode(gitea, client, alice, pkce)
    const granted = await obtainCode(gitea, client, alice, pkce)

    expect((await exchangeCode(gitea, client, consented, { code_verifier: 'something else' })).status).toBe(200)
    const wrong = await exchangeCode(gitea, client, granted, { code_verifier: 'something else' })
    expect(wrong.body).toEqual({ error: 'unauthorized_client', error_description: 'failed PKCE code challenge' })
    // The failed try did not burn the code.
    expect((await exchangeCode(gitea, client, granted, { code_verifier: verifier })).status).toBe(200)
  })
}

export function testTokenEndpoint(getGitea: () => GiteaUnderTest): void {
  test('every error is a 400 with its own words', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const other = await createGiteaClient(gitea)
    const code = await obtainCode(gitea, client, alice)
    const wrongSecret = { ...client, clientSecret: 'gto_wrong' }
    const replies = [
      await requestToken(gitea, { grant_type: 'password' }),
      await exchangeCode(gitea, { ...client, clientId: 'nope' }, code),
      await exchangeCode(gitea, wrongSecret, code),
      await exchangeCode(gitea, { ...client, clientSecret: '' }, code),
      await exchangeCode(gitea, client, code, { redirect_uri: 'http://127.0.0.1:9/other' }),
      await exchangeCode(gitea, other, code),
      await refreshToken(gitea, wrongSecret, 'x'),
      await refreshToken(gitea, { ...client, clientId: 'nope' }, 'x'),
      await refreshToken(gitea, client, 'x'),
    ]

    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 400))
    expect(replies.map(({ body }) => `${body.error}: ${body.error_description}`)).toEqual([
      'unsupported_grant_type: Only refresh_token or authorization_code grant type is supported',
      "invalid_client: cannot load client with client id: 'nope'",
      'unauthorized_client: invalid client secret',
      'unauthorized_client: invalid empty client secret',
      'unauthorized_client: unexpected redirect URI',
      'invalid_grant: invalid grant',
      'invalid_client: invalid client secret',
      'invalid_client: cannot load client with client id: "nope"',
      'unauthorized_client: unable to parse refresh token',
    ])
  })

  test('the client may sign in with Basic and send JSON', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const code = await obtainCode(gitea, client, alice)
    const response = await fetch(`${gitea.url}/login/oauth/access_token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }),
    })

    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('max-age=0, private, must-revalidate, no-transform')
  })

  test('without rotation old refresh tokens, access tokens and those of other clients all refresh', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const other = await createGiteaClient(gitea)
    const tokens = await obtainTokens(gitea, client, alice)
    const renewed = await refreshToken(gitea, client, tokens.refresh)
    const replies = [
      renewed,
      await refreshToken(gitea, client, tokens.refresh),
      await refreshToken(gitea, client, tokens.access),
      await refreshToken(gitea, other, tokens.refresh),
    ]

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await callApi(gitea, readTokens(renewed).access, '/user')).toBe('200')
  })

  test('access tokens carry the grant and times, nothing about the person', async () => {
    const gitea = getGitea()
    const tokens = await obtainTokens(gitea, await createGiteaClient(gitea), alice)
    const claims = readClaims(tokens.access)

    expect(Object.keys(claims)).toEqual(['gnt', 'tt', 'exp', 'iat'])
    expect(Number(claims.exp) - Number(claims.iat)).toBe(3600)
    expect(readClaims(tokens.refresh)).toMatchObject({ gnt: claims.gnt, tt: 1 })
    expect(tokens.id && readClaims(tokens.id)).toMatchObject({ iss: gitea.url, aud: [expect.any(String)] })
  })
}

/** With `[oauth2] INVALIDATE_REFRESH_TOKENS = true`. */
export function testRotation(getGitea: () => GiteaUnderTest): void {
  test('with rotation one of eight refreshes wins, and the winner stays good after the replays', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const { refresh } = await obtainTokens(gitea, client, alice)
    const replies = []
    for (let at = 0; at < 8; at += 1) replies.push(await refreshToken(gitea, client, refresh))
    const winner = replies.filter(({ status }) => status === 200)
    const losers = replies.filter(({ status }) => status !== 200).map(({ body }) => body.error_description)

    expect(winner).toHaveLength(1)
    expect(losers).toEqual(Array.from({ length: 7 }, () => 'token was already used'))
    expect(readClaims(refresh).cnt).toBeTypeOf('number')
    const [first] = winner
    expect(first && (await refreshToken(gitea, client, readTokens(first).refresh)).status).toBe(200)
  })

  test('with rotation a second sign-in retires the refresh token of the first', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const first = await obtainTokens(gitea, client, alice)
    await obtainTokens(gitea, client, alice)

    expect((await refreshToken(gitea, client, first.refresh)).body.error_description).toBe('token was already used')
  })
}
