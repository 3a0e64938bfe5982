import { parseArgs } from 'node:util'
import { type HookPlace, toPlaceName } from '../../gitea/hook-place.js'
import type { Hook, HookClient } from '../../gitea/hooks.js'
import { systemClock, toIsoTime } from '../../lib/clock.js'
import { AppError } from '../../lib/errors.js'
import type { Action } from '../action.js'
import { type CommandIo, printLines, toTerminalText } from '../command.js'
import { viewLedger } from './await-delivery.js'
import { loadHookEvents } from './install.js'
import {
  findFaults,
  findOurs,
  findRemarks,
  toHookJson,
  toInstallCommand,
  toShownUrl,
  type WantedHook,
} from './judge-hook.js'
import {
  HOOK_OPTIONS,
  loadWebhookConfig,
  PLACE_USAGE,
  parsePlace,
  parseTargetUrl,
  toPlaceOptions,
  withHooks,
} from './options.js'

/** `aegis webhooks check`: whether what happens there is told to this server. */
export const checkAction: Action = {
  name: 'check',
  usage: `aegis webhooks check ${PLACE_USAGE} [--url <address>] [--token-file <path>] [--json]
  Looks whether a webhook delivers here, is on and has the events that the jobs need, for a repository also at its
  organization and the instance, and when the last delivery came. Exit code 1 where something is to be done. Changes
  nothing; whether a delivery arrives is seen with aegis webhooks test.
`,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: HOOK_OPTIONS })
    const place = parsePlace(values)
    const { config, secrets } = loadWebhookConfig(io)
    const wanted = { url: parseTargetUrl(values.url, config), events: await loadHookEvents() }
    const options = { giteaUrl: config.gitea.url, tokenFile: values['token-file'] }
    const found = await withHooks(io, options, (hooks) => findCoveringHooks(hooks, place, wanted.url))
    const faults = [
      ...(secrets.length === 0 ? ['AUTOMATION_WEBHOOK_SECRETS is empty, so this server refuses every delivery'] : []),
      ...(found.length === 0
        ? [`no webhook delivers to ${toShownUrl(wanted.url)}; make one: ${toInstallCommand(place)}`]
        : findCoverFaults(found, wanted)),
    ]
    const last = await findLastDelivery(io, place)
    const remarks = [
      ...found.flatMap(({ hook }) => findRemarks(hook)),
      ...(found.length > 1 ? [`${found.length} webhooks deliver here, so what happens there comes several times`] : []),
      ...(last.at === undefined
        ? [`${last.problem ?? 'no delivery from there is in the ledger'}: aegis webhooks test ${toPlaceOptions(place)}`]
        : []),
    ]
    printLines(
      io.stdout,
      ...(values.json
        ? [
            JSON.stringify({
              ok: faults.length === 0,
              webhooks: found.map((each) => ({ of: each.place.kind, ...toHookJson(each.hook) })),
              faults,
              remarks,
              last_delivery: last.at === undefined ? null : { at: toIsoTime(last.at), event: last.event },
            }),
          ]
        : [
            ...found.map(
              (each) =>
                `Webhook ${each.hook.id} of ${toPlaceName(each.place)} delivers to ${toShownUrl(each.hook.url)}`,
            ),
            ...faults.map((fault) => `✗ ${fault}`),
            ...remarks.map((remark) => `! ${remark}`),
            ...(last.at === undefined
              ? []
              : [`Last delivery: ${toTerminalText(last.event ?? '')}, ${toIsoTime(last.at)}${describeAge(last.at)}`]),
            ...(faults.length === 0 ? ['In order.'] : [`To correct it: ${toInstallCommand(place)}`]),
          ]),
    )
    return faults.length === 0 ? 0 : 1
  },
}

interface CoveringHook {
  readonly place: HookPlace
  readonly hook: Hook
}

/**
 * Our webhooks that tell what happens in a place: of a repository also those of its organization and of the instance,
 * as far as the token may look there.
 *
 * @throws AppError where the token may not even look at the place itself
 */
export async function findCoveringHooks(
  hooks: HookClient,
  place: HookPlace,
  url: string,
): Promise<readonly CoveringHook[]> {
  const findAt = async (at: HookPlace) => findOurs(await hooks.list(at), url).map((hook) => ({ place: at, hook }))
  const own = await findAt(place)
  if (own.length > 0) {
    return own
  }
  const above: HookPlace[] = [
    ...(place.kind === 'repository' ? [{ kind: 'organization', org: place.owner } as const] : []),
    ...(place.kind === 'instance' ? [] : [{ kind: 'instance' } as const]),
  ]
  for (const at of above) {
    // an owner who is a person is no organization, and few may look at the instance
    const found = await findAt(at).catch(ignoreRefusal)
    if (found.length > 0) {
      return found
    }
  }
  return []
}

function ignoreRefusal(error: unknown): never[] {
  if (error instanceof AppError) {
    return []
  }
  throw error
}

/** What is wrong with them together: each event has to come by one that is on. */
export function findCoverFaults(found: readonly CoveringHook[], wanted: WantedHook): readonly string[] {
  if (found.some(({ hook }) => findFaults(hook, wanted).length === 0)) {
    return []
  }
  return found.flatMap(({ hook }) => findFaults(hook, wanted).map((fault) => `webhook ${hook.id}: ${fault}`))
}

interface LastDelivery {
  readonly at?: number
  readonly event?: string
  readonly problem?: string
}

async function findLastDelivery(io: CommandIo, place: HookPlace): Promise<LastDelivery> {
  // whoever checks from another computer has no database there, and is told so
  try {
    const [row] = await viewLedger(io, place).list()
    return row === undefined ? {} : { at: row.receivedAt, event: row.eventType }
  } catch (error) {
    if (error instanceof AppError) {
      return { problem: 'the ledger of deliveries cannot be read here' }
    }
    throw error
  }
}

function describeAge(at: number): string {
  const minutes = Math.round((systemClock.now() - at) / 60_000)
  if (minutes < 60) return ` (${minutes} min ago)`
  return minutes < 48 * 60 ? ` (${Math.round(minutes / 60)} h ago)` : ` (${Math.round(minutes / 1440)} days ago)`
}
