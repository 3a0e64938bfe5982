import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import { type Browser, createBrowser, type Page } from '../support/browser.js'
import { signInAtGitea } from '../support/sign-in-at-gitea.js'
import { ALICE, type OAuthApp, startOAuthApp } from './oauth-app.js'
import { callMcp, connect, decide, openConsent, registerClient, toAuthorizeUrl } from './oauth-client.js'

/** Signs in at Gitea and stops at its consent page, to press something else there. */
async function openGiteaConsent(app: OAuthApp, browser: Browser, authorizeUrl: string): Promise<Page> {
  const atGitea = await browser.open(authorizeUrl)
  const signedIn = await browser.submit(atGitea, { user_name: ALICE.login, password: ALICE.password })
  return browser.settle(signedIn, (url) => url.origin === app.url)
}

async function openCallback(app: OAuthApp, browser: Browser): Promise<{ callbackUrl: string; clientId: string }> {
  const { client_id: clientId } = await registerClient(app)
  const atGitea = await browser.open(toAuthorizeUrl(app, clientId), (url) => url.origin === app.gitea.url)
  const back = await signInAtGitea(browser, atGitea, ALICE)
  return { callbackUrl: back.location ?? '', clientId }
}

it('asks Gitea for one fixed scope, with PKCE and a state, and never with a nonce', async () => {
  const app = await startOAuthApp()
  const { client_id } = await registerClient(app)

  const atGitea = await createBrowser().open(toAuthorizeUrl(app, client_id), (url) => url.origin === app.gitea.url)

  const query = new URL(atGitea.location ?? '').searchParams
  expect(query.get('scope')).toBe(
    'openid profile email read:user read:organization write:repository write:issue write:notification',
  )
  expect(query.get('code_challenge_method')).toBe('S256')
  expect(query.get('redirect_uri')).toBe(`${app.url}/oauth/callback`)
  expect(query.get('state')).toMatch(/^[\w-]{43}\.[\w-]{43}$/)
  expect(query.has('nonce')).toBe(false)
})

describe('the answer of Gitea', () => {
  it('counts once', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)

    expect((await browser.get(callbackUrl)).location).toMatch(/\/interaction\//)
    const replayed = await browser.get(callbackUrl)

    expect(replayed.status).toBe(400)
    expect(replayed.text).toContain('This sign-in is no longer open')
  })

  it('counts only in the browser that was sent there', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)
    const stranger = createBrowser()
    // the stranger has a sign-in of its own open, so it has the cookies, only others
    await openCallback(app, stranger)

    expect((await stranger.get(callbackUrl)).status).toBe(400)
    expect((await createBrowser().get(callbackUrl)).status).toBe(400)
    expect((await browser.get(callbackUrl)).location).toMatch(/\/interaction\//)
  })

  it('counts for ten minutes', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)

    app.clock.advance(10 * MINUTE)

    expect((await browser.get(callbackUrl)).status).toBe(400)
  })

  it.each([
    ['changed', (state: string) => `x${state.slice(1)}`],
    ['signed by nobody', (state: string) => state.split('.')[0] ?? ''],
    ['missing', () => ''],
  ])('does not count with a state that is %s', async (_name, change) => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const url = new URL((await openCallback(app, browser)).callbackUrl)
    url.searchParams.set('state', change(url.searchParams.get('state') ?? ''))

    expect((await browser.get(url.href)).status).toBe(400)
    expect(app.events.map(({ type }) => type)).not.toContain('signed_in')
  })
})

