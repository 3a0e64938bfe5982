import type { Tool as McpTool } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { WriteRules } from '../config/config.js'
import type { Caller } from '../identity/caller.js'
import { listable } from '../policy/decide.js'
import type { Policy } from '../policy/policy.js'
import type { Tool } from '../tools/define-tool.js'

/** A tool with its MCP description, built once: converting a schema costs 30 µs. */
export interface ListedTool {
  readonly tool: Tool
  readonly mcp: McpTool
}

/** Sorted by name, so that the list is the same for everyone who may see the same tools. */
export function toListedTools(tools: readonly Tool[]): ListedTool[] {
  return [...tools].sort((a, b) => (a.name < b.name ? -1 : 1)).map((tool) => ({ tool, mcp: toMcpTool(tool) }))
}

/**
 * P2: what a caller may never call is not listed. A write tool whose scope this token lacks stays listed, because the
 * caller can get that scope by agreeing to it (step-up).
 */
export function listTools(listed: readonly ListedTool[], caller: Caller, policy: Policy, write: WriteRules): McpTool[] {
  return listed
    .filter(({ tool }) => {
      const writes = tool.effect !== 'read'
      if (writes && (!write.enabled || caller.grant.readOnly)) {
        return false
      }
      return listable(policy, tool.name, writes ? 'write' : 'read', 'repo' in tool.input.shape)
    })
    .map(({ mcp }) => mcp)
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
