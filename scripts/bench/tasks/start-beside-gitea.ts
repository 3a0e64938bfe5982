import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectClient } from '../../../test/support/connect-client.js'
import type { GiteaUnderTest } from '../../../test/support/gitea-under-test.js'
import { seedPeople } from '../../../test/support/seed-gitea.js'
import { startServerProcess } from '../../../test/support/server-process.js'
import { findFreePort, toSettings } from '../../../test/support/start-aegis.js'

export interface ServerBesideGitea {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Of alice's sign-in. */
  readonly token: string
  close(): Promise<void>
}

/** The built server as a process of its own beside a Gitea that runs, with one person signed in. */
export async function startBesideGitea(gitea: GiteaUnderTest): Promise<ServerBesideGitea> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const application = await gitea.createOAuthApplication({
    name: 'Aegis',
    redirectUris: [`${url}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  const settings = { RATE_LIMIT_PER_MINUTE: '1000000', TOKEN_RATE_LIMIT_PER_MINUTE: '1000000' }
  writeFileSync(join(folder, 'policy.yaml'), 'defaults:\n  read: allow\n  write: deny\n')
  const all = toSettings({ folder, gitea: { url: gitea.url, ...application }, port, settings })
  const server = await startServerProcess(all, { cwd: folder })
  const { accessToken } = await connectClient(url, { person: seedPeople.alice })
  return {
    port,
    url,
    pid: server.pid,
    token: accessToken,
    close: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
