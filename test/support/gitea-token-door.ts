import { createAuthenticator } from '../../src/identity/authenticate.js'
import { createGiteaTokenReader } from '../../src/identity/gitea-tokens.js'
import { createLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { createGiteaTokenFacts } from '../../src/oauth/gitea-introspection.js'
import type { GiteaClient } from './gitea-oauth-client.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

const TTL_MS = 5 * 60_000

/** A door that takes tokens of one application in Gitea, with a clock that can be put forward and a log to look at. */
export function createGiteaTokenDoor(gitea: GiteaUnderTest, client: GiteaClient, further: readonly string[] = []) {
  const state = { aheadMs: 0 }
  const logLines: string[] = []
  const clock = { now: () => Date.now() + state.aheadMs }
  const application = { clientId: client.clientId, clientSecret: new Secret(client.clientSecret) }
  const log = createLogger('DEBUG', { write: (line) => void logLines.push(line) })
  const facts = createGiteaTokenFacts({ giteaUrl: gitea.url, application, clock, discoveryTtlMs: TTL_MS })
  const audiences = [client.clientId, ...further]
  const reader = createGiteaTokenReader({ facts, audiences, clock, log, ttlMs: TTL_MS })
  const { authenticate } = createAuthenticator([reader])
  const readLog = (): Record<string, unknown>[] => logLines.map((line) => JSON.parse(line))
  return {
    present: async (token: string) => authenticate(`Bearer ${token}`, 'request-1'),
    advance: (ms: number) => {
      state.aheadMs += ms
    },
    readLog,
    readSummaries: () => readLog().filter(({ event }) => event === 'oauth_auth_summary'),
  }
}
