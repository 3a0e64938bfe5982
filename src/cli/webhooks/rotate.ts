import { type HookPlace, toPlaceName } from '../../gitea/hook-place.js'
import type { HookClient } from '../../gitea/hooks.js'
import { InvalidInput } from '../../lib/errors.js'
import type { Secret } from '../../lib/secret.js'
import { type CommandIo, printLines } from '../command.js'
import { awaitDelivery, findTwins, isTestPush, viewLedger } from './await-delivery.js'
import { createHook, type Installed } from './install.js'
import { findOurs, toHookPage, toHostListHint, toInstallCommand, type WantedHook } from './judge-hook.js'

interface RotateOptions {
  readonly wanted: WantedHook
  /** The new one. */
  readonly secret: Secret
  readonly seconds: number
  readonly io: CommandIo
  readonly giteaUrl: string
}

/**
 * Both webhooks stand side by side until a delivery of the new one was taken, so that nothing is missed; what comes twice
 * meanwhile counts once. An earlier run that ended in between is gone on with.
 */
export async function rotateHook(hooks: HookClient, place: HookPlace, options: RotateOptions): Promise<Installed> {
  const { wanted, secret } = options
  const ours = findOurs(await hooks.list(place), wanted.url)
  const [first] = ours
  if (first === undefined) {
    throw new InvalidInput(
      `No webhook of ${toPlaceName(place)} delivers here, so there is no secret to change: ${toInstallCommand(place)}`,
    )
  }
  const events = [...new Set([...first.events, ...wanted.events])].sort()
  const newest = ours.length > 1 ? ours.at(-1) : undefined
  const hook = newest ?? (await createHook(hooks, place, { url: wanted.url, events, secret }))
  const old = ours.filter(({ id }) => id !== hook.id)
  if (!(await hasCome(hooks, place, hook.id, options))) {
    return {
      outcome: 'waiting',
      hook,
      corrected: [],
      remarks: [
        `nothing of it came within ${options.seconds} s. Was the server restarted with the new secret first? Its log says wrong_signature where not. Gitea’s own account of it: ${toHookPage(options.giteaUrl, place, hook.id)}`,
        toHostListHint(wanted.url),
        `then again: ${toInstallCommand(place)} --rotate`,
      ],
    }
  }
  for (const { id } of old) {
    await hooks.remove(place, id)
  }
  return {
    outcome: 'rotated',
    hook,
    corrected: [],
    remarks: [
      'when every webhook has the new secret (aegis_webhook_signatures_total{secret="older"} stands still), take the old one out of AUTOMATION_WEBHOOK_SECRETS',
    ],
  }
}

/** Whether a delivery of exactly this webhook is in the ledger. */
async function hasCome(
  hooks: HookClient,
  place: HookPlace,
  id: number,
  { seconds, io }: RotateOptions,
): Promise<boolean> {
  const view = viewLedger(io, place)
  if (place.kind === 'repository') {
    const begin = () => hooks.test(place, id)
    const found = await awaitDelivery(view, { seconds, begin, find: (rows) => rows.find(isTestPush) })
    return found !== undefined
  }
  // Gitea tests only webhooks of repositories by its API; an event that comes twice was delivered by the old and the new
  const begin = async () => {
    printLines(
      io.stderr,
      `Do something in ${toPlaceName(place)} that is delivered, like a comment on an issue: waiting ${seconds} s for it.`,
    )
  }
  return (await awaitDelivery(view, { seconds, begin, find: findTwins })) !== undefined
}
