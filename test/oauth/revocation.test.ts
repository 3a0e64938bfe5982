import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import { BOB, startOAuthApp } from './oauth-app.js'
import { callMcp, connect, postForm, refresh, registerClient } from './oauth-client.js'

describe('revocation', () => {
  it.each(['access_token', 'refresh_token'] as const)('by the %s ends the family at once', async (which) => {
    const app = await startOAuthApp()
    const { client, tokens } = await connect(app)

    const answer = await postForm(`${app.url}/revoke`, { client_id: client.client_id, token: tokens[which] })

    expect(answer.status).toBe(200)
    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
    expect((await refresh(app, client.client_id, tokens.refresh_token)).status).toBe(400)
    expect(app.oauth.tokens.wasIssued(tokens.access_token)).toBe(true)
  })

  it('of another client’s token changes nothing', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app)
    const other = await registerClient(app)

    await postForm(`${app.url}/revoke`, { client_id: other.client_id, token: tokens.access_token })

    expect((await callMcp(app, tokens.access_token)).status).toBe(200)
  })

  it('of an account ends everything of that person and nothing of others', async () => {
    const app = await startOAuthApp()
    const [alice, again, bob] = [await connect(app), await connect(app), await connect(app, { person: BOB })]
    const accountId = String((await callMcp(app, alice.tokens.access_token)).body.accountId)

    expect(app.oauth.revokeAccount(accountId, 'operator')).toBe(2)

    expect((await callMcp(app, alice.tokens.access_token)).status).toBe(401)
    expect((await callMcp(app, again.tokens.access_token)).status).toBe(401)
    expect((await refresh(app, alice.client.client_id, alice.tokens.refresh_token)).status).toBe(400)
    expect((await callMcp(app, bob.tokens.access_token)).status).toBe(200)
    expect(app.events).toContainEqual({ type: 'account_revoked', accountId, reason: 'operator', grants: 2 })
  })

  it('by an operator who has only the token ends its family', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app)

    expect(app.oauth.tokens.revokeToken(tokens.access_token)).toBe(true)
    expect(app.oauth.tokens.revokeToken(tokens.access_token)).toBe(false)
    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
  })
})

describe('an access token', () => {
  it('ends after an hour, and is known as one that was ours', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app)

    app.clock.advance(60 * MINUTE)

    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
    expect(app.oauth.tokens.wasIssued(tokens.access_token)).toBe(true)
    expect(app.oauth.tokens.wasIssued(`${tokens.access_token.slice(0, -1)}_`)).toBe(false)
    expect(app.oauth.tokens.wasIssued(`agm_at_${'x'.repeat(54)}`)).toBe(false)
  })

  it('for another resource is not accepted', async () => {
    const app = await startOAuthApp()
    const { tokens } = await connect(app)
    app.store.sqlite.exec(
      `UPDATE oauth_state SET payload = json_set(payload, '$.aud', 'https://other.example/mcp') WHERE kind = 'AccessToken'`,
    )

    expect((await callMcp(app, tokens.access_token)).status).toBe(401)
  })
})
