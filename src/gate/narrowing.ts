import type { Capabilities } from '../gitea/capabilities.js'
import type { OperationName } from '../gitea/operations.js'
import { InvalidInput } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'
import { TOOLSETS, type Tool } from '../tools/define-tool.js'
import type { Refusal } from './refusal.js'

/*
 * What takes tools away from a connection before anything else is asked: a setting, the address the connector was
 * given, a header. Each rule only takes away, so together they leave what all of them leave.
 */

export interface Narrowing {
  /** What was given and where, for the refusal: `toolsets=issues in the address of this connection`. */
  readonly given: string
  readonly rule: string
  leaves(tool: Tool): boolean
}

/** Where a narrowing comes from: how it is written there, and where `there` is. */
export interface NarrowingSource {
  readonly name: string
  readonly place: string
}

const ALL = 'all'
const YES = new Set(['', '1', 'true', 'yes', 'on'])
const NO = new Set(['0', 'false', 'no', 'off'])

/**
 * Only tools of these groups; `all` takes nothing away.
 *
 * @throws InvalidInput naming the groups there are
 */
export function narrowToToolsets(names: readonly string[], source: NarrowingSource): Narrowing[] {
  const wanted = checkNames(names, [...TOOLSETS, ALL], 'toolset', source)
  return wanted.has(ALL)
    ? []
    : [{ given: describe(source, wanted), rule: 'narrowing.toolsets', leaves: (tool) => wanted.has(tool.toolset) }]
}

/**
 * Only these tools.
 *
 * @param known the names of all tools there are
 * @throws InvalidInput naming them
 */
export function narrowToTools(names: readonly string[], known: readonly string[], source: NarrowingSource): Narrowing {
  const wanted = checkNames(names, known, 'tool', source)
  return { given: describe(source, wanted), rule: 'narrowing.tools', leaves: (tool) => wanted.has(tool.name) }
}

/**
 * Only tools that read, when `value` says so.
 *
 * @throws InvalidInput for a value that is neither yes nor no
 */
export function narrowToReads(value: string, source: NarrowingSource): Narrowing[] {
  const asked = value.trim().toLowerCase()
  if (NO.has(asked)) {
    return []
  }
  if (!YES.has(asked)) {
    throw new InvalidInput(`${source.name} in ${source.place} must be true or false, not “${toShort(value)}”.`)
  }
  return [
    {
      given: `${source.name} in ${source.place}`,
      rule: 'narrowing.readonly',
      leaves: (tool) => tool.effect === 'read',
    },
  ]
}

/** No tools of automations where the settings switch them off. */
export function narrowToSettings({
  toolsets,
  automation,
}: {
  readonly toolsets: readonly string[]
  readonly automation: object | undefined
}): Narrowing[] {
  const source = { name: 'TOOLSETS', place: 'the settings of this server' }
  const off: Narrowing = {
    given: `AUTOMATION_ENABLED=false in ${source.place}`,
    rule: 'narrowing.automation',
    leaves: (tool) => tool.toolset !== 'automation',
  }
  return [...narrowToToolsets(toolsets, source), ...(automation === undefined ? [off] : [])]
}

function checkNames(
  names: readonly string[],
  known: readonly string[],
  kind: string,
  source: NarrowingSource,
): ReadonlySet<string> {
  const wanted = names.map((name) => name.trim().toLowerCase()).filter((name) => name !== '')
  const unknown = wanted.find((name) => !known.includes(name))
  const there = `The ${kind}s are ${[...known].sort().join(', ')}.`
  if (unknown !== undefined) {
    const [near] = findNearMisses(unknown.slice(0, 64), known)
    const meant = near === undefined ? '' : ` Did you mean ${near}?`
    throw new InvalidInput(
      `${source.name} in ${source.place} names “${toShort(unknown)}”, which is no ${kind}.${meant} ${there}`,
    )
  }
  if (wanted.length === 0) {
    throw new InvalidInput(`${source.name} in ${source.place} names no ${kind}. ${there}`)
  }
  return new Set(wanted)
}

function describe({ name, place }: NarrowingSource, wanted: ReadonlySet<string>): string {
  return `${name}=${[...wanted].join(',')} in ${place}`
}

function toShort(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64).toWellFormed()}…` : text
}

/** What the whole server offers, whoever calls. */
export interface Offer {
  /** From the settings. */
  readonly narrowing: readonly Narrowing[]
  readonly capabilities: Capabilities
}

/** Step 1b: whether the tool is there at all for this connection and this Gitea. */
export function checkOffered(offer: Offer, tool: Tool, narrowing: readonly Narrowing[] = []): Refusal | undefined {
  const by = [...offer.narrowing, ...narrowing].find((rule) => !rule.leaves(tool))
  if (by !== undefined) {
    return {
      code: 'narrowed',
      status: 403,
      message: `${tool.name} is left out by ${by.given}. Do without it, or ask the person to change that and connect again.`,
      rule: by.rule,
    }
  }
  const missing = offer.capabilities.missing()
  if (lacksFor(missing, tool)) {
    const version = offer.capabilities.version()
    return {
      code: 'not_in_gitea',
      status: 501,
      message: `${tool.name} needs something that this Gitea (${version}) does not have. Do without it until Gitea is updated.`,
      rule: 'gitea.version',
    }
  }
  return undefined
}

/** Whether a Gitea without the operations `missing` cannot serve the tool. */
export function lacksFor(missing: ReadonlySet<OperationName>, tool: Tool): boolean {
  return (
    missing.size > 0 &&
    tool.operations.some((name) => missing.has(name) && tool.optionalOperations?.includes(name) !== true)
  )
}
