import type { IncomingHttpHeaders } from 'node:http'
import { type Narrowing, narrowToReads, narrowToTools, narrowToToolsets } from '../gate/narrowing.js'
import { InvalidInput } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'

const ADDRESS = 'the address of this connection'
const HEADERS = 'the headers of this connection'
const PARAMETERS = ['toolsets', 'tools', 'readonly'] as const

/**
 * What a connection asks to be left out, by its own address (`/mcp?toolsets=issues&readonly=1`) and by the headers that
 * GitHub's server names. Both only take away. Other parameters of the address are the client's own business, but one
 * that looks like a misspelt one of these would leave more open than its writer meant.
 *
 * @param query the part of the address after `?`
 * @param toolNames all tools there are
 * @throws InvalidInput naming what there is
 */
export function parseNarrowing(query: string, headers: IncomingHttpHeaders, toolNames: Iterable<string>): Narrowing[] {
  const given = readParameters(query)
  const known = () => [...toolNames]
  return [
    ...narrow('toolsets', given.get('toolsets'), ADDRESS, known),
    ...narrow('tools', given.get('tools'), ADDRESS, known),
    ...narrow('readonly', given.get('readonly'), ADDRESS, known),
    ...narrow('toolsets', headers['x-mcp-toolsets'], HEADERS, known, 'X-MCP-Toolsets'),
    ...narrow('tools', headers['x-mcp-tools'], HEADERS, known, 'X-MCP-Tools'),
    ...narrow('readonly', headers['x-mcp-readonly'], HEADERS, known, 'X-MCP-Readonly'),
  ]
}

type Parameter = (typeof PARAMETERS)[number]

function narrow(
  parameter: Parameter,
  given: string | string[] | undefined,
  place: string,
  known: () => readonly string[],
  name: string = parameter,
): Narrowing[] {
  if (given === undefined) {
    return []
  }
  const text = String(given)
  const source = { name, place }
  switch (parameter) {
    case 'toolsets':
      return narrowToToolsets(text.split(','), source)
    case 'tools':
      return [narrowToTools(text.split(','), known(), source)]
    case 'readonly':
      return narrowToReads(text, source)
  }
}

/** A parameter given twice is one list, as a header given twice is. */
function readParameters(query: string): Map<Parameter, string> {
  const found = new Map<Parameter, string>()
  if (query === '') {
    return found
  }
  for (const [key, value] of new URLSearchParams(query)) {
    const name = key.toLowerCase().replace(/[-_]/g, '')
    const parameter = PARAMETERS.find((known) => known === name)
    if (parameter !== undefined) {
      const before = found.get(parameter)
      found.set(parameter, before === undefined ? value : `${before},${value}`)
      continue
    }
    const [near] = name.length < 4 ? [] : findNearMisses(name, PARAMETERS)
    if (near !== undefined) {
      throw new InvalidInput(
        `${ADDRESS} has “${key.slice(0, 64)}”. Did you mean ${near}? There are ${PARAMETERS.join(', ')}.`,
      )
    }
  }
  return found
}
