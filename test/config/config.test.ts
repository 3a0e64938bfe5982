import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'
import { findUnusedSettings } from '../../src/config/env.js'

const REQUIRED = {
  GITEA_URL: 'https://git.example.org/',
  GITEA_OAUTH_CLIENT_ID: 'client',
  GITEA_OAUTH_CLIENT_SECRET: 'gto_secret',
  OAUTH_STATE_SECRET: 'x'.repeat(32),
}

describe('settings', () => {
  test('four settings are enough, everything else has a default', () => {
    const config = loadConfig(REQUIRED)

    expect(config).toMatchObject({
      gitea: { url: 'https://git.example.org', timeoutMs: 30_000 },
      listen: { host: '127.0.0.1', port: 8080 },
      publicBaseUrl: 'http://127.0.0.1:8080',
      databasePath: './data/aegis.db',
      objects: { path: 'data/objects.db', maxBytes: 512 * 1024 * 1024 },
      policyPath: './policy/policy.yaml',
      secretMode: 'mask',
      write: { enabled: false },
    })
  })

  test('the store of git objects lies beside the database, and never in it', () => {
    const beside = loadConfig({ ...REQUIRED, DATABASE_PATH: '/var/lib/aegis/state.db', OBJECT_STORE_MAX_MB: '0' })

    expect(beside.objects).toEqual({ path: '/var/lib/aegis/objects.db', maxBytes: 0 })
    expect(() => loadConfig({ ...REQUIRED, OBJECT_STORE_PATH: 'data/../data/aegis.db' })).toThrow(
      'OBJECT_STORE_PATH is the same file as DATABASE_PATH',
    )
  })

  test('so does the search index, and none of the files is another', () => {
    const beside = loadConfig({ ...REQUIRED, DATABASE_PATH: '/var/lib/aegis/state.db', SEARCH_INDEX_MAX_MB: '64' })

    expect(beside.searchIndex).toEqual({ path: '/var/lib/aegis/search.db', maxBytes: 64 * 1024 * 1024 })
    expect(() => loadConfig({ ...REQUIRED, SEARCH_INDEX_PATH: './data/aegis.db' })).toThrow(
      'SEARCH_INDEX_PATH is the same file as DATABASE_PATH',
    )
    expect(() => loadConfig({ ...REQUIRED, SEARCH_INDEX_PATH: 'a.db', OBJECT_STORE_PATH: './a.db' })).toThrow(
      'SEARCH_INDEX_PATH is the same file as OBJECT_STORE_PATH',
    )
  })

  test('everything that is missing or wrong is said at once, each in a sentence that says what to change', () => {
    const load = () =>
      loadConfig({
        GITEA_URL: 'git.example.org',
        OAUTH_STATE_SECRET: 'short',
        MCP_PORT: 'eighty',
        SECRET_DETECTION_MODE: 'maybe',
        WRITE_MODE: 'perhaps',
      })

    expect(load).toThrowErrorMatchingInlineSnapshot(`
      [InvalidInput: The settings need a change before the server can start:
        - GITEA_URL must be an address like https://git.example.org
        - GITEA_OAUTH_CLIENT_ID is missing. Client ID of the OAuth2 application in Gitea (\`aegis setup\` creates it).
        - GITEA_OAUTH_CLIENT_SECRET is missing. Its client secret.
        - MCP_PORT must be a whole number from 0 to 65535
        - OAUTH_STATE_SECRET must be at least 32 characters (for example: openssl rand -hex 32)
        - SECRET_DETECTION_MODE must be one of mask, block, off
        - WRITE_MODE must be true or false]
    `)
  })

  test('what is wrong only together with others is said in the same message, unless it follows from what was said', () => {
    const load = () =>
      loadConfig({
        ...REQUIRED,
        GITEA_OAUTH_CLIENT_SECRET: '',
        MCP_HOST: '0.0.0.0',
        TRUSTED_PROXIES: 'proxy',
        WRITE_MODE: 'true',
        WRITE_ALLOW_ALL_TOKEN_REPOS: 'maybe',
      })

    expect(load).toThrowErrorMatchingInlineSnapshot(`
      [InvalidInput: The settings need a change before the server can start:
        - GITEA_OAUTH_CLIENT_SECRET is missing. Its client secret.
        - WRITE_ALLOW_ALL_TOKEN_REPOS must be true or false
        - TRUSTED_PROXIES has “proxy”, which is not an address or a CIDR range like 172.16.0.0/12.
        - MCP_HOST=0.0.0.0 listens on every interface. Use 127.0.0.1, or set ALLOW_INSECURE_BIND=true when a TLS proxy or a container network stands in front.]
    `)
  })

  test.each([
    [{ MCP_HOST: 'my computer' }, /MCP_HOST is “my computer”/],
    [{ MCP_HOST: '0.0.0.0' }, /every interface.*ALLOW_INSECURE_BIND=true/],
    [{ MCP_HOST: '::' }, /every interface/],
    [{ PUBLIC_BASE_URL: 'http://mcp.example.org' }, /must start with https/],
    [{ PUBLIC_BASE_URL: 'https://mcp.example.org/sub' }, /scheme, host and port only/],
    [{ WRITE_MODE: 'true' }, /needs WRITE_REPOSITORY_WHITELIST/],
    [{ WRITE_MODE: 'true', WRITE_REPOSITORY_WHITELIST: 'acme' }, /write repositories as owner\/name/],
    [{ TRUSTED_PROXIES: '10.0.0.0/99' }, /TRUSTED_PROXIES has “10.0.0.0\/99”/],
    [{ CORS_ORIGINS: 'https://app.example.org/path' }, /not an origin/],
    [{ AEGIS_CONFORMANCE_FIXTURES: 'true', ENVIRONMENT: 'production' }, /for tests on this computer only/],
    [{ AEGIS_CONFORMANCE_FIXTURES: 'true', MCP_HOST: '10.0.0.5', PUBLIC_BASE_URL: 'https://a.b' }, /for tests on this/],
  ])('%j is refused', (settings, message) => {
    expect(() => loadConfig({ ...REQUIRED, ...settings })).toThrow(message)
  })

  test('an insecure bind is possible when the operator says so', () => {
    const config = loadConfig({
      ...REQUIRED,
      MCP_HOST: '0.0.0.0',
      ALLOW_INSECURE_BIND: 'true',
      PUBLIC_BASE_URL: 'https://mcp.example.org',
    })

    expect(config.listen.host).toBe('0.0.0.0')
  })

  test('an empty value counts as not given', () => {
    expect(loadConfig({ ...REQUIRED, MCP_PORT: '', LOG_LEVEL: '' })).toMatchObject({
      listen: { port: 8080 },
      logLevel: 'INFO',
    })
  })

  test('secrets do not show when the settings are printed', () => {
    const config = loadConfig(REQUIRED)

    expect(JSON.stringify(config)).not.toContain('gto_secret')
    expect(`${config.gitea.clientSecret}`).toBe('[secret]')
  })

  test('names that look like settings and mean nothing are named', () => {
    expect(findUnusedSettings({ MCP_API_KEY: 'x', MCP_API_KEYS: 'y', MCP_PORT: '1' })).toEqual(['MCP_API_KEY'])
  })
})
