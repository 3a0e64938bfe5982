import { Secret } from '../lib/secret.js'
import type { Env } from './env.js'

/** Webhooks and jobs; undefined while they are switched off. */
export interface AutomationSettings {
  /** Of the account that jobs act as. */
  readonly token: Secret
  /** The current secret first; any of them signs. */
  readonly webhookSecrets: readonly Secret[]
  readonly isScheduled: boolean
  readonly concurrency: number
  readonly staleDays: number
}

const SHORTEST_SECRET = 16

export function toAutomationSettings(env: Env, problems: string[]): AutomationSettings | undefined {
  if (!env.AUTOMATION_ENABLED) {
    return undefined
  }
  const token = env.AUTOMATION_TOKEN ?? env.GITEA_TOKEN
  if (token === undefined) {
    problems.push(
      'AUTOMATION_ENABLED=true needs AUTOMATION_TOKEN, an access token of the Gitea account that jobs act as.',
    )
  }
  if (env.AUTOMATION_WEBHOOK_SECRETS.some((secret) => secret.length < SHORTEST_SECRET)) {
    problems.push(
      `AUTOMATION_WEBHOOK_SECRETS must each have at least ${SHORTEST_SECRET} characters (for example: openssl rand -hex 32).`,
    )
  }
  return {
    token: new Secret(token ?? ''),
    webhookSecrets: env.AUTOMATION_WEBHOOK_SECRETS.map((secret) => new Secret(secret)),
    isScheduled: env.AUTOMATION_SCHEDULER_ENABLED,
    concurrency: env.AUTOMATION_CONCURRENCY,
    staleDays: env.AUTOMATION_STALE_DAYS,
  }
}