describe('a sign-in that Gitea does not confirm', () => {
  it('is told honestly when the person said no there, and the client is told too', async () => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)
    const browser = createBrowser()
    const page = await openGiteaConsent(app, browser, toAuthorizeUrl(app, client_id))
    const refused = await browser.submit(page, {}, { name: 'granted', value: 'false' })

    const shown = await browser.settle(refused)

    expect(shown.status).toBe(403)
    expect(shown.text).toContain('You did not sign in')
    const answer = await browser.open(`${shown.url}/give-up`, (url) => url.origin === 'https://client.example')
    expect(new URL(answer.location ?? '').searchParams.get('error')).toBe('access_denied')
  })

  it.each([
    ['all', 'Gitea would hand over too much'],
    ['openid profile', 'Gitea would hand over too much'],
    ['read:user READ:repository', 'Gitea would hand over too much'],
    ['openid profile email read:user read:repository', 'Gitea would hand over too little'],
  ])('is refused when the permission Gitea holds is really "%s"', async (scope, title) => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)
    const browser = createBrowser()
    const page = await openGiteaConsent(app, browser, toAuthorizeUrl(app, client_id))
    const granted = await browser.submit(page, { scope }, { name: 'granted', value: 'true' })

    const shown = await browser.settle(granted)

    expect(shown.status).toBe(403)
    expect(shown.text).toContain(title)
    expect(shown.html).toContain(`${app.gitea.url}/user/settings/applications`)
    expect(app.store.sqlite.prepare('SELECT count(*) FROM gitea_token_set').pluck().get()).toBe(0)
  })

  it('works again after the permission was removed as the page says', async () => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)
    const browser = createBrowser()
    const page = await openGiteaConsent(app, browser, toAuthorizeUrl(app, client_id))
    const granted = await browser.submit(page, { scope: 'all' }, { name: 'granted', value: 'true' })
    const shown = await browser.settle(granted)
    await app.gitea.revokeGrant(ALICE.login, app.giteaClientId)

    const retry = await browser.get(`${shown.url}/sign-in`)
    const back = await signInAtGitea(browser, retry, ALICE)
    const consent = await browser.settle(back)

    expect(consent.text).toContain('Signed in as alice')
  })

  it('names a disabled account', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)
    await app.gitea.setUserState(ALICE.login, { prohibitLogin: true })

    const shown = await browser.open(callbackUrl)

    expect(shown.status).toBe(403)
    expect(shown.text).toContain('Your Gitea account cannot sign in')
  })

  it('names a password that has to be changed', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)
    await app.gitea.setUserState(ALICE.login, { mustChangePassword: true })

    const shown = await browser.open(callbackUrl)

    expect(shown.text).toContain('Gitea wants you to change your password')
  })

  it.each([
    ['cannot be reached before', '/.well-known/openid-configuration', { destroySocket: true }],
    ['cannot be reached during the exchange', '/login/oauth/access_token', { destroySocket: true }],
    ['fails during the exchange', '/login/oauth/access_token', { status: 500, body: 'oops' }],
    ['is replaced by a proxy page', '/login/oauth/introspect', { html: true }],
    ['is cut off', '/api/v1/user', { truncate: 20 }],
  ])('says so and offers another try when Gitea %s', async (_name, path, fault) => {
    const app = await startOAuthApp()
    const { client_id } = await registerClient(app)
    const browser = createBrowser()
    app.gitea.fault({ path, times: 1, ...fault })

    const page = await openConsent(app, browser, toAuthorizeUrl(app, client_id))

    expect(page.status).toBe(502)
    expect(page.text).toContain('Gitea does not answer')
    app.gitea.fault(null)
    const uid = /\/interaction\/([\w-]+)/.exec(page.url)?.[1]
    const retry = await browser.get(`${app.url}/interaction/${uid}/sign-in`)
    const consent = await browser.settle(await signInAtGitea(browser, retry, ALICE))
    expect(consent.text).toContain('Signed in as alice')
    expect(app.faults).toEqual([])
  })

  it('blames the server, not the person, when its application is gone from Gitea', async () => {
    const app = await startOAuthApp()
    const browser = createBrowser()
    const { callbackUrl } = await openCallback(app, browser)
    app.gitea.fault({
      path: '/login/oauth/access_token',
      status: 400,
      body: '{"error":"invalid_client","error_description":"cannot load client with client id"}',
    })

    const shown = await browser.open(callbackUrl)

    expect(shown.status).toBe(502)
    expect(shown.text).toContain('This server is not known to Gitea')
  })
})

it('keeps one token set per person, of the latest sign-in', async () => {
  const app = await startOAuthApp()
  const first = await connect(app)
  const second = await connect(app)

  expect(app.store.sqlite.prepare('SELECT count(*) FROM gitea_token_set').pluck().get()).toBe(1)
  expect((await callMcp(app, first.tokens.access_token)).status).toBe(200)
  expect((await callMcp(app, second.tokens.access_token)).status).toBe(200)
})

it('ends an open interaction after half an hour', async () => {
  const app = await startOAuthApp()
  const { client_id } = await registerClient(app)
  const browser = createBrowser()
  const page = await openConsent(app, browser, toAuthorizeUrl(app, client_id))

  app.clock.advance(31 * MINUTE)
  app.oauth.sweep()

  expect((await browser.get(page.url)).text).toContain('This sign-in is no longer open')
  await expect(decide(app, browser, page)).rejects.toThrow('400')
})
