/**
 * RFC 8707: the one resource tokens are issued for, and the spellings of it that real clients send.
 */

/** The canonical resource: exactly the URL people type into their client. */
export function toCanonicalResource(publicBaseUrl: string): string {
  return `${publicBaseUrl}/mcp`
}

const ALIASES = new Set(['', '/', '/mcp', '/mcp/', '/mcp/sse'])

/**
 * The canonical resource when `asked` is a spelling of it: scheme and host in any case, with or without a trailing
 * slash, the server's root, or the SSE endpoint; also with a query, because clients name the resource by the address
 * they were given, and that may say what to leave out (`/mcp?readonly=1`). It is the same resource all the same: what
 * is left out is told by each request, a token is good for the whole.
 *
 * @returns undefined for any other resource
 */
export function findCanonicalResource(asked: string, publicBaseUrl: string): string | undefined {
  const url = URL.parse(asked)
  if (url === null || url.origin !== new URL(publicBaseUrl).origin || url.username !== '' || url.password !== '') {
    return undefined
  }
  if (url.hash !== '' || asked.endsWith('#')) {
    return undefined
  }
  return ALIASES.has(url.pathname) ? toCanonicalResource(publicBaseUrl) : undefined
}
