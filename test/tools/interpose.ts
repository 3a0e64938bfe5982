/* A Gitea in which something happens just before one kind of request arrives: what a race does, every time. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'

export interface Interposed {
  /** The same Gitea, reached through this. */
  readonly gitea: GiteaUnderTest
  close(): Promise<void>
}

export async function interpose(
  gitea: GiteaUnderTest,
  method: string,
  happening: () => Promise<unknown>,
): Promise<Interposed> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    if (request.method === method) await happening()
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const answer = await fetch(`${gitea.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ...(body.length === 0 ? {} : { body }),
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    gitea: { ...gitea, url: `http://127.0.0.1:${port}` },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
