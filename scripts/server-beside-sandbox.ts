import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGiteaSandbox } from '../test/support/gitea-sandbox/start.js'
import { seedPeople } from '../test/support/seed-gitea.js'
import { findFreePort, toSettings } from '../test/support/start-aegis.js'
import { startServerProcess } from './bench/server-process.js'

export interface ServerBesideSandbox {
  /** Root address of the server, on this computer. */
  readonly url: string
  /** For whatever the work with it leaves behind; gone after `close`. */
  readonly folder: string
  close(): Promise<void>
}

/** The built server beside a sandbox Gitea with the seeded story, both on free ports of this computer. */
export async function startServerBesideSandbox(settings: Record<string, string> = {}): Promise<ServerBesideSandbox> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-'))
  const gitea = await startGiteaSandbox({ seed: true })
  const clear = async () => {
    await gitea.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const port = await findFreePort()
    const url = `http://127.0.0.1:${port}`
    const application = await gitea.createOAuthApplication({
      name: 'Aegis',
      redirectUris: [`${url}/oauth/callback`],
      confidential: true,
      owner: seedPeople.admin.login,
    })
    writeFileSync(join(folder, 'policy.yaml'), 'defaults:\n  read: allow\n  write: deny\n')
    const server = await startServerProcess(
      toSettings({ folder, gitea: { url: gitea.url, ...application }, port, settings }),
      { cwd: folder },
    )
    const close = async () => {
      await server.stop()
      await clear()
    }
    return { url, folder, close }
  } catch (error) {
    await clear()
    throw error
  }
}
