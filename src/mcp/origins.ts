import { isLoopbackHost } from '../config/config.js'

/**
 * Which web origins may call /mcp from a browser: our own, the configured ones, and pages on this computer when we
 * only serve this computer. MCP (Streamable HTTP, security) asks for 403 on any other; no Origin means no browser.
 */
export function createOriginCheck(publicBaseUrl: string, corsOrigins: readonly string[]): (origin: string) => boolean {
  const allowed = new Set([publicBaseUrl, ...corsOrigins])
  const servesThisComputer = isLoopbackHost(new URL(publicBaseUrl).hostname)
  return (origin) => {
    if (allowed.has(origin)) {
      return true
    }
    const url = URL.parse(origin)
    return servesThisComputer && url !== null && isLoopbackHost(url.hostname)
  }
}
