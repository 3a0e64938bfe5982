import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Installation, installBesideSandbox } from '../../test/support/server-beside-sandbox.js'
import { findFreePort } from '../../test/support/start-aegis.js'

const SETTINGS = {
  WRITE_MODE: 'true',
  WRITE_REPOSITORY_WHITELIST: 'harbor/infra',
  // so often that the story can show a signed log without waiting for it
  AUDIT_CHECKPOINT_SECONDS: '1',
}

const POLICY = `# What AI clients may do here, on top of what each person may do in Gitea.
defaults:
  read: allow
  write: deny
tools:
  allow: [create_issue]
repositories:
  harbor/infra:
    paths:
      deny: [runbooks/]
`

/** What a reader has to know before the story. */
export const storyRules: readonly string[] = [
  'people   harbor/booking is public, harbor/infra is private; Alice works on both, Mallory has only an account',
  'policy   AI clients may read, and create issues in harbor/infra only; runbooks/ there is closed to them',
]

/** @param preferred tried first; any free port is taken where it is in use */
export async function installStory(
  preferred: { readonly server?: number; readonly gitea?: number } = {},
): Promise<Installation> {
  return installBesideSandbox(SETTINGS, POLICY, {
    server: await choosePort(preferred.server),
    gitea: await choosePort(preferred.gitea),
  })
}

async function choosePort(preferred: number | undefined): Promise<number> {
  return preferred !== undefined && (await isFree(preferred)) ? preferred : findFreePort()
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    // taken, or not for this user: either way another port has to do
    return false
  } finally {
    server.close()
  }
}
