import { Secret } from '../lib/secret.js'
import { MINUTE } from '../lib/units.js'
import type { Env } from './env.js'

/** Webhooks and jobs; undefined while they are switched off. */
export interface AutomationSettings {
  /** Of the account that jobs act as. */
  readonly token: Secret
  /** The current secret first; any of them signs. */
  readonly webhookSecrets: readonly Secret[]
  /** Where alerts are sent, signed with the current webhook secret. */
  readonly alertTarget: { readonly url: Secret; readonly secret: Secret } | undefined
  readonly isScheduled: boolean
  readonly concurrency: number
  /** How many jobs may begin in one repository within an hour. */
  readonly jobsPerHour: number
  /** 0 for never. */
  readonly reconcileMs: number
  readonly staleDays: number
  /** A path or an https address. */
  readonly advisorySource: string | undefined
}

const SHORTEST_SECRET = 16

export function toAutomationSettings(
  env: Env,
  reach: { isLoopback(host: string): boolean },
  problems: string[],
): AutomationSettings | undefined {
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
  if (/^(?!https:\/\/)[a-z][a-z\d+.-]*:\/\//i.test(env.AUTOMATION_ADVISORY_SOURCE ?? '')) {
    problems.push('AUTOMATION_ADVISORY_SOURCE must be a path or an address that begins with https://.')
  }
  return {
    token: new Secret(token ?? ''),
    webhookSecrets: env.AUTOMATION_WEBHOOK_SECRETS.map((secret) => new Secret(secret)),
    alertTarget: toAlertTarget(env, reach, problems),
    isScheduled: env.AUTOMATION_SCHEDULER_ENABLED,
    concurrency: env.AUTOMATION_CONCURRENCY,
    jobsPerHour: env.AUTOMATION_JOBS_PER_HOUR,
    reconcileMs: env.AUTOMATION_RECONCILE_MINUTES * MINUTE,
    staleDays: env.AUTOMATION_STALE_DAYS,
    advisorySource: env.AUTOMATION_ADVISORY_SOURCE,
  }
}

function toAlertTarget(
  env: Env,
  { isLoopback }: { isLoopback(host: string): boolean },
  problems: string[],
): AutomationSettings['alertTarget'] {
  const { AUTOMATION_ALERT_WEBHOOK_URL: address, AUTOMATION_WEBHOOK_SECRETS: secrets } = env
  if (address === undefined) {
    return undefined
  }
  const url = new URL(address)
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
    problems.push('AUTOMATION_ALERT_WEBHOOK_URL must begin with https://, except on this computer.')
  }
  const [secret] = secrets
  if (secret === undefined) {
    problems.push(
      'AUTOMATION_ALERT_WEBHOOK_URL needs AUTOMATION_WEBHOOK_SECRETS: the first of them signs what is sent.',
    )
  }
  return { url: new Secret(address), secret: new Secret(secret ?? '') }
}
