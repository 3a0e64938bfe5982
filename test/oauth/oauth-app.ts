/** The authorization server on a real port beside a sandbox Gitea, with a `/mcp` that tells who called. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Router from '@koa/router'
import Koa from 'koa'
import { onTestFinished } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import type { Clock } from '../../src/lib/clock.js'
import { Secret } from '../../src/lib/secret.js'
import { MINUTE } from '../../src/lib/units.js'
import type { ClientDocuments } from '../../src/oauth/client-documents.js'
import type { OAuthEvent } from '../../src/oauth/events.js'
import { createOAuthServer, type OAuthOptions, type OAuthServer } from '../../src/oauth/server.js'
import { type GiteaSandbox, type GiteaSandboxOptions, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { createTempFolder } from '../support/temp-folder.js'

export const ALICE = { login: 'alice', password: 'correct horse battery' } as const
export const BOB = { login: 'bob', password: 'staple correct horse' } as const
export const WEB_REDIRECT = 'https://client.example/callback'
export const LOOPBACK_REDIRECT = 'http://127.0.0.1:7777/callback'

interface MovableClock extends Clock {
  advance(ms: number): void
}

function createMovableClock(): MovableClock {
  let offset = 0
  return {
    now: () => Date.now() + offset,
    advance: (ms) => {
      offset += ms
    },
  }
}

interface OAuthAppOptions {
  /** What the server believes it is called, when that is not where the test reaches it. */
  readonly publicBaseUrl?: string
  readonly gitea?: Partial<GiteaSandboxOptions>
  readonly issParameter?: boolean
  readonly registrationEnabled?: boolean
  readonly registrationsPerHour?: number
  readonly redirectAllowlist?: readonly string[]
  readonly documents?: ClientDocuments
}

export interface OAuthApp {
  readonly url: string
  readonly resource: string
  readonly gitea: GiteaSandbox
  readonly giteaClientId: string
  readonly oauth: OAuthServer
  /** What it was made with, to make another one on the same state. */
  readonly oauthOptions: OAuthOptions
  readonly store: Store
  readonly databasePath: string
  readonly clock: MovableClock
  readonly events: OAuthEvent[]
  readonly faults: unknown[]
}

/** Starts both; they are gone when the test is. */
export async function startOAuthApp(options: OAuthAppOptions = {}): Promise<OAuthApp> {
  const clock = createMovableClock()
  const gitea = await startGiteaSandbox({ clock, ...options.gitea })
  onTestFinished(() => gitea.close())
  for (const { login, password } of [ALICE, BOB]) {
    await gitea.addUser({ login, password, fullName: `${login} of Example` })
  }

  const faults: unknown[] = []
  const app = new Koa()
  app.on('error', (error) => faults.push(error))
  // the application at Gitea needs the address before there is anything to answer with
  const server = createServer((req, res) => app.callback()(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
  const url = `http://127.0.0.1:${port}`
  const application = await gitea.createOAuthApplication({
    name: 'Aegis',
    redirectUris: [`${url}/oauth/callback`],
    confidential: true,
    owner: 'alice',
  })

  const databasePath = join(createTempFolder(), 'aegis.db')
  const store = openStore({ path: databasePath, migrationsPath: join(process.cwd(), 'migrations') })
  const events: OAuthEvent[] = []
  const oauthOptions: OAuthOptions = {
    store,
    clock,
    keyRing: { currentId: 'k1', keys: new Map([['k1', randomBytes(32)]]) },
    publicBaseUrl: options.publicBaseUrl ?? url,
    gitea: {
      url: gitea.url,
      clientId: application.clientId,
      clientSecret: new Secret(application.clientSecret),
      discoveryTtlMs: 5 * MINUTE,
    },
    stateSecret: new Secret('a state secret of at least thirty-two characters'),
    redirectAllowlist: options.redirectAllowlist ?? [],
    issParameter: options.issParameter ?? true,
    registration: { enabled: options.registrationEnabled ?? true, perHour: options.registrationsPerHour ?? 1000 },
    clientIp: (ctx) => ctx.ip,
    onEvent: (event) => events.push(event),
    onFault: (error) => faults.push(error),
    ...(options.documents === undefined ? {} : { documents: options.documents }),
  }
  const oauth = createOAuthServer(oauthOptions)
  const router = new Router()
  for (const { method, path, handle } of oauth.routes) {
    router.register(path, [method], [handle])
  }
  router.all('/mcp', async (ctx) => {
    const token = /^Bearer (.+)$/.exec(ctx.get('authorization'))?.[1]
    const facts = token === undefined ? undefined : oauth.tokens.findAccessToken(token)
    if (facts === undefined) {
      ctx.status = 401
      ctx.set(
        'WWW-Authenticate',
        `Bearer resource_metadata="${url}/.well-known/oauth-protected-resource/mcp", scope="read:repository"`,
      )
      ctx.body = { error: 'unauthorized' }
      return
    }
    ctx.body = { ...facts, scopes: [...facts.scopes] }
  })
  app.use(router.routes())

  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await oauth.close()
    store.close()
  })
  return {
    url,
    resource: `${url}/mcp`,
    gitea,
    giteaClientId: application.clientId,
    oauth,
    oauthOptions,
    store,
    databasePath,
    clock,
    events,
    faults,
  }
}
