import { loadConfig } from '../../src/config/config.js'
import { loadKeys } from '../../src/config/key-files.js'
import { openStore } from '../../src/db/open.js'
import { systemClock } from '../../src/lib/clock.js'
import { createToken } from '../../src/lib/ids.js'
import { DAY, SECOND } from '../../src/lib/units.js'
import { createAdapterFactory } from '../../src/oauth/adapter.js'
import { createCipher } from '../../src/oauth/cipher.js'
import { GITEA_SCOPE } from '../../src/oauth/gitea-scope.js'
import { createGrants } from '../../src/oauth/grants.js'
import { createOAuthServer } from '../../src/oauth/server.js'

/**
 * Puts a signed-in person with one client into a fresh database, as a sign-in would have: the upstream of a benchmark
 * answers too simply to sign in at.
 *
 * @returns the access token
 */
export async function seedSession(settings: Record<string, string>, giteaToken: string): Promise<string> {
  const config = loadConfig(settings)
  const { tokenEncryption } = loadKeys(config)
  const clock = systemClock
  const store = openStore({ path: config.databasePath, migrationsPath: 'migrations' })
  const oauth = createOAuthServer({
    store,
    clock,
    keyRing: tokenEncryption,
    publicBaseUrl: config.publicBaseUrl,
    gitea: { ...config.gitea, discoveryTtlMs: DAY },
    stateSecret: config.oauth.stateSecret,
    redirectAllowlist: [],
    issParameter: true,
    registration: { enabled: false, perHour: 1 },
    clientIp: () => '127.0.0.1',
    onEvent: () => {},
    onFault: () => {},
  })
  const expiresAt = clock.now() + DAY
  const accountId = oauth.vault.keep(
    { id: 2, login: 'alice', name: 'Alice' },
    { accessToken: giteaToken, refreshToken: 'none', expiresAt },
    GITEA_SCOPE,
  )
  const grantId = createToken()
  const scopes = ['read:repository', 'write:repository'] as const
  createGrants({ store, clock }).keep(grantId, {
    accountId,
    clientId: 'bench',
    clientName: 'bench',
    redirectUri: 'http://127.0.0.1/callback',
    scopes,
    grant: { readOnly: false, repositories: null, expiresAt: null },
    wasAsked: true,
  })
  const token = `agm_at_${createToken()}`
  const adapter = createAdapterFactory({ store, clock, cipher: createCipher(tokenEncryption) })('AccessToken')
  await adapter.upsert(
    token,
    {
      accountId,
      clientId: 'bench',
      grantId,
      aud: `${config.publicBaseUrl}/mcp`,
      scope: scopes.join(' '),
      exp: Math.floor(expiresAt / SECOND),
      kind: 'AccessToken',
    },
    DAY / SECOND,
  )
  await oauth.close()
  store.close()
  return token
}
