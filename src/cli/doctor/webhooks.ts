/** Whether Gitea tells this server what happens where the policy lets jobs run on events. */
import type { Config } from '../../config/config.js'
import { type HookPlace, toPlaceName } from '../../gitea/hook-place.js'
import { createHookClient } from '../../gitea/hooks.js'
import type { Job } from '../../jobs/define-job.js'
import { systemClock, toIsoTime } from '../../lib/clock.js'
import { AppError } from '../../lib/errors.js'
import { Secret } from '../../lib/secret.js'
import { DAY } from '../../lib/units.js'
import { decide } from '../../policy/decide.js'
import { loadPolicy } from '../../policy/load.js'
import type { Policy } from '../../policy/policy.js'
import { listHookEvents } from '../../webhooks/hook-events.js'
import type { CommandIo } from '../command.js'
import { loadJobChecks, loadToolNames } from '../tool-names.js'
import { viewLedger } from '../webhooks/await-delivery.js'
import { findCoverFaults, findCoveringHooks } from '../webhooks/check.js'
import { findRemarks, toInstallCommand, toShownUrl } from '../webhooks/judge-hook.js'
import { toPlaceOptions } from '../webhooks/options.js'
import { type Check, failed, ok, skipped, warning } from './check.js'

const SECRETS = 'webhook secrets'
/** More are looked at with aegis webhooks check. */
const MOST_PLACES = 30
const RECENT_MS = 7 * DAY

/** Nothing where automation is switched off. */
export async function checkWebhooks(config: Config, io: CommandIo): Promise<Check[]> {
  const { automation } = config
  if (automation === undefined) {
    return []
  }
  const { createJobs } = await import('../../jobs/catalog.js')
  const { toPseudoTool } = await import('../../jobs/define-job.js')
  const policy = await findPolicy(config)
  const waiting = createJobs(automation).filter(({ events }) => events.length > 0)
  const places = policy === undefined ? [] : listPlaces(policy, waiting, toPseudoTool)
  const given = io.env.GITEA_ADMIN_TOKEN?.trim() || undefined
  const token = given === undefined ? automation.token : new Secret(given)
  const hooks = createHookClient({ giteaUrl: config.gitea.url, token })
  const wanted = { url: `${config.publicBaseUrl}/automation/webhook`, events: listHookEvents(waiting) }
  const checks = [judgeSecrets(automation.webhookSecrets.length)]
  for (const place of places.slice(0, MOST_PLACES)) {
    checks.push(withDeliveries(await checkPlace(hooks, place, wanted), await findLast(io, place)))
  }
  if (places.length > MOST_PLACES) {
    const rest = places.length - MOST_PLACES
    checks.push(skipped('webhooks', `${rest} more places of the policy were not looked at: aegis webhooks check`))
  }
  return checks
}

function judgeSecrets(count: number): Check {
  if (count === 0) {
    return failed(
      SECRETS,
      'There is none, so every delivery is refused.',
      'Set AUTOMATION_WEBHOOK_SECRETS, for example to what openssl rand -hex 32 prints, then aegis webhooks install.',
    )
  }
  return count === 1
    ? ok(SECRETS, 'one')
    : warning(
        SECRETS,
        `There are ${count}; each of them signs.`,
        'When no delivery comes with the older ones any more (aegis_webhook_signatures_total), take them out.',
      )
}

async function checkPlace(
  hooks: ReturnType<typeof createHookClient>,
  place: HookPlace,
  wanted: { readonly url: string; readonly events: readonly string[] },
): Promise<Check> {
  const step = `webhook of ${toPlaceName(place)}`
  // what this token may not look at, another may
  try {
    const found = await findCoveringHooks(hooks, place, wanted.url)
    if (found.length === 0) {
      const missing = `None delivers to ${toShownUrl(wanted.url)}, so jobs there run by schedule and by hand only.`
      return warning(step, missing, toInstallCommand(place))
    }
    const faults = findCoverFaults(found, wanted)
    const remarks = found.flatMap(({ hook }) => findRemarks(hook))
    return faults.length > 0
      ? warning(step, `${faults.join('; ')}.`, toInstallCommand(found[0]?.place ?? place))
      : ok(step, ['delivers here, with all events that jobs need', ...remarks].join('; '))
  } catch (error) {
    if (error instanceof AppError) {
      return skipped(step, `not looked at: ${error.message} Run: aegis webhooks check ${toPlaceOptions(place)}`)
    }
    throw error
  }
}

/** What arrives needs no look at Gitea, and may come by an address that only Gitea knows this server under. */
function withDeliveries(check: Check, last: number | undefined): Check {
  if (check.status === 'ok' || last === undefined || systemClock.now() - last > RECENT_MS) {
    return check
  }
  const came = `the last delivery came ${toIsoTime(last)}`
  return check.status === 'skipped'
    ? ok(check.step, `${came}; its events were not looked at`)
    : warning(
        check.step,
        `${check.found} Yet ${came}.`,
        `${check.fix ?? ''}, with --url where Gitea has another address`,
      )
}

async function findLast(io: CommandIo, place: HookPlace): Promise<number | undefined> {
  // before the first start there is no ledger
  try {
    return (await viewLedger(io, place).list())[0]?.receivedAt
  } catch (error) {
    if (error instanceof AppError) {
      return undefined
    }
    throw error
  }
}

/** A policy that cannot be read is a finding of its own, elsewhere. */
async function findPolicy({ policyPath }: Config): Promise<Policy | undefined> {
  const toolNames = (await loadToolNames()).map(({ name }) => name)
  const jobs = await loadJobChecks()
  try {
    return loadPolicy(policyPath, { toolNames, jobs })
  } catch (error) {
    if (error instanceof AppError) {
      return undefined
    }
    throw error
  }
}

/** Repositories that the policy names, the organization of `owner/*`, and the instance for everything wider. */
function listPlaces(policy: Policy, jobs: readonly Job[], toPseudoTool: (job: string) => string): readonly HookPlace[] {
  const found = new Map<string, HookPlace>()
  for (const { key, tools } of policy.repositories) {
    const [owner = '', repo = ''] = key.split('/')
    const isPattern = (text: string) => !/^[\w.-]+$/.test(text)
    const isAllowed = isPattern(key.replace('/', ''))
      ? jobs.some(({ name }) => tools?.byTool.get(toPseudoTool(name))?.allow !== undefined)
      : jobs.some(({ name }) => {
          const asked = { tool: toPseudoTool(name), effect: 'write', repository: { owner, name: repo } } as const
          return decide(policy, asked).effect === 'allow'
        })
    if (isAllowed) {
      const place: HookPlace = isPattern(owner)
        ? { kind: 'instance' }
        : isPattern(repo)
          ? { kind: 'organization', org: owner }
          : { kind: 'repository', owner, repo }
      found.set(toPlaceName(place).toLowerCase(), place)
    }
  }
  const isEverywhere = jobs.some(({ name }) => policy.tools.byTool.get(toPseudoTool(name))?.allow !== undefined)
  return isEverywhere ? [{ kind: 'instance' }] : [...found.values()]
}
