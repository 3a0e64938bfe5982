import type { Refusal } from '../gate/refusal.js'
import type { Scope } from '../oauth/scope.js'
import type { HttpRefusal } from './thin-exchange.js'

/** The scope to ask for in the first challenge (facts of the clients: VS Code asks for everything when it is missing). */
const BASELINE: readonly Scope[] = ['read:repository']

export interface Challenges {
  /** 401 for a request without a usable token; `problem` is set when one was presented. */
  unauthenticated(problem?: string): HttpRefusal
  /** The HTTP answer a gate refusal calls for, if it calls for one. */
  forRefusal(refusal: Refusal): HttpRefusal | undefined
}

/**
 * `WWW-Authenticate` as RFC 6750, RFC 9728 and MCP authorization ask for: where our metadata is and which scopes to
 * request, all of them at once.
 */
export function createChallenges(publicBaseUrl: string): Challenges {
  const metadata = `resource_metadata="${publicBaseUrl}/.well-known/oauth-protected-resource/mcp"`

  const unauthenticated = (problem?: string): HttpRefusal => {
    const error = problem === undefined ? [] : ['error="invalid_token"', `error_description="${toQuoted(problem)}"`]
    return {
      status: 401,
      headers: { 'www-authenticate': `Bearer ${[...error, metadata, `scope="${BASELINE.join(' ')}"`].join(', ')}` },
    }
  }

  return {
    unauthenticated,
    forRefusal: (refusal) => {
      if (refusal.code === 'unauthenticated') {
        return unauthenticated(refusal.message)
      }
      if (refusal.code === 'insufficient_scope') {
        const parts = [
          'error="insufficient_scope"',
          `scope="${(refusal.scopes ?? BASELINE).join(' ')}"`,
          metadata,
          `error_description="${toQuoted(refusal.message)}"`,
        ]
        return { status: 403, headers: { 'www-authenticate': `Bearer ${parts.join(', ')}` } }
      }
      if (refusal.code === 'rate_limited') {
        const seconds = Math.max(1, Math.ceil((refusal.retryAfterMs ?? 0) / 1000))
        return { status: 429, headers: { 'retry-after': String(seconds) } }
      }
      return undefined
    },
  }
}

/** RFC 6750 §3: error_description holds printable ASCII without quote and backslash. */
function toQuoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, "'")
}
