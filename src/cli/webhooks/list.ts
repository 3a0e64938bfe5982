import { parseArgs } from 'node:util'
import { loadConfig } from '../../config/config.js'
import { toPlaceName } from '../../gitea/hook-place.js'
import type { Action } from '../action.js'
import { printLines } from '../command.js'
import { isSameAddress, toHookJson, toInstallCommand, toShownUrl } from './judge-hook.js'
import { HOOK_OPTIONS, PLACE_USAGE, parsePlace, parseTargetUrl, withHooks } from './options.js'

/** `aegis webhooks list`: the webhooks of a place, ours and others. */
export const listAction: Action = {
  name: 'list',
  usage: `aegis webhooks list ${PLACE_USAGE} [--url <address>] [--token-file <path>] [--json]
  The webhooks that Gitea has there, and which of them deliver here. Secrets and headers are not shown.
`,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: HOOK_OPTIONS })
    const place = parsePlace(values)
    const config = loadConfig(io.env)
    const url = parseTargetUrl(values.url, config)
    const tokenFile = values['token-file']
    const found = await withHooks(io, { giteaUrl: config.gitea.url, tokenFile }, (hooks) => hooks.list(place))
    const rows = found.map((hook) => ({ ...toHookJson(hook), delivers_here: isSameAddress(hook.url, url) }))
    printLines(
      io.stdout,
      ...(values.json
        ? [JSON.stringify(rows)]
        : rows.length === 0
          ? [`${toPlaceName(place)} has no webhooks. To make one: ${toInstallCommand(place)}`]
          : found.flatMap((hook, at) => [
              `${hook.id}  ${hook.isActive ? 'on ' : 'off'}  ${toShownUrl(hook.url)}${rows[at]?.delivers_here === true ? '  (here)' : ''}`,
              `  ${hook.events.length === 0 ? 'no events' : hook.events.join(', ')}`,
            ])),
    )
    return 0
  },
}
