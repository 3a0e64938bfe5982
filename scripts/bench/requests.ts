type Era = '2026-07-28' | '2025-11-25'

export interface ToolCall {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
}

/** The bytes of one `get_issue` call, as a client of that era sends it. */
export function toMcpRequest(port: number, token: string, era: Era): Buffer {
  const args = { owner: 'octo', repo: 'widgets', issue_number: 42 }
  return toToolRequest(port, token, { tool: 'get_issue', args }, era)
}

/** The bytes of one tool call, as a client of that era sends it. */
export function toToolRequest(port: number, token: string, { tool, args }: ToolCall, era: Era = '2026-07-28'): Buffer {
  const isModern = era === '2026-07-28'
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: args,
      ...(isModern && {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': era,
          'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      }),
    },
  })
  return toRequest(
    'POST /mcp HTTP/1.1',
    [
      `host: 127.0.0.1:${port}`,
      'content-type: application/json',
      'accept: application/json, text/event-stream',
      `authorization: Bearer ${token}`,
      `mcp-protocol-version: ${era}`,
      ...(isModern ? ['mcp-method: tools/call', `mcp-name: ${tool}`] : []),
      `content-length: ${Buffer.byteLength(body)}`,
    ],
    body,
  )
}

/** The same issue asked for directly, with the token the guarded call uses at Gitea. */
export function toDirectRequest(giteaToken: string): Buffer {
  return toRestRequest('/repos/octo/widgets/issues/42', giteaToken)
}

/** A read of Gitea's REST API. */
export function toRestRequest(path: string, giteaToken: string): Buffer {
  return toRequest(`GET /api/v1${path} HTTP/1.1`, [
    'host: 127.0.0.1',
    'accept: application/json',
    `authorization: Bearer ${giteaToken}`,
  ])
}

function toRequest(first: string, headers: readonly string[], body = ''): Buffer {
  return Buffer.from(`${[first, ...headers].join('\r\n')}\r\n\r\n${body}`)
}
