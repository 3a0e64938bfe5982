import { describe, expect, it } from 'vitest'
import { DAY } from '../../src/lib/units.js'
import { createBrowser } from '../support/browser.js'
import { signInAtGitea } from '../support/sign-in-at-gitea.js'
import { BOB, LOOPBACK_REDIRECT, startOAuthApp, WEB_REDIRECT } from './oauth-app.js'
import { callMcp, connect, decide, exchange, openConsent, registerClient, toAuthorizeUrl } from './oauth-client.js'

const WRITE = { scope: 'read:repository write:repository' }

describe('the consent page', () => {
  it('says who asks, for what, and where the answer goes', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)

    const page = await openConsent(app, createBrowser(), toAuthorizeUrl(app, client.client_id))

    expect(page.text).toContain('Nobody vouches for its name.')
    expect(page.text).toContain('Sends you back to client.example /callback')
    expect(page.text).toContain('read the repositories, issues and pull requests that you can read')
    expect(page.text).toContain('not change anything')
    expect(page.text).toContain('never merge, delete, push or change settings')
    expect(page.text).toContain('Signed in as alice ( alice of Example )')
  })

  it('is sent so that nothing can be loaded, framed, kept or sent elsewhere', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)

    const page = await openConsent(app, createBrowser(), toAuthorizeUrl(app, client.client_id))

    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.html).not.toMatch(/<script|<img|<link|javascript:/i)
  })

  it('shows a hostile name as text and nothing else', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app, {
      client_name: `<script>alert(1)</script>“ \u202Egnp.exe\u200B ${'x'.repeat(500)}`,
      logo_uri: 'https://evil.example/logo.png',
      client_uri: 'https://evil.example/',
    })

    const page = await openConsent(app, createBrowser(), toAuthorizeUrl(app, client.client_id))

    expect(page.html).not.toContain('<script')
    expect(page.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page.html).not.toMatch(/[\u202E\u200B]/)
    expect(page.html).not.toContain('x'.repeat(60))
    expect(page.html).not.toContain('evil.example')
  })

  it('answers with a page of ours, so that the client may send the browser on to anywhere', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

    const answer = await browser.submit(page, {}, { name: 'decision', value: 'allow' })

    expect(answer.status).toBe(200)
    expect(answer.text).toContain('Going back to Test client')
    expect(answer.location).toMatch(new RegExp(`^${app.url}/authorize/`))
  })

  it('says no to the client when the person does', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

    const answer = await decide(app, browser, page, 'deny')

    expect(answer.searchParams.get('error')).toBe('access_denied')
    expect(answer.searchParams.get('state')).toBe('client-state')
    expect(answer.searchParams.get('iss')).toBe(app.url)
    expect(app.events.at(-1)).toMatchObject({ type: 'client_denied', clientId: client.client_id })
  })

  it('is not answered by a form from elsewhere', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

    for (const csrf of ['', 'x'.repeat(43)]) {
      const answer = await browser.post(page.url, { csrf, decision: 'allow' })
      expect(answer.status).toBe(403)
      expect(answer.location).toBeUndefined()
    }
    expect((await browser.post(page.url, { csrf: '', decision: 'own' })).status).toBe(403)
    expect(app.events.map(({ type }) => type)).not.toContain('client_allowed')
  })

  it('that named one person does not count for another who signed in meanwhile', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const forAlice = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
    const atGitea = await browser.get(`${forAlice.url}/sign-in`)
    const asBob = createBrowser()
    const back = await signInAtGitea(asBob, atGitea.location ?? '', BOB)
    const forBob = await browser.open(back.location ?? '')
    expect(forBob.text).toContain('Signed in as bob')

    const answer = await browser.submit(forAlice, {}, { name: 'decision', value: 'allow' })

    expect(answer.status).toBe(403)
  })

  it('belongs to the browser it was opened in', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const page = await openConsent(app, createBrowser(), toAuthorizeUrl(app, client.client_id))

    const stranger = await createBrowser().get(page.url)

    expect(stranger.status).toBe(400)
    expect(stranger.text).toContain('This sign-in is no longer open')
  })

  it('is gone once answered', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))
    await decide(app, browser, page)

    expect((await browser.get(page.url)).status).toBe(400)
    expect((await browser.submit(page, {}, { name: 'decision', value: 'allow' })).status).toBe(400)
  })

  it('goes with a page to an app outside the browser, which stays on the screen', async () => {
    const app = await startOAuthApp()
    const redirect = 'cursor://anysphere.cursor-mcp/oauth/callback'
    const client = await registerClient(app, { client_name: 'Cursor', redirect_uris: [redirect] })
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id, { redirect_uri: redirect }))
    expect(page.text).toContain('Opens an app on this computer')

    const done = await browser.submit(page, {}, { name: 'decision', value: 'allow' })

    expect(done.text).toContain('You can close this window')
    const last = await browser.follow(done)
    expect(last.location).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=agm_ac_/)
    const tokens = await exchange(app, client.client_id, new URL(last.location ?? ''), { redirect_uri: redirect })
    expect(tokens.status).toBe(200)
  })
})

