import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AuthProxy {
  readonly url: string
  close(): Promise<void>
}

/**
 * Adds a bearer token to every request and leaves all else, Host and Origin too, as it came: the conformance suite
 * has no way to send one. Listens on this computer only.
 */
export async function startAuthProxy(target: string, token: string): Promise<AuthProxy> {
  const { hostname, port } = new URL(target)
  const server = createServer((req, res) => {
    const headers = { ...req.headers, authorization: `Bearer ${token}` }
    const forwarded = request({ host: hostname, port, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    forwarded.on('error', () => {
      // 502 as long as nothing was sent; a broken stream breaks
      if (res.headersSent) {
        res.destroy()
      } else {
        res.writeHead(502).end()
      }
    })
    req.pipe(forwarded)
    res.on('close', () => forwarded.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
