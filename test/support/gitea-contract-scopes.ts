/** Scopes, introspection, and what happens to tokens when a grant or a person goes. */
import { expect, test } from 'vitest'
import { callApi } from './gitea-contract-oauth.js'
import { createGiteaClient, introspect, obtainTokens, refreshToken } from './gitea-oauth-client.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { seedPeople } from './seed-gitea.js'

const { alice, admin } = seedPeople
let newcomers = 0

async function addNewcomer(gitea: GiteaUnderTest): Promise<{ readonly login: string; readonly password: string }> {
  newcomers += 1
  const person = { login: `newcomer-${newcomers}`, password: 'newcomer-passw0rd' }
  await gitea.addUser(person)
  return person
}

export function testScopes(getGitea: () => GiteaUnderTest): void {
  test.each([['openid profile'], ['openid read:user offline_access'], ['openid READ:USER'], ['']])(
    'the scope "%s" means full access',
    async (scope) => {
      const gitea = getGitea()
      const { access } = await obtainTokens(gitea, await createGiteaClient(gitea), await addNewcomer(gitea), scope)

      expect(await callApi(gitea, access, '/user/repos')).toBe('200')
      expect(await callApi(gitea, access, '/user/orgs')).toBe('200')
    },
  )

  test('each area needs its own scope, and the refusal names it', async () => {
    const gitea = getGitea()
    const token = await gitea.createToken('alice', ['read:repository'])

    expect(await callApi(gitea, token, '/repos/harbor/booking')).toBe('200')
    expect(await callApi(gitea, token, '/repos/harbor/booking/pulls')).toBe('200')
    expect(await callApi(gitea, token, '/repos/harbor/booking/issues')).toBe(
      '403 token does not have at least one of required scope(s), required=[read:issue], token scope=read:repository',
    )
    expect(await callApi(gitea, token, '/user')).toContain('required=[read:user]')
    expect(await callApi(gitea, token, '/user/repos')).toContain('required=[read:user]')
    expect(await callApi(gitea, token, '/user/orgs')).toContain('required=[read:user read:organization]')
    expect(await callApi(gitea, token, '/orgs/harbor/repos')).toContain('required=[read:organization]')
    expect(await callApi(gitea, token, '/version')).toBe('200')
  })

  test('public-only refuses single private repositories but still lists them', async () => {
    const gitea = getGitea()
    const token = await gitea.createToken('alice', ['public-only', 'read:repository', 'read:issue', 'read:user'])
    const response = await fetch(`${gitea.url}/api/v1/user/repos`, { headers: { authorization: `token ${token}` } })

    expect(await callApi(gitea, token, '/repos/harbor/infra')).toBe('403 token scope is limited to public repos')
    expect(await callApi(gitea, token, '/repos/harbor/infra/issues')).toBe(
      '403 token scope is limited to public issues',
    )
    expect(await response.text()).toContain('"full_name":"harbor/infra"')
  })

  test('dead tokens are refused even where none is needed', async () => {
    const gitea = getGitea()

    for (const token of ['0123456789012345678901234567890123456789', 'a.b.c']) {
      expect(await callApi(gitea, token, '/version')).toBe('401 user does not exist [uid: 0, name: ]')
    }
    expect((await fetch(`${gitea.url}/api/v1/user`)).status).toBe(401)
  })

  test('refresh tokens and id tokens are no login', async () => {
    const gitea = getGitea()
    const { refresh, id } = await obtainTokens(gitea, await createGiteaClient(gitea), alice)

    expect(await callApi(gitea, refresh, '/user')).toMatch(/^401/)
    expect(await callApi(gitea, id ?? '', '/user')).toMatch(/^401/)
  })

  test('an OAuth token sent as a Basic password is not limited by its scope, and can make tokens', async () => {
    const gitea = getGitea()
    const { access } = await obtainTokens(gitea, await createGiteaClient(gitea), alice, 'read:user')
    const headers = { authorization: `Basic ${btoa(`alice:${access}`)}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: `made-${Date.now()}`, scopes: ['all'] })
    const read = await fetch(`${gitea.url}/api/v1/repos/harbor/infra`, { headers })
    const made = await fetch(`${gitea.url}/api/v1/users/alice/tokens`, { method: 'POST', headers, body })

    expect(await callApi(gitea, access, '/repos/harbor/infra')).toMatch(/^403/)
    expect([read.status, made.status]).toEqual([200, 201])
  })

  test('tokens are made with Basic credentials only', async () => {
    const gitea = getGitea()
    const token = await gitea.createToken('alice', ['all'])
    const body = JSON.stringify({ name: 'x', scopes: ['all'] })
    const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${gitea.url}/api/v1/users/alice/tokens`, { method: 'POST', headers, body })

    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining('auth required')])
  })
}

