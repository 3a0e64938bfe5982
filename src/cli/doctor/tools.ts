/** Which tools will be offered: what the settings leave out, and what this Gitea lacks. */
import type { Config } from '../../config/config.js'
import { lacksFor, narrowToSettings } from '../../gate/narrowing.js'
import { findMissing } from '../../gitea/capabilities.js'
import { InvalidInput } from '../../lib/errors.js'
import { MINUTE } from '../../lib/units.js'
import { isForClients, type Tool } from '../../tools/define-tool.js'
import { type Check, failed, ok, skipped, warning } from './check.js'

const STEP = 'tools'

export async function checkTools(config: Config): Promise<Check> {
  // only here, because the tools bring half of the program with them
  const { catalog } = await import('../../tools/catalog.gen.js')
  const forClients = catalog.filter(isForClients)
  const offered = findOffered(config, forClients)
  if (offered instanceof InvalidInput) {
    return failed(STEP, offered.message, 'Change TOOLSETS, or remove it to offer everything.')
  }
  const left =
    offered.length === forClients.length ? `all ${forClients.length}` : `${offered.length} of ${forClients.length}`
  const missing = await findMissing(config.gitea.url, AbortSignal.timeout(MINUTE))
  if (missing === undefined) {
    return skipped(STEP, `Gitea does not show a description of its API, so ${left} are offered whatever it has.`)
  }
  const without = offered.filter((tool) => lacksFor(missing, tool))
  return without.length === 0
    ? ok(STEP, `${left}; this Gitea has what they need`)
    : warning(
        STEP,
        `${without.length} of them are not offered, because this Gitea lacks what they need: ${without.map(({ name }) => name).join(', ')}.`,
        'Update Gitea if you want them.',
      )
}

function findOffered(config: Config, tools: readonly Tool[]): readonly Tool[] | InvalidInput {
  try {
    const rules = narrowToSettings(config)
    return tools.filter((tool) => rules.every((rule) => rule.leaves(tool)))
  } catch (error) {
    // what an operator can get wrong is a finding
    if (error instanceof InvalidInput) {
      return error
    }
    throw error
  }
}
