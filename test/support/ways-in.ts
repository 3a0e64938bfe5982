/** Every way to sign in that the settings offer, each with a person's token in whatever state a test needs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { runAegis } from '../cli/run-aegis.js'
import { type Person, postForm } from './connect-client.js'
import { createGiteaClient, obtainTokens } from './gitea-oauth-client.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { startKeycloakIssuer } from './keycloak-issuer.js'
import { makeKey, SERVICE_SCOPES } from './make-key.js'
import { type Stack, startStack } from './start-stack.js'

type Right = 'read' | 'write'

export interface WayIn {
  readonly name: string
  readonly stack: Stack
  /** A token of this person that is good. */
  obtain(person: Person, right: Right): Promise<string>
  /** One that is good, and how to end it before its time; absent where nobody but its issuer can. */
  readonly obtainRevocable?: (person: Person) => Promise<{ readonly token: string; revoke(): Promise<unknown> }>
  /** One for somebody else than this server; absent where a token names nobody. */
  readonly obtainElsewhere?: (person: Person) => Promise<string>
}

export interface WaysIn {
  readonly all: readonly WayIn[]
  /** Moves the clock of every server, in milliseconds from now. */
  setAhead(ms: number): void
  close(): Promise<void>
}

const OPEN = {
  policy: 'defaults:\n  read: allow\n  write: allow\n',
  settings: { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' },
}
const GITEA_SCOPES: Record<Right, string> = {
  read: 'read:user read:repository read:issue',
  write: 'read:user write:repository write:issue',
}
const OUR_SCOPES: Record<Right, string> = { read: 'read:repository', write: 'read:repository write:repository' }

/** @param signedIn people who sign in once where keys stand on the sign-ins kept there */
export async function openWaysIn(gitea: GiteaUnderTest, signedIn: readonly Person[]): Promise<WaysIn> {
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const folder = mkdtempSync(join(tmpdir(), 'aegis-ways-'))
  const keycloak = await startKeycloakIssuer(clock)
  const issuers = join(folder, 'issuers.yaml')
  const scopes = { 'mcp:execute': 'read:repository', 'mcp:write': 'write:repository' }
  const issuer = { issuer: keycloak.issuer, login_claim: 'preferred_username', scopes, audience: 'aegis' }
  writeFileSync(issuers, stringify({ issuers: [issuer] }))
  const application = await createGiteaClient(gitea)
  const other = await createGiteaClient(gitea)

  const start = (settings: Record<string, string>) =>
    startStack(gitea, { clock, policy: OPEN.policy, settings: { ...OPEN.settings, ...settings } })
  const own = await start({ OAUTH_MODE: 'true', OAUTH_EXPECTED_AUDIENCE: application.clientId })
  const ofAdmin = await start({
    GITEA_TOKEN: await gitea.createToken('admin', SERVICE_SCOPES),
    OIDC_ISSUERS_PATH: issuers,
  })
  const ofOwner = await start({ GITEA_TOKEN: await gitea.createToken('bob', SERVICE_SCOPES) })
  for (const person of signedIn) await own.connect(person)

  const bySigningIn = (name: string, stack: Stack): WayIn => ({
    name,
    stack,
    obtain: async (person, right) => (await stack.connect(person, { scope: OUR_SCOPES[right] })).accessToken,
    obtainRevocable: async (person) => {
      const { accessToken: token, clientId } = await stack.connect(person)
      return { token, revoke: () => postForm(`${stack.url}/revoke`, { token, client_id: clientId }) }
    },
  })
  const byKey = (name: string, stack: Stack): WayIn => {
    const make = (person: Person, right: Right) =>
      makeKey(stack, ['generate', '--user', person.login, '--scopes', OUR_SCOPES[right], '--expires', '12h'])
    return {
      name,
      stack,
      obtain: async (person, right) => (await make(person, right)).key,
      obtainRevocable: async (person) => {
        const { key, id } = await make(person, 'read')
        const env = { DATABASE_PATH: stack.aegis.databasePath }
        return {
          token: key,
          revoke: () => runAegis(['keys', 'revoke', id, '--by', 'test'], { cwd: stack.folder, env }),
        }
      },
    }
  }
  const toIssued = ({ login }: Person, claims: Record<string, unknown>) =>
    keycloak.createToken({ claims: { preferred_username: login, jti: crypto.randomUUID(), ...claims } })
  const byIssuer: WayIn = {
    name: 'another provider’s token, service token of a site administrator',
    stack: ofAdmin,
    obtain: (person, right) => toIssued(person, { scope: right === 'read' ? 'mcp:execute' : 'mcp:execute mcp:write' }),
    obtainElsewhere: (person) => toIssued(person, { aud: 'account' }),
  }
  const byGiteaToken: WayIn = {
    name: 'a token of Gitea itself',
    stack: own,
    obtain: async (person, right) => (await obtainTokens(gitea, application, person, GITEA_SCOPES[right])).access,
    obtainRevocable: async (person) => {
      const { access } = await obtainTokens(gitea, application, person, GITEA_SCOPES.read)
      return { token: access, revoke: () => gitea.revokeGrant(person.login, application.clientId) }
    },
    obtainElsewhere: async (person) => (await obtainTokens(gitea, other, person, GITEA_SCOPES.read)).access,
  }
  const stacks = [own, ofAdmin, ofOwner]
  return {
    all: [
      bySigningIn('signing in', own),
      bySigningIn('signing in, service token of a site administrator', ofAdmin),
      bySigningIn('signing in, service token of an owner', ofOwner),
      byKey('a key on the sign-in kept here', own),
      byKey('a key, service token of a site administrator', ofAdmin),
      byKey('a key, service token of an owner', ofOwner),
      byIssuer,
      byGiteaToken,
    ],
    setAhead: (ms) => {
      ahead = ms
    },
    close: async () => {
      await Promise.all(stacks.map((stack) => stack.close()))
      await keycloak.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
