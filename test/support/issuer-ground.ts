import { afterEach, beforeEach } from 'vitest'
import type { IssuerSettings } from '../../src/config/issuers-file.js'
import type { Authentication } from '../../src/identity/authenticate.js'
import { createExternalIssuerReader } from '../../src/identity/external-issuers.js'
import type { PersonAccess } from '../../src/identity/person-access.js'
import { UpstreamTimeout } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import { type KeycloakIssuer, startKeycloakIssuer } from './keycloak-issuer.js'

export const MINUTE = 60_000
/** When every test begins, on the clock of the ground. */
export const start = Date.parse('2026-11-21T09:00:00Z')

interface Ground {
  /** Epoch milliseconds; tests move it. */
  now: number
  keycloak: KeycloakIssuer
  /** Who has which login in Gitea, whether it answers, and who was asked for. */
  gitea: { people: Map<string, string>; isDown: boolean; asked: string[]; hasWay: boolean }
  logLines: string[]
}

export const credential = { token: async () => 'service-token', renew: async () => 'service-token' }

/** A Keycloak realm and a Gitea that knows alice, new for each test. */
export function useIssuerGround() {
  // filled before each test
  const ground = {} as Ground
  const clock = { now: () => ground.now }
  beforeEach(async () => {
    ground.now = start
    ground.keycloak = await startKeycloakIssuer(clock)
    ground.gitea = { people: new Map([['alice', 'gitea:2']]), isDown: false, asked: [], hasWay: true }
    ground.logLines = []
  })
  afterEach(() => ground.keycloak.close())

  const people: PersonAccess = {
    findPerson: async (login) => {
      ground.gitea.asked.push(login)
      if (ground.gitea.isDown) {
        throw new UpstreamTimeout('Gitea did not answer in time.')
      }
      const accountId = ground.gitea.people.get(login)
      return accountId === undefined ? undefined : { accountId, login }
    },
    open: () => (ground.gitea.hasWay ? { gitea: credential } : undefined),
  }

  /** The realm as an operator would write it. */
  const toSettings = (overrides: Partial<IssuerSettings> = {}): IssuerSettings => ({
    issuer: ground.keycloak.issuer,
    audiences: ['aegis'],
    loginClaim: 'preferred_username',
    loginDomain: undefined,
    scopes: new Map([
      ['mcp:execute', 'read:repository'],
      ['mcp:write', 'write:repository'],
    ]),
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    isPrimary: false,
    ...overrides,
  })

  /** Reads tokens of these issuers; of the realm when none is given. */
  const createReader = (...issuers: readonly IssuerSettings[]) => {
    const log = createLogger('DEBUG', { write: (line) => void ground.logLines.push(line) })
    const reader = createExternalIssuerReader({
      issuers: issuers.length === 0 ? [toSettings()] : issuers,
      people,
      clock,
      log,
      ttlMs: 5 * MINUTE,
    })
    return async (token: string): Promise<Authentication | undefined> => reader.read(token, 'request-1')
  }

  return { ground, clock, toSettings, createReader }
}
