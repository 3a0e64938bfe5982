import { parseArgs } from 'node:util'
import { loadConfig } from '../../config/config.js'
import { toPlaceName } from '../../gitea/hook-place.js'
import { NotFound } from '../../lib/errors.js'
import type { Action } from '../action.js'
import { Misuse, printLines } from '../command.js'
import { findOurs, toShownUrl } from './judge-hook.js'
import { HOOK_OPTIONS, PLACE_USAGE, parsePlace, parseTargetUrl, withHooks } from './options.js'

/** `aegis webhooks remove`: Gitea tells this server nothing more. */
export const removeAction: Action = {
  name: 'remove',
  usage: `aegis webhooks remove ${PLACE_USAGE} [--id <number>] [--url <address>] [--token-file <path>] [--json]
  Removes the webhooks that deliver here, or the one of them with this id. Others are left alone.
`,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { ...HOOK_OPTIONS, id: { type: 'string' } } })
    const place = parsePlace(values)
    if (values.id !== undefined && !/^\d{1,15}$/.test(values.id)) {
      throw new Misuse('--id is the number of a webhook: aegis webhooks list.')
    }
    const config = loadConfig(io.env)
    const url = parseTargetUrl(values.url, config)
    const tokenFile = values['token-file']
    const removed = await withHooks(io, { giteaUrl: config.gitea.url, tokenFile }, async (hooks) => {
      const ours = findOurs(await hooks.list(place), url)
      const chosen = values.id === undefined ? ours : ours.filter(({ id }) => id === Number(values.id))
      if (values.id !== undefined && chosen.length === 0) {
        throw new NotFound(
          `${toPlaceName(place)} has no webhook ${values.id} that delivers to ${toShownUrl(url)}. Others are removed in Gitea.`,
        )
      }
      for (const { id } of chosen) {
        await hooks.remove(place, id)
      }
      return chosen
    })
    printLines(
      io.stdout,
      ...(values.json
        ? [JSON.stringify({ removed: removed.map(({ id }) => id) })]
        : removed.length === 0
          ? [`No webhook of ${toPlaceName(place)} delivers to ${toShownUrl(url)}.`]
          : removed.map(({ id }) => `Webhook ${id} of ${toPlaceName(place)} is removed.`)),
    )
    return 0
  },
}
