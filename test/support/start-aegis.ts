import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type App, createApp } from '../../src/app.js'
import { loadConfig } from '../../src/config/config.js'
import type { Job } from '../../src/jobs/define-job.js'
import type { Clock } from '../../src/lib/clock.js'
import { createLogger } from '../../src/lib/logger.js'
import type { ClientDocuments } from '../../src/oauth/client-documents.js'

export interface AegisOptions {
  /** Where its files go. */
  readonly folder: string
  readonly gitea: { readonly url: string; readonly clientId: string; readonly clientSecret: string }
  readonly port: number
  readonly settings?: Readonly<Record<string, string>>
  /** YAML; reads allowed and writes denied without it. */
  readonly policy?: string
  readonly clock?: Clock
  readonly documents?: ClientDocuments
  /** In place of the product's jobs. */
  readonly jobs?: readonly Job[]
}

export interface RunningAegis {
  readonly url: string
  readonly app: App
  /** What it logged, as text. */
  readonly logLines: string[]
  readonly policyPath: string
  readonly databasePath: string
  close(): Promise<void>
}

const DEFAULT_POLICY = 'defaults:\n  read: allow\n  write: deny\n'

/** Settings as an operator would write them, with generous rates. */
export function toSettings({ folder, gitea, port, settings }: AegisOptions): Record<string, string> {
  return {
    GITEA_URL: gitea.url,
    GITEA_OAUTH_CLIENT_ID: gitea.clientId,
    GITEA_OAUTH_CLIENT_SECRET: gitea.clientSecret,
    OAUTH_STATE_SECRET: 'test-state-secret-of-more-than-32-characters',
    MCP_PORT: String(port),
    PUBLIC_BASE_URL: `http://127.0.0.1:${port}`,
    DATABASE_PATH: join(folder, 'data', 'aegis.db'),
    POLICY_FILE_PATH: join(folder, 'policy.yaml'),
    RATE_LIMIT_PER_MINUTE: '100000',
    TOKEN_RATE_LIMIT_PER_MINUTE: '100000',
    // a look at Gitea by itself would be among the requests that tests count
    AUTOMATION_RECONCILE_MINUTES: '0',
    ...settings,
  }
}

/** The server in this process, over real HTTP and a real database file. */
export async function startAegis(options: AegisOptions): Promise<RunningAegis> {
  const settings = toSettings(options)
  const policyPath = join(options.folder, 'policy.yaml')
  writeFileSync(policyPath, options.policy ?? DEFAULT_POLICY)
  const logLines: string[] = []
  const log = createLogger('DEBUG', { write: (line) => void logLines.push(line) })
  const app = await createApp(loadConfig(settings), log, {
    migrationsPath: 'migrations',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.documents === undefined ? {} : { documents: options.documents }),
    ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
  })
  await app.listen()
  return {
    url: `http://127.0.0.1:${options.port}`,
    app,
    logLines,
    policyPath,
    databasePath: settings.DATABASE_PATH ?? '',
    close: () => app.close(),
  }
}

/** A port nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
