/** One MCP request over real HTTP, as a client of 2026-07-28 sends it, with the whole HTTP answer to look at. */
export interface McpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: JsonRpcAnswer
  /** Text of a tool result, empty for anything else. */
  readonly text: string
  readonly isError: boolean
}

interface JsonRpcAnswer {
  readonly result?: {
    readonly content?: readonly { readonly text?: string }[]
    readonly isError?: boolean
    readonly tools?: readonly { readonly name: string }[]
    readonly [key: string]: unknown
  }
  readonly error?: { readonly code: number; readonly message: string }
}

const REVISION = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

interface SendOptions {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export async function sendMcp(
  url: string,
  method: string,
  params: Readonly<Record<string, unknown>>,
  options: SendOptions = {},
): Promise<McpAnswer> {
  const name = params.name
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: META } }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const body = (await response.json()) as JsonRpcAnswer
  const text = body.result?.content?.flatMap((part) => part.text ?? []).join('\n') ?? ''
  return { status: response.status, headers: response.headers, body, text, isError: body.result?.isError === true }
}

/** `tools/call`. */
export function callTool(
  url: string,
  token: string,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  options: Omit<SendOptions, 'token'> = {},
): Promise<McpAnswer> {
  return sendMcp(url, 'tools/call', { name, arguments: args }, { ...options, token })
}

/** Names that `tools/list` gives this token. */
export async function listToolNames(url: string, token: string): Promise<string[]> {
  const { body } = await sendMcp(url, 'tools/list', {}, { token })
  return body.result?.tools?.map((tool) => tool.name) ?? []
}
