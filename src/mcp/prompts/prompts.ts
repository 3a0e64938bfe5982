import { type GetPromptResult, type Prompt as McpPrompt, ProtocolError } from '@modelcontextprotocol/server'
import type { Gate } from '../../gate/call.js'
import { INVALID_PARAMS, isListed, type McpRequest } from '../gate-call.js'
import type { Prompt } from './define-prompt.js'
import { PROMPTS } from './errands.js'

/** The prompts whose tools this caller has. */
export function listPrompts(gate: Gate, request: McpRequest): McpPrompt[] {
  return findOffered(gate, request).map(({ name, title, description, input }) => ({
    name,
    title,
    description,
    arguments: Object.entries(input.shape).map(([argument, schema]) => ({
      name: argument,
      description: schema.description ?? '',
      required: !schema.safeParse(undefined).success,
    })),
  }))
}

/** @throws ProtocolError -32602 for a prompt that is not listed, and for arguments it does not take */
export function getPrompt(
  gate: Gate,
  request: McpRequest,
  name: string,
  given: Readonly<Record<string, string>>,
): GetPromptResult {
  const offered = findOffered(gate, request)
  const prompt = offered.find((each) => each.name === name)
  if (prompt === undefined) {
    const names = offered.map((each) => each.name).join(', ')
    throw new ProtocolError(INVALID_PARAMS, `There is no prompt “${toShort(name)}” here. The prompts are ${names}.`)
  }
  const args = parseArguments(prompt, given)
  const text = prompt.write(args, (tool) => hasTool(gate, request, tool))
  return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] }
}

function parseArguments(prompt: Prompt, given: Readonly<Record<string, string>>): unknown {
  // clients send fields that were left empty in their form
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''))
  const parsed = prompt.input.safeParse(filled)
  if (parsed.success) {
    return parsed.data
  }
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')} `}${toShort(message)}`)
  const takes = Object.keys(prompt.input.shape).join(', ')
  throw new ProtocolError(INVALID_PARAMS, `${prompt.name} takes ${takes}: ${problems.join('; ')}.`)
}

function findOffered(gate: Gate, request: McpRequest): readonly Prompt[] {
  return PROMPTS.filter(({ needs }) => needs.every((tool) => hasTool(gate, request, tool)))
}

function hasTool(gate: Gate, request: McpRequest, name: string): boolean {
  const tool = gate.tools.get(name)
  return tool !== undefined && isListed(gate, tool, request)
}

function toShort(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160).toWellFormed()}…` : text
}
