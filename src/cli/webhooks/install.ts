import { parseArgs } from 'node:util'
import { type HookPlace, toPlaceName } from '../../gitea/hook-place.js'
import type { Hook, HookClient } from '../../gitea/hooks.js'
import { InvalidInput } from '../../lib/errors.js'
import type { Secret } from '../../lib/secret.js'
import { listHookEvents } from '../../webhooks/hook-events.js'
import type { Action } from '../action.js'
import { printLines } from '../command.js'
import { findFaults, findOurs, findRemarks, toHookJson, toShownUrl, type WantedHook } from './judge-hook.js'
import {
  HOOK_OPTIONS,
  loadWebhookConfig,
  PLACE_USAGE,
  parseEvents,
  parsePlace,
  parseSeconds,
  parseTargetUrl,
  toPlaceOptions,
  withHooks,
} from './options.js'
import { rotateHook } from './rotate.js'

/** `aegis webhooks install`: Gitea tells this server what happens. */
export const installAction: Action = {
  name: 'install',
  usage: `aegis webhooks install ${PLACE_USAGE}
                       [--events <list>] [--url <address>] [--token-file <path>] [--json]
  Makes the webhook in Gitea, signed with the first of AUTOMATION_WEBHOOK_SECRETS and with the events that the jobs need.
  One that delivers here already is checked and corrected instead. --url where Gitea reaches this server under another
  address than PUBLIC_BASE_URL/automation/webhook. The token comes from --token-file, from GITEA_ADMIN_TOKEN or is asked
  for; the server’s own is tried first where neither is given.

aegis webhooks install ${PLACE_USAGE} --rotate [--wait <30>] [--url …]
  Changes the secret, which Gitea can only by another webhook: put the new secret first in AUTOMATION_WEBHOOK_SECRETS,
  the old one second, restart the server, then this makes the new webhook and removes the old when a delivery of the new
  one has come. Run it again where none came: it goes on.
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...HOOK_OPTIONS,
        events: { type: 'string' },
        rotate: { type: 'boolean', default: false },
        wait: { type: 'string', default: '30' },
      },
    })
    const place = parsePlace(values)
    const chosen = values.events === undefined ? undefined : parseEvents(values.events)
    const seconds = parseSeconds('--wait', values.wait)
    const { config, secrets } = loadWebhookConfig(io)
    const [secret, older] = secrets
    if (secret === undefined) {
      throw new InvalidInput(
        'There is no secret to sign with. Make one (openssl rand -hex 32), set AUTOMATION_WEBHOOK_SECRETS to it and restart the server.',
      )
    }
    const wanted = { url: parseTargetUrl(values.url, config), events: chosen ?? (await loadHookEvents()) }
    const giteaUrl = config.gitea.url
    const result = await withHooks(io, { giteaUrl, tokenFile: values['token-file'] }, (hooks) => {
      if (!values.rotate) {
        return installHook(hooks, place, { wanted, secret, isExact: chosen !== undefined })
      }
      if (older === undefined) {
        throw new InvalidInput(
          'To change the secret both must be known: put the new one first, AUTOMATION_WEBHOOK_SECRETS=<new>,<old>, restart the server and run this again.',
        )
      }
      return rotateHook(hooks, place, { wanted, secret, seconds, io, giteaUrl })
    })
    printLines(io.stdout, ...(values.json ? [JSON.stringify(toJson(result))] : toLines(result, place)))
    return result.outcome === 'waiting' ? 1 : 0
  },
}

/** The events that the jobs of this version need. */
export async function loadHookEvents(): Promise<readonly string[]> {
  // only here, because the jobs bring half of the program with them
  const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../../jobs/catalog.js')
  return listHookEvents(createJobs(DEFAULT_JOB_SETTINGS))
}

/** What `install` did. */
export interface Installed {
  readonly outcome: 'made' | 'corrected' | 'in_order' | 'rotated' | 'waiting'
  readonly hook: Hook
  /** What was wrong with it before. */
  readonly corrected: readonly string[]
  /** What the operator should know or do. */
  readonly remarks: readonly string[]
}

async function installHook(
  hooks: HookClient,
  place: HookPlace,
  options: { readonly wanted: WantedHook; readonly secret: Secret; readonly isExact: boolean },
): Promise<Installed> {
  const { wanted, isExact } = options
  const [present, ...others] = findOurs(await hooks.list(place), wanted.url)
  if (present === undefined) {
    const hook = await createHook(hooks, place, { ...wanted, secret: options.secret })
    return { outcome: 'made', hook, corrected: [], remarks: findUnknown(hook, wanted) }
  }
  const twins = others.map(({ id }) => `webhook ${id} delivers here too, so everything comes twice; remove one of them`)
  const surplus = isExact ? present.events.filter((event) => !wanted.events.includes(event)) : []
  const faults = [
    ...findFaults(present, wanted),
    ...(surplus.length === 0 ? [] : [`it also sends ${surplus.join(', ')}`]),
  ]
  if (faults.length === 0) {
    return { outcome: 'in_order', hook: present, corrected: [], remarks: [...findRemarks(present), ...twins] }
  }
  // what somebody chose besides stays, unless the events are named here
  const events = isExact ? wanted.events : [...new Set([...present.events, ...wanted.events])].sort()
  const hook = await hooks.edit(place, present, { url: wanted.url, events, isActive: true })
  const remarks = [...findUnknown(hook, wanted), ...findRemarks(hook), ...twins]
  return { outcome: 'corrected', hook, corrected: faults, remarks }
}

/** @throws InvalidInput where this Gitea makes no webhook of the kind */
export async function createHook(
  hooks: HookClient,
  place: HookPlace,
  settings: WantedHook & { readonly secret: Secret },
): Promise<Hook> {
  const made = await hooks.create(place, { ...settings, isActive: true })
  if (place.kind === 'instance' && !(await hooks.list(place)).some(({ id }) => id === made.id)) {
    await hooks.remove(place, made.id)
    throw new InvalidInput(
      'This Gitea makes only patterns for new repositories by its API, no webhooks of the instance (that came with 1.24). Make it in Gitea under Site Administration → Integrations → Webhooks → System Webhooks, or install it per organization.',
    )
  }
  return made
}

function findUnknown(hook: Hook, { events }: WantedHook): readonly string[] {
  const missing = events.filter((event) => !hook.events.includes(event))
  return missing.length === 0 ? [] : [`this Gitea does not know the events ${missing.join(', ')}: they never come`]
}

function toJson({ outcome, hook, corrected, remarks }: Installed) {
  return { outcome, webhook: toHookJson(hook), corrected, remarks }
}

const OUTCOMES: Readonly<Record<Installed['outcome'], string>> = {
  made: 'is made',
  corrected: 'is corrected',
  in_order: 'is there already, as it should be',
  rotated: 'has taken the place of the old one, with the new secret',
  waiting: 'is made with the new secret; the old one stays until a delivery of the new one has come',
}

function toLines({ outcome, hook, corrected, remarks }: Installed, place: HookPlace): string[] {
  return [
    `Webhook ${hook.id} of ${toPlaceName(place)} ${OUTCOMES[outcome]}.`,
    `  delivers to ${toShownUrl(hook.url)}`,
    `  on ${hook.events.join(', ')}`,
    ...corrected.map((fault) => `  corrected: ${fault}`),
    ...remarks.map((remark) => `  ! ${remark}`),
    ...(outcome === 'made' || outcome === 'corrected'
      ? [`Whether deliveries come: aegis webhooks test ${toPlaceOptions(place)}`]
      : []),
  ]
}
