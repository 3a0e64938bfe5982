import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

/** A tool that only the conformance suite calls. It reaches neither Gitea nor the gate. */
export interface FixtureTool {
  readonly listed: Tool
  call(args: Record<string, unknown>, context: ServerContext): Promise<CallToolResult | InputRequiredResult>
}

const envelope = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.unknown().optional(),
    sampling: z.unknown().optional(),
    roots: z.unknown().optional(),
  }),
})

const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', additionalProperties: false }

export function fixtureTool(
  name: string,
  description: string,
  call: FixtureTool['call'],
  inputSchema: Tool['inputSchema'] = NO_ARGUMENTS,
): FixtureTool {
  return { listed: { name, description: `Conformance fixture: ${description}`, inputSchema }, call }
}

export function textResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

/** What the client of a 2026-07-28 request says it can be asked; nothing where it says nothing. */
export function declaredCapabilities({ mcpReq }: ServerContext): ReadonlySet<string> {
  const parsed = envelope.safeParse(mcpReq.envelope)
  return new Set(parsed.success ? Object.keys(parsed.data[CLIENT_CAPABILITIES_META_KEY]) : [])
}
