import { parseArgs } from 'node:util'
import { type HookPlace, toPlaceName } from '../../gitea/hook-place.js'
import { NotFound } from '../../lib/errors.js'
import type { DeliveryRow } from '../../webhooks/ledger.js'
import type { Action } from '../action.js'
import { printLines, toTerminalText } from '../command.js'
import { awaitDelivery, isTestPush, viewLedger } from './await-delivery.js'
import { findOurs, toHookPage, toHostListHint, toInstallCommand, toShownUrl } from './judge-hook.js'
import {
  HOOK_OPTIONS,
  loadWebhookConfig,
  PLACE_USAGE,
  parsePlace,
  parseSeconds,
  parseTargetUrl,
  withHooks,
} from './options.js'

/** `aegis webhooks test`: one delivery, all the way. */
export const testAction: Action = {
  name: 'test',
  usage: `aegis webhooks test ${PLACE_USAGE} [--wait <15>] [--url <address>] [--token-file <path>] [--json]
  Has Gitea deliver a test and waits until the running server has it, signature and all. Exit code 1 where it does not
  come, with what to look at. For an organization and the instance Gitea has no such request: the page with its button
  is named, and any delivery from there counts. Runs beside the server, on its database.
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { ...HOOK_OPTIONS, wait: { type: 'string', default: '15' } },
    })
    const place = parsePlace(values)
    const seconds = parseSeconds('--wait', values.wait)
    const { config } = loadWebhookConfig(io)
    const url = parseTargetUrl(values.url, config)
    const giteaUrl = config.gitea.url
    const view = viewLedger(io, place)
    const tested = await withHooks(io, { giteaUrl, tokenFile: values['token-file'] }, async (hooks) => {
      const hook = findOurs(await hooks.list(place), url).at(-1)
      if (hook === undefined) {
        throw new NotFound(
          `No webhook of ${toPlaceName(place)} delivers to ${toShownUrl(url)}: ${toInstallCommand(place)}`,
        )
      }
      const begin = async () => {
        if (place.kind === 'repository') {
          await hooks.test(place, hook.id)
        } else {
          const page = toHookPage(giteaUrl, place, hook.id)
          printLines(io.stderr, `Press “Test Delivery” at ${page}, or do something there: waiting ${seconds} s for it.`)
        }
      }
      const find = (rows: readonly DeliveryRow[]) => (place.kind === 'repository' ? rows.find(isTestPush) : rows[0])
      return { hook, row: await awaitDelivery(view, { seconds, begin, find }) }
    })
    const { hook, row } = tested
    printLines(
      io.stdout,
      ...(values.json
        ? [JSON.stringify({ arrived: row !== undefined, webhook: hook.id, delivery: row?.id ?? null })]
        : row === undefined
          ? toMissingLines(url, place, toHookPage(giteaUrl, place, hook.id), seconds)
          : [`Delivery ${toTerminalText(row.id)} of webhook ${hook.id} came, and its signature holds.`]),
    )
    return row === undefined ? 1 : 0
  },
}

function toMissingLines(url: string, place: HookPlace, page: string, seconds: number): string[] {
  return [
    `Nothing came to ${toShownUrl(url)} within ${seconds} s.`,
    toHostListHint(url),
    `What Gitea says of it is on ${page} only:`,
    '  401 there: the webhook has another secret than AUTOMATION_WEBHOOK_SECRETS. Remove it and install it again.',
    '  no answer there: Gitea does not reach that address. Give one that it does with --url.',
    ...(place.kind === 'repository'
      ? ['  nothing there: the repository has no commits, and then Gitea sends no test.']
      : []),
  ]
}