describe('a person who said yes', () => {
  it('is not asked again by the same client at the same address', async () => {
    const app = await startOAuthApp()
    const { browser, client } = await connect(app)

    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

    expect(new URL(page.location ?? '').searchParams.get('code')).toMatch(/^agm_ac_/)
  })

  it.each([
    ['the client asks for the question', { prompt: 'consent' }],
    ['the answer would go elsewhere', { redirect_uri: 'https://client.example/other' }],
    ['the client wants more', WRITE],
  ])('is asked again when %s', async (_name, changes) => {
    const app = await startOAuthApp()
    const client = await registerClient(app, { redirect_uris: [WEB_REDIRECT, 'https://client.example/other'] })
    const { browser } = await connect(app, { client })

    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id, changes))

    expect(page.text).toContain('Signed in as alice')
  })

  it('is asked every time by a client on their computer', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app, { redirect_uris: [LOOPBACK_REDIRECT] })
    const { browser } = await connect(app, { client })

    const page = await openConsent(
      app,
      browser,
      toAuthorizeUrl(app, client.client_id, { redirect_uri: LOOPBACK_REDIRECT }),
    )

    expect(page.text).toContain('Runs on this computer, and nobody vouches for its name.')
  })

  it('does not say yes for somebody else', async () => {
    const app = await startOAuthApp()
    const { client } = await connect(app)

    const page = await openConsent(app, createBrowser(), toAuthorizeUrl(app, client.client_id), BOB)

    expect(page.text).toContain('Signed in as bob')
  })

  it('is shown what is new when the client asks to write later, and keeps what it had', async () => {
    const app = await startOAuthApp()
    const { browser, client, tokens } = await connect(app)

    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id, WRITE))

    expect(page.text).toContain('Allow Test client to change things in')
    expect(page.text).toContain('It can read already.')
    expect(page.text).toContain('New create and edit issues')
    const callback = await decide(app, browser, page)
    const stepped = await exchange(app, client.client_id, callback)
    expect(stepped.body.scope).toBe('read:repository write:repository')
    expect((await callMcp(app, tokens.access_token)).body.scopes).toEqual(['read:repository'])
  })
})

describe('narrowing', () => {
  it('limits every token of the consent to the chosen repositories and time, also after a refresh', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app, {
      request: WRITE,
      fields: { repositories: 'Acme/Web\n acme/api, acme/web', expiry: 'day' },
    })

    const { body } = await callMcp(app, tokens.access_token)

    expect(body).toMatchObject({
      scopes: ['read:repository', 'write:repository'],
      grant: { readOnly: false, repositories: ['acme/web', 'acme/api'] },
    })
    app.clock.advance(DAY)
    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
  })

  it('to reading takes the writing scope away', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app, { request: WRITE, fields: { read_only: 'yes' } })

    expect(tokens.scope).toBe('read:repository')
    expect((await callMcp(app, tokens.access_token)).body).toMatchObject({
      scopes: ['read:repository'],
      grant: { readOnly: true },
    })
  })

  it('with something that is no repository says so and keeps what was typed', async () => {
    const app = await startOAuthApp()
    const client = await registerClient(app)
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

    const again = await browser.submit(
      page,
      { repositories: 'acme/web\n<b>acme</b>', expiry: 'month' },
      { name: 'decision', value: 'allow' },
    )

    expect(again.status).toBe(400)
    expect(again.text).toContain('“<b>acme</b>” is not a repository.')
    expect(again.html).toContain('acme/web\n&lt;b&gt;acme&lt;/b&gt;')
    expect(again.forms[0]?.fields).toMatchObject({ expiry: 'month' })
    const callback = await decide(app, browser, again, 'allow', { repositories: 'acme/web' })
    expect(callback.searchParams.get('code')).toMatch(/^agm_ac_/)
  })

  it('is remembered with the yes', async () => {
    const app = await startOAuthApp()
    const { browser, client } = await connect(app, { fields: { repositories: 'acme/web' } })

    const { tokens } = await connect(app, { browser, client })

    expect((await callMcp(app, tokens.access_token)).body).toMatchObject({ grant: { repositories: ['acme/web'] } })
  })
})

it('offers to sign in as somebody else, and says how', async () => {
  const app = await startOAuthApp()
  const client = await registerClient(app)
  const browser = createBrowser()
  const page = await openConsent(app, browser, toAuthorizeUrl(app, client.client_id))

  const switching = await browser.get(`${page.url}/switch`)
  const again = await browser.get(`${page.url}/sign-in`)

  expect(switching.text).toContain('Gitea has you signed in as alice')
  expect(switching.text).toContain('sign out there')
  expect(new URL(again.location ?? '').origin).toBe(app.gitea.url)
})
