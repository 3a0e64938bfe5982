/** Automation: whose account jobs act as, what that may do, and whether policy and settings let any of them run. */
import { existsSync } from 'node:fs'
import { z } from 'zod'
import type { AutomationSettings } from '../../config/automation-settings.js'
import type { Config } from '../../config/config.js'
import { openStoreBeside } from '../../db/open.js'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import { decideForEntry } from '../../policy/decide.js'
import { listSchedules } from '../../policy/job-rules.js'
import { loadPolicy, type PolicySettings } from '../../policy/load.js'
import type { Policy } from '../../policy/policy.js'
import { type CommandIo, toTerminalText } from '../command.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { findMigrationState, findMigrationsFolder, toDatabasePath, toPolicyPath } from '../state-file.js'
import { type Check, failed, ok, warning } from './check.js'
import { findScopes, judgeScopes } from './token-scopes.js'

const ACCOUNT = 'automation account'
const POWER = 'automation token’s power'
/** Of an automation that may do all that there is for it to do. */
const NEEDED = ['read:user', 'read:organization', 'write:repository', 'write:issue']
const HOW = 'docs/automation.md says how to make an account with few rights.'
const User = z.object({ login: z.string().regex(/^[\w.-]+$/), is_admin: z.boolean().default(false) })

/**
 * Nothing while automation is off.
 *
 * @param readable whether database and policy were found to be in order
 */
export async function checkAutomation(
  config: Config,
  known: Omit<PolicySettings, 'file'>,
  readable: { readonly database: boolean; readonly policy: boolean },
  io: CommandIo,
): Promise<Check[]> {
  const { automation } = config
  if (automation === undefined) {
    return []
  }
  const account = await checkAccount(config, automation)
  const rules = readable.policy ? checkPolicy(config, automation, loadPolicy(toPolicyPath(io), known), known) : []
  return [...account, ...rules, checkSecrets(automation), ...(readable.database ? checkDead(io) : [])]
}

async function checkAccount({ gitea }: Config, { token: secret }: AutomationSettings): Promise<Check[]> {
  const token = secret.reveal()
  const result = await probe(`${gitea.url}/api/v1/user`, { headers: { authorization: `Bearer ${token}` } })
  if ('failure' in result) {
    return [failed(ACCOUNT, `Gitea cannot be asked about it: ${result.failure}.`, 'Try again when it is steady.')]
  }
  const user = User.safeParse(findJson(result.answer))
  if (result.answer.status !== 200 || !user.success) {
    return [judgeRefusal(result.answer)]
  }
  const { login, is_admin: isAdmin } = user.data
  const power = judgeScopes(POWER, 'AUTOMATION_TOKEN', await findScopes(gitea.url, login, token), NEEDED)
  if (isAdmin) {
    const found = `Jobs act as ${login}, a site administrator: they could change every repository.`
    return [warning(ACCOUNT, found, `Give them an account of their own. ${HOW}`), power]
  }
  return token === gitea.serviceToken?.reveal()
    ? [warning(ACCOUNT, `Jobs act as ${login}, the account of GITEA_TOKEN.`, `Set AUTOMATION_TOKEN. ${HOW}`), power]
    : [ok(ACCOUNT, `jobs act as ${login}`), power]
}

function judgeRefusal({ status, text }: Answer): Check {
  if (status === 401) {
    return failed(ACCOUNT, 'Gitea does not know AUTOMATION_TOKEN, or it was revoked.', `Make a new one. ${HOW}`)
  }
  if (/required scope/.test(text)) {
    return failed(ACCOUNT, 'AUTOMATION_TOKEN may not read users.', 'Give it the scope read:user.')
  }
  const found = `Gitea refuses AUTOMATION_TOKEN (status ${status}).`
  return failed(ACCOUNT, found, 'Look whether its account is disabled in Gitea.')
}

function checkPolicy(
  { write }: Config,
  { isScheduled }: AutomationSettings,
  policy: Policy,
  { jobs }: Pick<PolicySettings, 'jobs'>,
): Check[] {
  const names = jobs?.names ?? []
  const places = [undefined, ...policy.repositories.map(({ key }) => key)]
  const allowed = names.flatMap((name) => {
    const where = places.filter((key) => decideForEntry(policy, `automation_${name}`, 'write', key).effect === 'allow')
    return where.length === 0 ? [] : [`${name} in ${where.map((key) => key ?? 'every other repository').join(', ')}`]
  })
  const lines = names.flatMap((name) => listSchedules(policy, name).map((line) => `${name} (${line})`))
  return [
    allowed.length === 0
      ? warning(
          'jobs',
          'The policy allows no job, so nothing runs.',
          'Name one in tools.allow of a repository, for example automation_stale_issue_detection.',
        )
      : ok('jobs', toTerminalText(allowed.join('; '))),
    ...(write.enabled
      ? []
      : [warning('changes', 'WRITE_MODE is off: jobs fail at their first change.', 'Set WRITE_MODE=true.')]),
    judgeSchedules(lines, isScheduled),
  ]
}

function judgeSchedules(lines: readonly string[], isScheduled: boolean): Check {
  const step = 'schedules'
  if (lines.length === 0) {
    return ok(step, 'the policy has no cron lines: jobs run on events and by hand')
  }
  return isScheduled
    ? ok(step, toTerminalText(lines.join('; ')))
    : warning(
        step,
        `The policy has cron lines, and nobody looks at them: ${toTerminalText(lines.join('; '))}.`,
        'Set AUTOMATION_SCHEDULER_ENABLED=true, or remove them.',
      )
}

function checkSecrets({ webhookSecrets }: AutomationSettings): Check {
  const step = 'webhook secrets'
  if (webhookSecrets.length === 0) {
    const found = 'AUTOMATION_WEBHOOK_SECRETS is empty, so no delivery of Gitea is taken.'
    return warning(step, found, 'Set one (openssl rand -hex 32), then: aegis webhooks install.')
  }
  return webhookSecrets.length === 1
    ? ok(step, 'one is set')
    : warning(
        step,
        `${webhookSecrets.length} are set; the older ones are still taken.`,
        'Remove them when aegis_webhook_signatures_total counts no older one any more.',
      )
}

function checkDead(io: CommandIo): Check[] {
  const path = toDatabasePath(io)
  if (!existsSync(path)) {
    return []
  }
  const store = openStoreBeside(path, { readonly: true })
  try {
    // a database of an earlier version has no jobs yet
    if (findMigrationState(store.sqlite, findMigrationsFolder()).pending.length > 0) {
      return []
    }
    const dead = createJobQueue(store, systemClock).count({ state: 'dead' })
    return dead === 0
      ? [ok('failed runs', 'none waits for you')]
      : [
          warning(
            'failed runs',
            dead === 1 ? 'One waits for you.' : `${dead} wait for you.`,
            'aegis jobs list --state dead, then show and retry.',
          ),
        ]
  } finally {
    store.close()
  }
}
