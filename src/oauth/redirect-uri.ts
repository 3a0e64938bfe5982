/**
 * Where authorization answers may be sent. Refused by default: everything but https, loopback http and the private-use
 * schemes of native apps (RFC 8252 §7); schemes that run code in the browser are refused always.
 */

/** How a redirect reaches the client: over the web, to a program on the person's computer, or by an app's own scheme. */
export type RedirectKind = 'web' | 'loopback' | 'app'

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost'])
const NEVER = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'filesystem:',
  'view-source:',
  'ws:',
  'wss:',
  'ftp:',
  'mailto:',
  'tel:',
  'chrome:',
  'intent:',
])
/** Schemes of MCP clients that have no dot, though RFC 8252 §7.1 asks for one. */
const KNOWN_APP_SCHEMES = new Set([
  'cursor:',
  'vscode:',
  'vscode-insiders:',
  'vscodium:',
  'windsurf:',
  'zed:',
  'claude:',
  'codex:',
  'goose:',
  'warp:',
  'raycast:',
  'jetbrains:',
  'msteams:',
  'kiro:',
])

/**
 * What kind of redirect this is.
 *
 * @param allowlist further URIs the operator allows, compared exactly (`OAUTH_REDIRECT_ALLOWLIST`)
 * @returns undefined when authorization answers must not be sent there
 */
export function findRedirectKind(uri: string, allowlist: ReadonlySet<string>): RedirectKind | undefined {
  const url = URL.parse(uri)
  // the URL parser drops tabs and line breaks silently; what is compared later must be what was looked at here
  if (url === null || hasBlankOrControl(uri) || uri.length > 2000) {
    return undefined
  }
  if (NEVER.has(url.protocol) || uri.includes('#') || uri.includes('*') || url.username !== '' || url.password !== '') {
    return undefined
  }
  if (url.protocol === 'https:') {
    return LOOPBACK_HOSTS.has(url.hostname) ? undefined : 'web'
  }
  if (url.protocol === 'http:') {
    return LOOPBACK_HOSTS.has(url.hostname) ? 'loopback' : allowlist.has(uri) ? 'web' : undefined
  }
  if (KNOWN_APP_SCHEMES.has(url.protocol) || url.protocol.includes('.') || allowlist.has(uri)) {
    return 'app'
  }
  return undefined
}

function hasBlankOrControl(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code <= 0x20 || code === 0x7f || char === '\\') {
      return true
    }
  }
  return false
}
