import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import { BOB, type OAuthApp, startOAuthApp } from './oauth-app.js'
import { callMcp, connect, refresh } from './oauth-client.js'

const HOUR_BEFORE_REFRESH = 59 * MINUTE

async function connectAlice(app: OAuthApp) {
  const connection = await connect(app)
  const accountId = String((await callMcp(app, connection.tokens.access_token)).body.accountId)
  return { ...connection, accountId, credential: app.oauth.vault.credentialFor(accountId) }
}

function countRefreshes(app: OAuthApp): number {
  return app.gitea.requests.filter(({ path }) => path === '/login/oauth/access_token').length - 1
}

async function whoIs(app: OAuthApp, token: string): Promise<unknown> {
  const response = await fetch(`${app.gitea.url}/api/v1/user`, { headers: { authorization: `Bearer ${token}` } })
  return ((await response.json()) as { login?: string }).login
}

it('refreshes once for twenty calls at the moment of expiry', async () => {
  const app = await startOAuthApp()
  const { credential } = await connectAlice(app)
  const before = await credential.token()
  app.clock.advance(HOUR_BEFORE_REFRESH + 30_000)

  const tokens = await Promise.all(Array.from({ length: 20 }, () => credential.token()))

  expect(new Set(tokens).size).toBe(1)
  expect(tokens[0]).not.toBe(before)
  expect(countRefreshes(app)).toBe(1)
  expect(await whoIs(app, tokens[0] ?? '')).toBe('alice')
})

it('does not refresh a token that has more than a minute left', async () => {
  const app = await startOAuthApp()
  const { credential } = await connectAlice(app)
  const before = await credential.token()

  app.clock.advance(HOUR_BEFORE_REFRESH - 30_000)

  expect(await credential.token()).toBe(before)
  expect(countRefreshes(app)).toBe(0)
})

describe('a Gitea that cannot be reached for a refresh', () => {
  const outages = [
    ['no connection', { destroySocket: true }],
    ['an error', { status: 503, body: 'busy' }],
    ['a page of a proxy', { html: true }],
    ['garbage', { status: 200, body: '<<<' }],
  ] as const

  it.each(outages)('changes nothing while the token is still good: %s', async (_name, fault) => {
    const app = await startOAuthApp()
    const { credential, tokens } = await connectAlice(app)
    const before = await credential.token()
    app.clock.advance(HOUR_BEFORE_REFRESH + 30_000)
    app.gitea.fault({ path: '/login/oauth/access_token', ...fault })

    expect(await credential.token()).toBe(before)

    app.gitea.fault(null)
    expect(await credential.token()).not.toBe(before)
    expect((await callMcp(app, tokens.access_token)).status).toBe(200)
  })

  it.each(outages)('is the answer when the token is over, and the person stays signed in: %s', async (_name, fault) => {
    const app = await startOAuthApp()
    const { credential, accountId } = await connectAlice(app)
    app.clock.advance(2 * 60 * MINUTE)
    app.gitea.fault({ path: '/login/oauth/access_token', ...fault })

    await expect(credential.token()).rejects.toMatchObject({ name: 'UpstreamFailed', status: 502 })

    app.gitea.fault(null)
    expect(await whoIs(app, await credential.token())).toBe('alice')
    expect(app.oauth.vault.findPerson(accountId)).toMatchObject({ login: 'alice' })
  })
})

it('ends everything of a person who removed the permission in Gitea, and of nobody else', async () => {
  const app = await startOAuthApp()
  const { credential, client, tokens, accountId } = await connectAlice(app)
  const bob = await connect(app, { person: BOB })
  await app.gitea.revokeGrant('alice', app.giteaClientId)

  await expect(credential.renew(await credential.token())).rejects.toMatchObject({
    name: 'Unauthenticated',
    source: 'gitea',
  })

  expect((await callMcp(app, tokens.access_token)).status).toBe(401)
  expect(await refresh(app, client.client_id, tokens.refresh_token)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
  expect(app.oauth.vault.findPerson(accountId)).toBeUndefined()
  expect(app.events).toContainEqual({ type: 'account_revoked', accountId, reason: 'gitea_refused_refresh', grants: 1 })
  expect((await callMcp(app, bob.tokens.access_token)).status).toBe(200)
  await expect(credential.token()).rejects.toMatchObject({ name: 'Unauthenticated', source: 'gitea' })
})

it('asks the same person again after that, though they had said yes', async () => {
  const app = await startOAuthApp()
  const { credential, client, browser } = await connectAlice(app)
  await app.gitea.revokeGrant('alice', app.giteaClientId)
  await credential.renew(await credential.token()).catch(() => undefined)

  const { callback } = await connect(app, { client, browser })

  expect(callback.searchParams.get('code')).toMatch(/^agm_ac_/)
  expect(app.events.filter(({ type }) => type === 'client_allowed')).toMatchObject([
    { wasAsked: true },
    { wasAsked: true },
  ])
})

it('does not punish people when the application is gone from Gitea', async () => {
  const app = await startOAuthApp()
  const { credential, tokens } = await connectAlice(app)
  app.clock.advance(30 * MINUTE)
  const current = await credential.token()
  app.gitea.fault({
    path: '/login/oauth/access_token',
    status: 400,
    body: '{"error":"invalid_client","error_description":"invalid client secret"}',
  })

  await expect(credential.renew(current)).rejects.toMatchObject({
    name: 'UpstreamFailed',
    message: expect.stringContaining('GITEA_OAUTH_CLIENT_SECRET'),
  })

  expect((await callMcp(app, tokens.access_token)).status).toBe(200)
})

it('gives a newer token without asking Gitea when another call already brought one', async () => {
  const app = await startOAuthApp()
  const { credential } = await connectAlice(app)
  const refused = await credential.token()
  app.clock.advance(MINUTE)

  const renewed = await Promise.all(Array.from({ length: 5 }, () => credential.renew(refused)))
  const late = await credential.renew(refused)

  expect(new Set([...renewed, late]).size).toBe(1)
  expect(countRefreshes(app)).toBe(1)
})

it('lets a newer sign-in win over a refresh of the older one, also when Gitea kills old refresh tokens', async () => {
  const app = await startOAuthApp({ gitea: { invalidateRefreshTokens: true } })
  const { credential, tokens, client, browser } = await connectAlice(app)
  app.clock.advance(HOUR_BEFORE_REFRESH + 30_000)
  app.gitea.fault({ path: '/login/oauth/access_token', times: 1, delayMs: 400 })
  const refreshing = credential.token()
  await new Promise((resolve) => setTimeout(resolve, 50))

  await connect(app, { client, browser })

  expect(await whoIs(app, await refreshing)).toBe('alice')
  expect(await whoIs(app, await credential.token())).toBe('alice')
  expect((await callMcp(app, tokens.access_token)).status).not.toBe(500)
  expect(app.events.map(({ type }) => type)).not.toContain('account_revoked')
})

it('survives many refreshes with a Gitea that accepts each refresh token once', async () => {
  const app = await startOAuthApp({ gitea: { invalidateRefreshTokens: true } })
  const { credential } = await connectAlice(app)

  for (let hour = 0; hour < 5; hour += 1) {
    app.clock.advance(60 * MINUTE)
    const tokens = await Promise.all(Array.from({ length: 8 }, () => credential.token()))
    expect(await whoIs(app, tokens[0] ?? '')).toBe('alice')
  }

  expect(countRefreshes(app)).toBe(5)
})
