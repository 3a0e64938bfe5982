/** The bytes of one `get_issue` call, as a client of that era sends it. */
export function toMcpRequest(port: number, token: string, era: '2026-07-28' | '2025-11-25'): Buffer {
  const isModern = era === '2026-07-28'
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'get_issue',
      arguments: { owner: 'octo', repo: 'widgets', issue_number: 42 },
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
      ...(isModern ? ['mcp-method: tools/call', 'mcp-name: get_issue'] : []),
      `content-length: ${Buffer.byteLength(body)}`,
    ],
    body,
  )
}

/** The same issue asked for directly, with the token the guarded call uses at Gitea. */
export function toDirectRequest(giteaToken: string): Buffer {
  return toRequest('GET /api/v1/repos/octo/widgets/issues/42 HTTP/1.1', [
    'host: 127.0.0.1',
    'accept: application/json',
    `authorization: Bearer ${giteaToken}`,
  ])
}

function toRequest(first: string, headers: readonly string[], body = ''): Buffer {
  return Buffer.from(`${[first, ...headers].join('\r\n')}\r\n\r\n${body}`)
}
