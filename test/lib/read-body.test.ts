import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { readBody } from '../../src/lib/read-body.js'

/** Sends the pieces and, unless told to leave, the end; resolves to what reading them came to. */
async function readWhatIsSent(
  pieces: readonly string[],
  {
    length,
    leave = false,
    wait,
  }: { length?: number; leave?: boolean; wait?: (req: IncomingMessage) => Promise<unknown> },
): Promise<string> {
  const outcome = Promise.withResolvers<string>()
  const arrived = Promise.withResolvers<void>()
  const server = createServer(async (req, res) => {
    arrived.resolve()
    await wait?.(req)
    readBody(req, 10).then(
      (body) => outcome.resolve(body.toString()),
      (error: Error) => outcome.resolve(error.message),
    )
    await outcome.promise
    res.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const headers = length === undefined ? {} : { 'content-length': length }
  const client = request({ host: '127.0.0.1', port, method: 'POST', headers })
  client.on('error', () => {})
  client.flushHeaders()
  for (const piece of pieces) {
    client.write(piece)
  }
  await arrived.promise
  if (leave) {
    client.destroy()
  } else {
    client.end()
  }
  return outcome.promise
}

it('joins the pieces of a body', async () => {
  expect(await readWhatIsSent(['hello', 'world'], {})).toBe('helloworld')
  expect(await readWhatIsSent([], {})).toBe('')
})

it('refuses a body that is too large, announced or not', async () => {
  expect(await readWhatIsSent(['0123456789a'], { length: 11 })).toBe('The request body is larger than 10 bytes.')
  expect(await readWhatIsSent(['012345', '6789a'], {})).toBe('The request body is larger than 10 bytes.')
})

it('says so when the client leaves in the middle', async () => {
  expect(await readWhatIsSent(['abc'], { length: 5, leave: true })).toBe('The request body ended early.')
})

it('says so when the client has left before reading began', async () => {
  const closed = (req: IncomingMessage) => new Promise((resolve) => req.on('close', resolve).on('error', () => {}))
  expect(await readWhatIsSent(['abc'], { length: 5, leave: true, wait: closed })).toBe('The request body ended early.')
})
