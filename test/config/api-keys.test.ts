import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'

const REQUIRED = {
  GITEA_URL: 'https://git.example.org/',
  GITEA_OAUTH_CLIENT_ID: 'client',
  GITEA_OAUTH_CLIENT_SECRET: 'gto_secret',
  OAUTH_STATE_SECRET: 'x'.repeat(32),
}
const KEY = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'

const load = (settings: Record<string, string>) => loadConfig({ ...REQUIRED, ...settings }).apiKeys

describe('MCP_API_KEYS', () => {
  test('binds each key to the login beside it, or to MCP_API_KEY_USER, and shows none', () => {
    const { fromSettings } = load({ MCP_API_KEYS: `alice:${KEY}, ${KEY}0`, MCP_API_KEY_USER: 'bob' })

    expect(fromSettings.map(({ login, key }) => [login, key.reveal()])).toEqual([
      ['alice', KEY],
      ['bob', `${KEY}0`],
    ])
    expect(JSON.stringify(fromSettings)).not.toContain(KEY)
  })

  test.each([
    [{ MCP_API_KEYS: KEY }, /key 1 of 1: whose key is it\? Write it as login:key, or set MCP_API_KEY_USER/],
    [{ MCP_API_KEYS: `alice:${KEY.slice(1)}` }, /key 1 of 1: it has 31 characters and needs 32 or more/],
    [{ MCP_API_KEYS: `alice:${KEY},al ice:${KEY}1` }, /key 2 of 2: what stands before the colon is not the login/],
    [{ MCP_API_KEYS: `alice:${KEY} ${KEY}` }, /visible ASCII without spaces/],
    [{ MCP_API_KEYS: `alice:${KEY},bob:${KEY}` }, /the same key twice/],
    [{ MCP_API_KEYS: `alice:agm_ak_${KEY}` }, /made by aegis keys generate and kept in the database\. Remove it/],
    [{ MCP_API_KEY_USER: 'al ice' }, /MCP_API_KEY_USER is not the login/],
  ])('is refused, with what to change and without the key: case %#', (settings, words) => {
    expect(() => load(settings)).toThrow(words)
    expect(() => load(settings)).not.toThrow(KEY.slice(1))
  })
})

describe('AUTH_ENABLED=false', () => {
  const OPEN = { AUTH_ENABLED: 'false', MCP_API_KEY_USER: 'alice', GITEA_TOKEN: 'token' }

  test('names the person everyone is', () => {
    expect(load(OPEN).openAs).toBe('alice')
    expect(load({ ...OPEN, AUTH_ENABLED: 'true' }).openAs).toBeUndefined()
  })

  test.each([
    [{ ENVIRONMENT: 'production' }, /refused with ENVIRONMENT=production/],
    [{ MCP_HOST: '192.0.2.1', PUBLIC_BASE_URL: 'http://localhost:8080' }, /needs MCP_HOST=127\.0\.0\.1; it is 192/],
    [{ MCP_HOST: '0.0.0.0', ALLOW_INSECURE_BIND: 'true' }, /needs MCP_HOST=127\.0\.0\.1; it is 0\.0\.0\.0/],
    [{ PUBLIC_BASE_URL: 'https://mcp.example.org' }, /meant to be reached from elsewhere \(mcp\.example\.org\)/],
    [{ ALLOWED_HOSTS: 'mcp.example.org' }, /meant to be reached from elsewhere \(mcp\.example\.org\)/],
    [{ TRUSTED_PROXIES: '127.0.0.1' }, /Remove PUBLIC_BASE_URL, ALLOWED_HOSTS and TRUSTED_PROXIES/],
    [{ MCP_API_KEY_USER: '' }, /set MCP_API_KEY_USER to their login in Gitea/],
    [{ GITEA_TOKEN: '' }, /and GITEA_TOKEN for the calls/],
  ])('is refused with %j', (settings, words) => {
    expect(() => load({ ...OPEN, ...settings })).toThrow(words)
  })
})
