import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { type CommandRun, runAegis } from './run-aegis.js'

export const PUBLIC_URL = 'https://mcp.example.org'
export const PASSWORD = 'op-passw0rd!'

export interface SetupGround {
  /** The sandbox of this test file. */
  readonly gitea: GiteaSandbox
  /** The person of this test; every test has its own. */
  readonly login: string
  /** The two addresses as flags. */
  flags(publicUrl?: string): string[]
  /** `aegis setup` with everything it needs, and `extra`. */
  setUp(cwd: string, ...extra: readonly string[]): Promise<CommandRun>
  /** What Gitea holds for the person. */
  listApplications(): Promise<{ name: string; client_id: string; redirect_uris: string[] }[]>
}

/** A sandbox Gitea for the tests of a file, with a fresh person for each. */
export function useSetupGround(): SetupGround {
  let gitea: GiteaSandbox
  let count = 0
  const login = () => `operator${count}`
  beforeAll(async () => {
    gitea = await startGiteaSandbox()
  })
  afterAll(() => gitea.close())
  beforeEach(async () => {
    gitea.fault(null)
    count += 1
    await gitea.addUser({ login: login(), password: PASSWORD, admin: true })
  })

  const flags = (publicUrl = PUBLIC_URL) => ['--gitea-url', gitea.url, '--public-url', publicUrl]
  return {
    get gitea() {
      return gitea
    },
    get login() {
      return login()
    },
    flags,
    setUp: (cwd, ...extra) =>
      runAegis(['setup', ...flags(), '--username', login(), ...extra], {
        cwd,
        env: { AEGIS_SETUP_PASSWORD: PASSWORD },
      }),
    listApplications: async () => {
      const response = await fetch(`${gitea.url}/api/v1/user/applications/oauth2?page=1&limit=50`, {
        headers: { authorization: `Basic ${btoa(`${login()}:${PASSWORD}`)}` },
      })
      return (await response.json()) as Awaited<ReturnType<SetupGround['listApplications']>>
    },
  }
}
