import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { findFreePort, type RunningAegis, startAegis, toSettings } from '../support/start-aegis.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

interface Finding {
  readonly section: string
  readonly step: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly found: string
  readonly fix?: string
}

interface Walk {
  readonly code: number
  readonly findings: readonly Finding[]
  /** What failed or needs a look, as one text. */
  readonly trouble: string
}

export const PERSON = { login: 'alice', password: 'alice-passw0rd' }

export interface DoctorGround {
  readonly gitea: GiteaSandbox
  /** Settings of a server that would work, in a new folder, on a free port; `settings` on top. */
  install(settings?: Readonly<Record<string, string>>): Promise<Installation>
}

interface Installation {
  readonly folder: string
  readonly url: string
  readonly settings: Readonly<Record<string, string>>
  /** The server; stopped with the test. */
  start(): Promise<RunningAegis>
  /** Stops the server that was started last. */
  stop(): Promise<void>
  /** `aegis doctor --json` with other settings on top. */
  doctor(settings?: Readonly<Record<string, string | undefined>>, ...args: readonly string[]): Promise<Walk>
}

/** A sandbox Gitea for the tests of a file, and servers beside it. */
export function useDoctorGround(): DoctorGround {
  let gitea: GiteaSandbox
  const running: RunningAegis[] = []
  beforeAll(async () => {
    gitea = await startGiteaSandbox()
    await gitea.addUser(PERSON)
  })
  afterEach(async () => {
    gitea.fault(null)
    await Promise.all(running.splice(0).map((server) => server.close()))
  })
  afterAll(() => gitea.close())

  const install = async (extra: Readonly<Record<string, string>> = {}): Promise<Installation> => {
    const folder = createTempFolder()
    const port = await findFreePort()
    const url = `http://127.0.0.1:${port}`
    const client = await gitea.createOAuthApplication({
      name: `aegis on ${port}`,
      redirectUris: [`${url}/oauth/callback`],
      confidential: true,
      owner: PERSON.login,
    })
    const options = { folder, port, gitea: { url: gitea.url, ...client }, settings: extra }
    const settings = toSettings(options)
    writeFileSync(join(folder, 'policy.yaml'), 'defaults:\n  read: allow\n  write: deny\n')
    return {
      folder,
      url,
      settings,
      start: async () => {
        const server = await startAegis(options)
        running.push(server)
        return server
      },
      stop: async () => {
        await running.pop()?.close()
      },
      doctor: async (changed = {}, ...args) => {
        const run = await runAegis(['doctor', '--json', ...args], { cwd: folder, env: { ...settings, ...changed } })
        const { checks } = JSON.parse(run.stdout) as { checks: Finding[] }
        const trouble = checks.filter(({ status }) => status === 'failed' || status === 'warning')
        return {
          code: run.code,
          findings: checks,
          trouble: trouble.map(({ step, found, fix }) => `${step}: ${found} ${fix}`).join('\n'),
        }
      },
    }
  }
  return {
    get gitea() {
      return gitea
    },
    install,
  }
}
