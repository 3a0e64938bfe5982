import { isLoopbackHost } from '../../config/config.js'
import { Forbidden } from '../../lib/errors.js'
import type { Step } from '../context.js'

interface HostRules {
  readonly publicBaseUrl: string
  readonly listenHost: string
  readonly allowedHosts: readonly string[]
}

/**
 * Refuses requests for a host that is not ours. A web page can make a browser send requests here under a name of its
 * own (DNS rebinding), but it cannot make that name one of these.
 */
export function checkHost({ publicBaseUrl, listenHost, allowedHosts }: HostRules): Step {
  const names = new Set([new URL(publicBaseUrl).hostname, listenHost.toLowerCase(), ...allowedHosts])
  return async function checkHostStep(ctx, next) {
    const host = toHostName(ctx.req.headers.host ?? '')
    if (!names.has(host) && !isLoopbackHost(host)) {
      throw new Forbidden(
        `This server does not answer to the host name “${host.slice(0, 100)}”. Set PUBLIC_BASE_URL or ALLOWED_HOSTS.`,
        { rule: 'http.host' },
      )
    }
    await next()
  }
}

function toHostName(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}
