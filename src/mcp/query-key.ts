/*
 * `?api_key=`, which clients that cannot send headers used with the Python original. An address is written to logs by
 * everything it passes, so a key in one is a key given away; it is read only where an admin insists.
 */

const NAME = 'api_key'

/** The doors that took it there; never `/mcp`, whose specification forbids it. */
export const QUERY_KEY_PATHS: ReadonlySet<string> = new Set(['/mcp/sse', '/mcp/tool/call', '/mcp/tools'])

/** The key in an address, and the address without it; undefined when none is in it. */
export function findQueryKey(address: string): { readonly key: string; readonly rest: string } | undefined {
  const start = address.indexOf('?')
  if (start === -1) {
    return undefined
  }
  const query = address.slice(start + 1)
  const key = new URLSearchParams(query).get(NAME)
  if (key === null) {
    return undefined
  }
  const others = query.split('&').filter((part) => !new URLSearchParams(part).has(NAME))
  const path = address.slice(0, start)
  return { key, rest: others.length === 0 ? path : `${path}?${others.join('&')}` }
}

/** The query of an address with the key in it again, for the one client that sent it. */
export function addQueryKey(search: string, key: string): string {
  return `${search === '' ? '?' : `${search}&`}${NAME}=${encodeURIComponent(key)}`
}
