/* A server that answers as a test tells it to: for what a real Gitea does only on a bad day. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface ScriptedServer {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  /** Takes the place of the handler and forgets what was seen. */
  script(handler: Handler): void
  close(): Promise<void>
}

type Handler = (res: ServerResponse, request: SeenRequest, attempt: number) => void

export async function startScriptedServer(): Promise<ScriptedServer> {
  let handler: Handler = (res) => res.end()
  const seen: SeenRequest[] = []
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const request = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body }
    seen.push(request)
    handler(res, request, seen.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    script(next) {
      handler = next
      seen.length = 0
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function answerJson(
  res: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers })
  res.end(typeof body === 'string' ? body : JSON.stringify(body))
}
