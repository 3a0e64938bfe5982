import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GiteaSandbox, startGiteaSandbox } from './gitea-sandbox/start.js'
import { seedPeople } from './seed-gitea.js'
import { runAegisProcess, type ServerProcess, type StartOptions, startServerProcess } from './server-process.js'
import { findFreePort, toSettings } from './start-aegis.js'

const READ_ONLY = 'defaults:\n  read: allow\n  write: deny\n'

/** Settings, policy and folder of a built server that is not running yet, beside a sandbox Gitea that is. */
export interface Installation {
  /** Root address of the server, on this computer. */
  readonly url: string
  /** For whatever the work with it leaves behind; gone after `remove`. */
  readonly folder: string
  readonly policyPath: string
  readonly databasePath: string
  readonly gitea: GiteaSandbox
  start(options?: Omit<StartOptions, 'cwd'>): Promise<ServerProcess>
  /** `aegis <args>` with the same settings, `changed` on top. */
  run(args: readonly string[], changed?: Readonly<Record<string, string>>): ReturnType<typeof runAegisProcess>
  /** Stops the sandbox and removes the folder; a running server is the caller's to stop. */
  remove(): Promise<void>
}

/** Free ones where none is given. */
interface Ports {
  readonly server?: number
  readonly gitea?: number
}

export interface ServerBesideSandbox {
  /** Root address of the server, on this computer. */
  readonly url: string
  /** For whatever the work with it leaves behind; gone after `close`. */
  readonly folder: string
  close(): Promise<void>
}

/** A sandbox Gitea with the seeded story, and a server set up for it. */
export async function installBesideSandbox(
  settings: Readonly<Record<string, string>> = {},
  policy = READ_ONLY,
  ports: Ports = {},
): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-'))
  const gitea = await startGiteaSandbox({ seed: true, port: ports.gitea ?? 0 })
  const port = ports.server ?? (await findFreePort())
  const url = `http://127.0.0.1:${port}`
  const application = await gitea.createOAuthApplication({
    name: 'Aegis',
    redirectUris: [`${url}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  const policyPath = join(folder, 'policy.yaml')
  writeFileSync(policyPath, policy)
  const all = toSettings({ folder, gitea: { url: gitea.url, ...application }, port, settings })
  return {
    url,
    folder,
    policyPath,
    databasePath: all.DATABASE_PATH ?? '',
    gitea,
    start: (options = {}) => startServerProcess(all, { cwd: folder, ...options }),
    run: (args, changed = {}) => runAegisProcess(args, { settings: { ...all, ...changed }, cwd: folder }),
    remove: async () => {
      await gitea.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The built server beside a sandbox Gitea with the seeded story, both running on free ports of this computer. */
export async function startServerBesideSandbox(settings: Record<string, string> = {}): Promise<ServerBesideSandbox> {
  const installation = await installBesideSandbox(settings)
  try {
    const server = await installation.start()
    const close = async () => {
      await server.stop()
      await installation.remove()
    }
    return { url: installation.url, folder: installation.folder, close }
  } catch (error) {
    await installation.remove()
    throw error
  }
}