export function testIntrospection(getGitea: () => GiteaUnderTest): void {
  test('introspection by JSON tells the person, the scope and the client', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const { access, refresh } = await obtainTokens(gitea, client, alice, 'openid read:user')
    const reply = await introspect(gitea, client, access)

    expect(reply.body).toEqual({
      active: true,
      scope: 'openid read:user',
      username: 'alice',
      iss: gitea.url,
      sub: expect.stringMatching(/^\d+$/),
      aud: [client.clientId],
    })
    expect((await introspect(gitea, client, refresh)).body.active).toBe(true)
    expect(await introspect(gitea, client, 'nonsense')).toMatchObject({ status: 200, body: { active: false } })
  })

  test('any registered client may ask about any token, and only aud tells whose it is', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, client, alice)

    expect((await introspect(gitea, await createGiteaClient(gitea), access)).body).toMatchObject({
      aud: [client.clientId],
    })
    const reply = await introspect(gitea, { ...client, clientSecret: 'gto_wrong' }, access)
    expect([reply.status, reply.text]).toEqual([401, 'no valid authorization'])
  })

  test('introspection by form takes the token for a login and refuses dead and refresh tokens', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const { access, refresh } = await obtainTokens(gitea, client, alice)

    expect((await introspect(gitea, client, access, 'form')).status).toBe(200)
    for (const token of [refresh, 'nonsense']) {
      const reply = await introspect(gitea, client, token, 'form')
      expect([reply.status, reply.text]).toEqual([401, 'Failed to authenticate user\n'])
    }
  })

  test('personal access tokens cannot be introspected', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const token = await gitea.createToken('alice', ['read:user'])

    expect((await introspect(gitea, client, token)).body).toEqual({ active: false })
  })

  test('userinfo needs no scope and refuses a bad token with its own words', async () => {
    const gitea = getGitea()
    const token = await gitea.createToken('alice', ['read:issue'])
    const ask = async (authorization?: string): Promise<readonly [number, string, string | null]> => {
      const headers = authorization ? { authorization } : {}
      const response = await fetch(`${gitea.url}/login/oauth/userinfo`, { headers })
      return [response.status, await response.text(), response.headers.get('www-authenticate')]
    }

    expect((await ask(`Bearer ${token}`))[1]).toContain('"preferred_username":"alice"')
    expect(await ask('Bearer nonsense')).toEqual([401, 'Failed to authenticate user\n', null])
    expect(await ask()).toEqual([401, 'no valid authorization', 'Bearer realm="Gitea OAuth2"'])
  })
}

export function testLoss(getGitea: () => GiteaUnderTest): void {
  test('removing a grant kills its tokens at once', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const { access, refresh } = await obtainTokens(gitea, client, alice)
    await gitea.revokeGrant(alice.login, client.clientId)

    expect(await callApi(gitea, access, '/user')).toMatch(/^401/)
    expect((await introspect(gitea, client, access)).body).toEqual({ active: false })
    expect((await refreshToken(gitea, client, refresh)).body).toEqual({
      error: 'invalid_grant',
      error_description: 'grant does not exist',
    })
  })

  test('refresh, introspection and Sudo do not notice a disabled person; the API does', async () => {
    const gitea = getGitea()
    const client = await createGiteaClient(gitea)
    const person = await addNewcomer(gitea)
    const { access, refresh } = await obtainTokens(gitea, client, person)
    await gitea.setUserState(person.login, { prohibitLogin: true })
    const adminToken = await gitea.createToken(admin.login, ['read:user'])
    const headers = { authorization: `token ${adminToken}`, sudo: person.login }
    const sudo = await fetch(`${gitea.url}/api/v1/user`, { headers })

    expect(await callApi(gitea, access, '/user')).toBe(
      '403 This account is prohibited from signing in, please contact your site administrator.',
    )
    expect((await refreshToken(gitea, client, refresh)).status).toBe(200)
    expect((await introspect(gitea, client, access)).body.active).toBe(true)
    expect(sudo.status).toBe(200)
  })
}
