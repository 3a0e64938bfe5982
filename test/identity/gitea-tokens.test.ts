import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Unauthenticated } from '../../src/lib/errors.js'
import { createGiteaClient, type GiteaClient, obtainTokens } from '../support/gitea-oauth-client.js'
import { createGiteaTokenDoor } from '../support/gitea-token-door.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'

const { alice } = seedPeople
const READ = 'openid profile read:user read:repository read:issue'
const MINUTE = 60_000

let gitea: GiteaUnderTest
let client: GiteaClient
beforeAll(async () => {
  gitea = await startGitea()
  client = await createGiteaClient(gitea)
})
afterAll(() => gitea.close())

describe('a token that Gitea made for our application', () => {
  test('stands for its person, with what it may do in Gitea, and is the way to Gitea itself', async () => {
    const { access } = await obtainTokens(gitea, client, alice, READ)

    const found = await createGiteaTokenDoor(gitea, client).present(access)

    expect(found).toMatchObject({
      kind: 'caller',
      caller: { login: 'alice', clientId: 'gitea-token', scopes: new Set(['read:repository']) },
    })
    if (found.kind !== 'caller') throw new Error('no caller')
    expect(found.caller.accountId).toMatch(/^gitea:\d+$/)
    expect(found.caller.permits).toBeUndefined()
    expect(await found.caller.gitea.token()).toBe(access)
  })

  test('may write when Gitea lets it', async () => {
    const writing = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, writing, alice, 'read:user write:repository write:issue')

    expect(await createGiteaTokenDoor(gitea, writing).present(access)).toMatchObject({
      caller: { scopes: new Set(['write:repository']) },
    })
  })

  test('is good without the right to read the account', async () => {
    const narrow = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, narrow, alice, 'read:repository')

    expect(await createGiteaTokenDoor(gitea, narrow).present(access)).toMatchObject({
      kind: 'caller',
      caller: { login: 'alice' },
    })
  })

  test('tells the log what it is and what became of it, and never itself', async () => {
    const door = createGiteaTokenDoor(gitea, client)
    const { access } = await obtainTokens(gitea, client, alice, READ)
    await door.present(access)
    await door.present(access)

    expect(door.readSummaries()).toEqual([
      expect.objectContaining({
        token_type: 'jwt',
        scopes_observed: expect.arrayContaining(['openid', 'read:repository']),
        scopes_effective: ['read:repository'],
        api_probe: 'pass',
        login: 'alice',
        request_id: 'request-1',
      }),
      expect.objectContaining({ api_probe: 'skip:cached', login: 'alice' }),
    ])
    expect(JSON.stringify(door.readLog())).not.toContain(access.slice(-20))
  })

  test('ends here when Gitea refuses it, and is told to be refreshed rather than counted as a guess', async () => {
    const ending = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, ending, alice, READ)
    const door = createGiteaTokenDoor(gitea, ending)
    const found = await door.present(access)
    if (found.kind !== 'caller') throw new Error('no caller')
    await gitea.revokeGrant(alice.login, ending.clientId)

    await expect(found.caller.gitea.renew(access)).rejects.toThrow(Unauthenticated)
    await expect(found.caller.gitea.renew(access)).rejects.toThrow(/Refresh it, or connect/)
    expect(await door.present(access)).toMatchObject({ kind: 'ended', problem: expect.stringMatching(/Refresh it/) })
  })

  test('is asked about again after a while, and ends when Gitea does not know it any more', async () => {
    const ending = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, ending, alice, READ)
    const door = createGiteaTokenDoor(gitea, ending)
    await door.present(access)
    await gitea.revokeGrant(alice.login, ending.clientId)

    expect(await door.present(access)).toMatchObject({ kind: 'caller' })
    door.advance(6 * MINUTE)
    expect(await door.present(access)).toMatchObject({ kind: 'ended' })
  })

  test('is over at the time it says itself', async () => {
    const { access } = await obtainTokens(gitea, client, alice, READ)
    const door = createGiteaTokenDoor(gitea, client)
    await door.present(access)

    door.advance(61 * MINUTE)
    expect(await door.present(access)).toMatchObject({ kind: 'ended' })
  })

  test('of a person who may not sign in opens nothing', async () => {
    const login = `disabled-${client.clientId.slice(0, 8)}`
    const person = { login, password: 'some-passw0rd-of-theirs' }
    await gitea.addUser(person)
    const { access } = await obtainTokens(gitea, client, person, READ)
    await gitea.setUserState(login, { prohibitLogin: true })

    const door = createGiteaTokenDoor(gitea, client)
    expect(await door.present(access)).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'gitea_account',
      problem: expect.stringMatching(/disabled/),
    })
    expect(door.readSummaries()).toEqual([expect.objectContaining({ login, api_probe: 'fail:403' })])
  })
})

describe('refused is', () => {
  test('a token of another application, unless it is named', async () => {
    const other = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, other, alice, READ)

    expect(await createGiteaTokenDoor(gitea, client).present(access)).toMatchObject({
      kind: 'refused',
      status: 401,
      reason: 'wrong_audience',
      problem: expect.stringMatching(/OAUTH_EXPECTED_AUDIENCE/),
    })
    expect(await createGiteaTokenDoor(gitea, client, [other.clientId]).present(access)).toMatchObject({
      kind: 'caller',
    })
  })

  test.each(['openid profile email', 'all', 'read:user offline_access read:repository', 'READ:repository'])(
    'a token that may do everything, however it came to it: %s',
    async (scope) => {
      const wide = await createGiteaClient(gitea)
      const { access } = await obtainTokens(gitea, wide, alice, scope)

      expect(await createGiteaTokenDoor(gitea, wide).present(access)).toMatchObject({
        kind: 'refused',
        status: 403,
        reason: 'full_access',
        problem: expect.stringMatching(/revoke the application, then connect again/),
      })
    },
  )

  test('a token without any right to repositories, with the line that troubleshooting knows', async () => {
    const poor = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, poor, alice, 'openid read:user')

    const door = createGiteaTokenDoor(gitea, poor)
    expect(await door.present(access)).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'insufficient_scope',
      problem: expect.stringMatching(/connect again and ask for read:repository/),
    })
    expect(door.readLog()).toContainEqual(
      expect.objectContaining({ event: 'oauth_token_lacks_api_scope', status: 403, login: 'alice' }),
    )
  })

  test('a refresh token', async () => {
    const { refresh } = await obtainTokens(gitea, client, alice, READ)

    expect(await createGiteaTokenDoor(gitea, client).present(refresh)).toMatchObject({ kind: 'unknown' })
  })

  test('an ID token', async () => {
    const { id } = await obtainTokens(gitea, client, alice, READ)

    expect(await createGiteaTokenDoor(gitea, client).present(id ?? '')).toMatchObject({ kind: 'unknown' })
  })

  test('a personal access token, with what to do instead', async () => {
    const token = await gitea.createToken('alice', ['read:repository'])

    expect(await createGiteaTokenDoor(gitea, client).present(token)).toMatchObject({
      kind: 'unknown',
      problem: expect.stringMatching(/Personal access tokens .* not taken/),
    })
  })

  test.each(['nonsense', 'a.b.c', `${'x'.repeat(43)}`])('what Gitea does not know: %s', async (token) => {
    expect(await createGiteaTokenDoor(gitea, client).present(token)).toMatchObject({
      kind: 'unknown',
      problem: 'Gitea does not know this token',
    })
  })
})
