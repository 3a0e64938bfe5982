import net, { type AddressInfo } from 'node:net'

/** What Gitea says about one issue, about 1 KB. */
const ISSUE = {
  id: 142,
  number: 42,
  title: 'Crash when saving',
  state: 'open',
  is_locked: false,
  user: { id: 2, login: 'alice', full_name: 'Alice', username: 'alice' },
  labels: [{ id: 1, name: 'bug', color: 'd73a4a' }],
  milestone: null,
  assignees: null,
  comments: 2,
  created_at: '2026-10-01T08:00:00Z',
  updated_at: '2026-10-02T08:00:00Z',
  closed_at: null,
  due_date: null,
  pull_request: null,
  html_url: 'https://git.example.org/octo/widgets/issues/42',
  body: 'When I press save the page shows an error.\n'.repeat(14),
}

/**
 * Answers every request with the same issue at once, so that what is measured is the server in front of it.
 * A plain socket server: a real Gitea, or even node:http, would be most of the measurement.
 */
export async function startInstantUpstream(): Promise<{ port: number; close(): void }> {
  const body = JSON.stringify(ISSUE)
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    let pending = ''
    sockets.add(socket)
    socket.setNoDelay()
    socket.on('error', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        pending = pending.slice(end + 4)
        socket.write(answer)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () => {
      server.close()
      for (const socket of sockets) {
        socket.destroy()
      }
    },
  }
}
