import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { systemClock } from '../../src/lib/clock.js'
import { createGiteaClient, obtainTokens } from '../support/gitea-oauth-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { type KeycloakIssuer, startKeycloakIssuer } from '../support/keycloak-issuer.js'
import { callTool } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { alice } = seedPeople
const SERVICE_SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']
const infra = { owner: 'harbor', repo: 'infra' }

let gitea: GiteaUnderTest
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.close())

function readMetadata(stack: Stack): Promise<{ authorization_servers: string[]; resource: string }> {
  return fetch(`${stack.url}/.well-known/oauth-protected-resource/mcp`).then(async (answer) =>
    Object(await answer.json()),
  )
}

describe('a person who signs in at a Keycloak realm', () => {
  let keycloak: KeycloakIssuer
  let stack: Stack
  let folder: string
  const toToken = (login: string, more: Record<string, unknown> = {}) =>
    keycloak.createToken({ claims: { aud: `${stack.url}/mcp`, preferred_username: login, ...more } })
  beforeAll(async () => {
    keycloak = await startKeycloakIssuer(systemClock)
    folder = mkdtempSync(join(tmpdir(), 'aegis-'))
    const path = join(folder, 'issuers.yaml')
    const scopes = { 'mcp:execute': 'read:repository', 'mcp:write': 'write:repository' }
    writeFileSync(
      path,
      stringify({ issuers: [{ issuer: keycloak.issuer, login_claim: 'preferred_username', scopes }] }),
    )
    stack = await startStack(gitea, {
      settings: {
        GITEA_TOKEN: await gitea.createToken('admin', SERVICE_SCOPES),
        OIDC_ISSUERS_PATH: path,
        WRITE_MODE: 'true',
        WRITE_ALLOW_ALL_TOKEN_REPOS: 'true',
      },
      policy: 'defaults:\n  read: allow\n  write: allow\n',
    })
  })
  afterAll(async () => {
    await checkAudit(stack.aegis)
    await stack.close()
    await keycloak.close()
    rmSync(folder, { recursive: true })
  })

  test('works as themselves, and the log says so', async () => {
    const token = await toToken('alice', { scope: 'mcp:execute mcp:write' })

    expect((await callTool(stack.url, token, 'get_me')).text).toContain('alice')
    expect((await callTool(stack.url, token, 'get_file_contents', { ...infra, filepath: 'README.md' })).isError).toBe(
      false,
    )
    const made = await callTool(stack.url, token, 'create_issue', { owner: 'harbor', repo: 'booking', title: 'Buoy' })
    expect(made.isError).toBe(false)

    const entries = await readAudit(stack.aegis)
    expect(entries).toContainEqual(
      expect.objectContaining({
        type: 'tool_invocation',
        tool: 'create_issue',
        status: 'pending',
        actor: expect.objectContaining({
          login: 'alice',
          client: `issuer:${new URL(keycloak.issuer).host}:claude`,
        }),
      }),
    )
    expect(JSON.stringify(entries) + stack.aegis.logLines.join('')).not.toContain(token.split('.')[2])
  })

  test('sees no more than in Gitea', async () => {
    const read = await callTool(stack.url, await toToken('mallory'), 'get_file_contents', {
      ...infra,
      filepath: 'README.md',
    })

    expect(read.isError).toBe(true)
    expect(read.text).toMatch(/mallory may not read it/)
  })

  test('is not taken for an organisation that has their name', async () => {
    const answer = await callTool(stack.url, await toToken('harbor'), 'get_me')

    expect(answer.status).toBe(403)
  })

  test('is told what to do when the token is not for this server, and when Gitea does not know them', async () => {
    const elsewhere = await callTool(stack.url, await toToken('alice', { aud: 'account' }), 'get_me')
    expect(elsewhere.status).toBe(401)
    expect(elsewhere.headers.get('www-authenticate')).toMatch(
      new RegExp(`error="invalid_token".*audience ${stack.url}/mcp.*resource_metadata=`),
    )

    const nobody = await callTool(stack.url, await toToken('zoe'), 'get_me')
    expect(nobody.status).toBe(403)
    expect(JSON.stringify(nobody.body)).toContain('zoe signed in, and nobody of this name')
    expect(await readAudit(stack.aegis)).toContainEqual(
      expect.objectContaining({ type: 'access_denied', reason: 'unknown_person' }),
    )
  })

  test('is told which scopes of the realm to ask for when the token has none of them', async () => {
    const { status, headers } = await callTool(stack.url, await toToken('alice', { scope: 'profile' }), 'get_me')

    expect(status).toBe(403)
    expect(headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope", scope="mcp:execute mcp:write"/)
  })

  test('finds the realm beside this server', async () => {
    expect((await readMetadata(stack)).authorization_servers).toEqual([stack.url, keycloak.issuer])
  })

  test('comes in at every door', async () => {
    const answer = await fetch(`${stack.url}/mcp/tool/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await toToken('alice')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tool: 'get_me', arguments: {} }),
    })

    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('alice')
  })
})

describe('without a service token', () => {
  test('the sign-in that a person left here is used, while the login is still theirs', async () => {
    const keycloak = await startKeycloakIssuer(systemClock)
    const folder = mkdtempSync(join(tmpdir(), 'aegis-'))
    const path = join(folder, 'issuers.yaml')
    const issuer = {
      issuer: keycloak.issuer,
      login_claim: 'email',
      login_domain: 'ferries.example',
      audience: 'aegis',
      scopes: { 'mcp:execute': 'read:repository' },
      primary: true,
    }
    writeFileSync(path, stringify({ issuers: [issuer] }))
    const stack = await startStack(gitea, { settings: { OIDC_ISSUERS_PATH: path } })
    const ask = async (login: string) => {
      const token = await keycloak.createToken({
        claims: { email: `${login}@ferries.example`, jti: crypto.randomUUID() },
      })
      return callTool(stack.url, token, 'get_me')
    }
    expect((await ask('alice')).status).toBe(403)

    await stack.connect(alice)
    expect((await ask('alice')).text).toContain('alice')
    expect((await ask('bob')).status).toBe(403)
    expect((await readMetadata(stack)).authorization_servers).toEqual([keycloak.issuer, stack.url])

    // as after a rename: what is kept here says bob, and in Gitea that is somebody else
    stack.aegis.app.store.sqlite.prepare("UPDATE gitea_token_set SET login = 'bob'").run()
    expect((await ask('bob')).status).toBe(403)

    await checkAudit(stack.aegis)
    await stack.close()
    await keycloak.close()
    rmSync(folder, { recursive: true })
  })
})

describe('a client that is registered in Gitea itself', () => {
  test('presents Gitea’s token where that is switched on, and nowhere else', async () => {
    const client = await createGiteaClient(gitea)
    const { access } = await obtainTokens(gitea, client, alice, 'read:user read:repository')
    const open = await startStack(gitea, {
      settings: { OAUTH_MODE: 'true', OAUTH_EXPECTED_AUDIENCE: client.clientId },
    })
    const closed = await startStack(gitea)

    expect((await callTool(open.url, access, 'get_me')).text).toContain('alice')
    expect((await callTool(open.url, access, 'get_file_tree', infra)).isError).toBe(false)
    const entries = await readAudit(open.aegis)
    expect(entries).toContainEqual(
      expect.objectContaining({
        type: 'tool_invocation',
        tool: 'get_file_tree',
        status: 'pending',
        actor: expect.objectContaining({ login: 'alice', client: 'gitea-token' }),
      }),
    )
    expect((await readMetadata(open)).authorization_servers).toEqual([open.url, gitea.url])
    expect(JSON.stringify(entries) + open.aegis.logLines.join('')).not.toContain(access.split('.')[2])

    expect((await callTool(closed.url, access, 'get_me')).status).toBe(401)

    await gitea.revokeGrant(alice.login, client.clientId)
    const ended = await callTool(open.url, access, 'get_me')
    expect(ended.status).toBe(401)
    expect(ended.headers.get('www-authenticate')).toMatch(/Refresh it, or connect/)

    await checkAudit(open.aegis)
    await open.close()
    await closed.close()
  })
})
