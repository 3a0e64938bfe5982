import { type BlockList, isIP } from 'node:net'
import type { Step } from '../context.js'

/**
 * The client's address. `X-Forwarded-For` is believed only from trusted proxies, read from the right: the first
 * address that is not a trusted proxy is the client's.
 */
export function resolveAddress(trusted: BlockList): Step {
  return async function resolveAddressStep(ctx, next) {
    ctx.state.address = findClientAddress(
      ctx.req.socket.remoteAddress ?? 'unknown',
      ctx.req.headers['x-forwarded-for'],
      trusted,
    )
    await next()
  }
}

export function findClientAddress(peer: string, forwarded: string | string[] | undefined, trusted: BlockList): string {
  let address = toPlain(peer)
  if (forwarded === undefined || !isTrusted(address, trusted)) {
    return address
  }
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',').reverse()
  for (const hop of hops) {
    const next = toPlain(hop.trim())
    if (isIP(next) === 0) {
      return address
    }
    address = next
    if (!isTrusted(address, trusted)) {
      return address
    }
  }
  return address
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** IPv4 addresses that arrive through an IPv6 socket are the same clients. */
function toPlain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
