import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { postForm, refreshConnection } from '../support/connect-client.js'
import { listToolNames, sendMcp } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

let stack: Stack

beforeEach(async () => {
  stack = await startStack(await startGitea())
})

afterEach(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('a connection ends on its very next request', () => {
  test('when the client revokes its token', async () => {
    const alice = await stack.connect()
    await stack.call(alice, 'get_me')

    await postForm(`${stack.url}/revoke`, { token: alice.refreshToken, client_id: alice.clientId })

    const answer = await stack.call(alice, 'get_me')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer error="invalid_token", error_description="[^"]+", resource_metadata="[^"]+\/mcp", scope="read:repository"$/,
    )
    await expect(refreshConnection(stack.url, alice)).rejects.toThrow(/400.*invalid_grant/)
  })

  test('when the person removes the application in Gitea, for calls and for lists', async () => {
    const [first, second] = [await stack.connect(), await stack.connect()]
    await stack.call(first, 'get_me')

    await stack.gitea.revokeGrant('alice', stack.giteaClientId)

    expect((await stack.call(first, 'get_me')).status).toBe(401)
    expect((await sendMcp(stack.url, 'tools/list', {}, { token: second.accessToken })).status).toBe(401)
    await expect(refreshConnection(stack.url, second)).rejects.toThrow(/400.*invalid_grant/)
    expect(await readAudit(stack.aegis)).toContainEqual(
      expect.objectContaining({ type: 'security_event', reason: 'account_revoked' }),
    )
  })

  test('and the person can sign in again afterwards', async () => {
    const before = await stack.connect()
    await stack.gitea.revokeGrant('alice', stack.giteaClientId)
    await stack.call(before, 'get_me')

    const after = await stack.connect()

    expect((await stack.call(after, 'get_me')).text).toContain('alice')
  })
})

describe('an account that Gitea does not let in any more', () => {
  test('is told so by every call, without being sent to sign in again and again', async () => {
    const alice = await stack.connect()
    await stack.gitea.setUserState('alice', { prohibitLogin: true })

    const answer = await stack.call(alice, 'get_me')

    expect(answer.status).toBe(200)
    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(/account/i)

    await stack.gitea.setUserState('alice', { prohibitLogin: false })
    expect((await stack.call(alice, 'get_me')).isError).toBe(false)
  })
})

describe('one person’s end is not another’s', () => {
  test('bob goes on when alice’s sign-in is gone', async () => {
    const alice = await stack.connect()
    const bob = await stack.connect(seedPeople.bob)
    await stack.gitea.revokeGrant('alice', stack.giteaClientId)
    await stack.call(alice, 'get_me')

    expect((await stack.call(bob, 'get_me')).text).toContain('bob')
    expect(await listToolNames(stack.url, bob.accessToken)).toContain('get_me')
  })
})
