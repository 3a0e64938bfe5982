import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connectClient, type Person } from './connect-client.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { callTool, type McpAnswer } from './mcp-call.js'
import { seedPeople } from './seed-gitea.js'
import { type AegisOptions, findFreePort, type RunningAegis, startAegis } from './start-aegis.js'

type StackOptions = Partial<Pick<AegisOptions, 'settings' | 'policy' | 'clock' | 'documents' | 'jobs'>>

export interface Stack<Gitea extends GiteaUnderTest = GiteaUnderTest> {
  readonly gitea: Gitea
  readonly giteaClientId: string
  readonly aegis: RunningAegis
  readonly url: string
  readonly folder: string
  /** Signs a person in with a new client. */
  connect(person?: Person, options?: Partial<Parameters<typeof connectClient>[1]>): Promise<Connection>
  call(connection: Connection, tool: string, args?: Record<string, unknown>): Promise<McpAnswer>
  /** Stops Aegis only; `gitea` stays as it was given. */
  close(): Promise<void>
}

/** Aegis beside a Gitea that is already running; an application for it is made there. */
export async function startStack<Gitea extends GiteaUnderTest>(
  gitea: Gitea,
  options: StackOptions = {},
): Promise<Stack<Gitea>> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-'))
  const port = await findFreePort()
  const application = await gitea.createOAuthApplication({
    name: `Aegis ${port}`,
    redirectUris: [`http://127.0.0.1:${port}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  const aegis = await startAegis({ folder, gitea: { url: gitea.url, ...application }, port, ...options })
  return {
    gitea,
    giteaClientId: application.clientId,
    aegis,
    url: aegis.url,
    folder,
    connect: (person = seedPeople.alice, more = {}) => connectClient(aegis.url, { person, ...more }),
    call: (connection, tool, args = {}) => callTool(aegis.url, connection.accessToken, tool, args),
    close: async () => {
      await aegis.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
