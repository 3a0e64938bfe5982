/** A server that takes webhooks, and `aegis webhooks` beside it with its settings. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startStack } from '../support/start-stack.js'
import { type RunOptions, runAegis } from './run-aegis.js'

export const SECRET = 'the-current-secret'
export const OLDER = 'the-secret-before'
const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  harbor/*:
    tools: {allow: [automation_label_sync, automation_stale_issue_detection]}
`

interface Ground {
  readonly gitea: GiteaUnderTest
  /** The server’s own token. */
  readonly token: string
  readonly policy?: string
  readonly settings?: Readonly<Record<string, string>>
}

export async function startWebhookGround({ gitea, token, policy, settings }: Ground) {
  const automation = {
    AUTOMATION_ENABLED: 'true',
    AUTOMATION_TOKEN: token,
    AUTOMATION_WEBHOOK_SECRETS: SECRET,
    ...settings,
  }
  const stack = await startStack(gitea, { policy: policy ?? POLICY, settings: automation })
  const env = {
    GITEA_URL: gitea.url,
    GITEA_OAUTH_CLIENT_ID: stack.giteaClientId,
    GITEA_OAUTH_CLIENT_SECRET: 'not-looked-at-by-these-commands',
    OAUTH_STATE_SECRET: 'test-state-secret-of-more-than-32-characters',
    PUBLIC_BASE_URL: stack.url,
    DATABASE_PATH: stack.aegis.databasePath,
    POLICY_FILE_PATH: stack.aegis.policyPath,
    ...automation,
  }
  /** `adminToken` undefined: only the server’s own. */
  const run = (adminToken: string | undefined, args: readonly string[], more: Partial<RunOptions> = {}) =>
    runAegis(['webhooks', ...args], {
      cwd: stack.folder,
      ...more,
      env: { ...env, ...(adminToken === undefined ? {} : { GITEA_ADMIN_TOKEN: adminToken }), ...more.env },
    })
  const writeFile = (name: string, text: string) => {
    writeFileSync(join(stack.folder, name), text)
    return name
  }
  return { stack, run, env, writeFile, close: () => stack.close() }
}
