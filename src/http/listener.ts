import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SECOND } from '../lib/units.js'

/** Idle connections are kept longer than the pauses between a model's calls; Node's own default is 5 s. */
const KEEP_ALIVE_MS = 75 * SECOND
/** How long a stopping server waits for answers under way; container engines kill after ten seconds. */
const DRAIN_MS = 5 * SECOND

export interface Listener {
  listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }>
  /** Takes no more connections and lets answers under way finish, for a while. */
  stop(): Promise<void>
}

export function createListener(handle: RequestListener): Listener {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle)
  let underWay = 0
  let onDrained = () => {}
  server.on('request', (_req, res) => {
    underWay += 1
    res.once('close', () => {
      underWay -= 1
      if (underWay === 0) {
        onDrained()
      }
    })
  })
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        // an IP server, so never the string of a pipe
        server.listen(port, host, () => resolve({ host, port: (server.address() as AddressInfo).port }))
      }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const drained = new Promise<void>((resolve) => {
        onDrained = resolve
      })
      if (underWay > 0) {
        await Promise.race([drained, afterDrainTime()])
      }
      // a connection that a browser opened ahead and never used does not count as idle for Node
      server.closeAllConnections()
      await closed
    },
  }
}

function afterDrainTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())
}
