import type { Tool as McpTool } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Gate } from '../gate/call.js'
import type { Tool } from '../tools/define-tool.js'
import { isListed, type McpRequest } from './gate-call.js'

/** A tool with its MCP description, built once: converting a schema costs 30 µs. */
export interface ListedTool {
  readonly tool: Tool
  readonly mcp: McpTool
}

/** Sorted by name, so that the list is the same for everyone who may see the same tools. */
export function toListedTools(tools: readonly Tool[]): ListedTool[] {
  return [...tools].sort((a, b) => (a.name < b.name ? -1 : 1)).map((tool) => ({ tool, mcp: toMcpTool(tool) }))
}

/** The tools this caller may call on this connection. */
export function listTools(
  listed: readonly ListedTool[],
  gate: Gate,
  request: Pick<McpRequest, 'caller' | 'narrowing'>,
): McpTool[] {
  return listed.filter(({ tool }) => isListed(gate, tool, request)).map(({ mcp }) => mcp)
}

function toMcpTool(tool: Tool): McpTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: toInputSchema(tool.input),
    annotations: {
      title: tool.title,
      readOnlyHint: tool.effect === 'read',
      destructiveHint: false,
      idempotentHint: tool.effect !== 'create',
      // answers carry text that other people wrote
      openWorldHint: true,
    },
  }
}

/**
 * JSON Schema of a tool's arguments without what every client assumes anyway; each byte is read by a model. That no
 * other field is taken is said by the refusal of one.
 */
export function toInputSchema(input: z.ZodObject): McpTool['inputSchema'] {
  const { $schema: _dialect, additionalProperties: _strict, ...schema } = z.toJSONSchema(input, { io: 'input' })
  // through JSON, because that is what is sent and zod's type for it is wider
  return JSON.parse(JSON.stringify({ ...schema, type: 'object' }))
}
