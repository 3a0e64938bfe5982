import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ReceivedAlert {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Somebody else's server that alerts are sent to. */
export interface AlertReceiver {
  readonly url: string
  readonly received: ReceivedAlert[]
  /** What it answers from now on, one after the other; 204 when there is none left. */
  readonly answers: number[]
  close(): Promise<void>
}

export async function startAlertReceiver(): Promise<AlertReceiver> {
  const received: ReceivedAlert[] = []
  const answers: number[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    response.writeHead(answers.shift() ?? 204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // an address of a port, because it listens on one
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/alerts?key=of-the-receiver`,
    received,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
