import type { Refusal } from '../gate/refusal.js'
import type { Scope } from '../oauth/scope.js'
import type { HttpRefusal } from './thin-exchange.js'

/** The scope to ask for in the first challenge (facts of the clients: VS Code asks for everything when it is missing). */
const BASELINE: readonly Scope[] = ['read:repository']

/** Which door a request came through. */
export type Door = 'mcp' | 'sse' | 'direct'

/** Clients compare the resource with the address they were given, so each address has its own document (RFC 9728). */
const RESOURCES: Record<Door, string> = { mcp: '/mcp', sse: '/mcp/sse', direct: '/mcp' }

/** The door that an address belongs to. */
export function findDoor(address: string): Door {
  return /^\/mcp\/sse(?:[/?]|$)/.test(address) ? 'sse' : 'mcp'
}

export interface Challenges {
  /** 401 for a request without a usable token; `problem` is set when one was presented. */
  unauthenticated(problem?: string, door?: Door): HttpRefusal
  /** 403 for a token that lacks all of `scopes`, in the words of whoever issued it. */
  insufficientScope(problem: string, scopes: readonly string[], door: Door): HttpRefusal
  /** The HTTP answer a gate refusal calls for, if it calls for one. */
  forRefusal(refusal: Refusal, door?: Door): HttpRefusal | undefined
}

/** For people who read the answer in their client's log or in a terminal. */
const NEXT =
  'Sign in again in your client (connect it anew if it does not ask), or send a valid token or API key in the header Authorization: Bearer <token>.'

/**
 * `WWW-Authenticate` as RFC 6750, RFC 9728 and MCP authorization ask for: where our metadata is and which scopes to
 * request, all of them at once.
 */
export function createChallenges(publicBaseUrl: string): Challenges {
  const toMetadata = (door: Door) =>
    `resource_metadata="${publicBaseUrl}/.well-known/oauth-protected-resource${RESOURCES[door]}"`

  const unauthenticated = (problem?: string, door: Door = 'mcp'): HttpRefusal => {
    const error = problem === undefined ? [] : ['error="invalid_token"', `error_description="${toQuoted(problem)}"`]
    const parts = [...error, toMetadata(door), `scope="${BASELINE.join(' ')}"`]
    return {
      status: 401,
      headers: { 'www-authenticate': `Bearer ${parts.join(', ')}` },
      message: `${problem ?? 'No access token came with the request'}. ${NEXT}`.replace('.. ', '. '),
    }
  }

  const insufficientScope = (problem: string, scopes: readonly string[], door: Door): HttpRefusal => {
    const parts = [
      'error="insufficient_scope"',
      `scope="${toQuoted(scopes.join(' '))}"`,
      toMetadata(door),
      `error_description="${toQuoted(problem)}"`,
    ]
    return { status: 403, headers: { 'www-authenticate': `Bearer ${parts.join(', ')}` } }
  }

  return {
    unauthenticated,
    insufficientScope,
    forRefusal: (refusal, door = 'mcp') => {
      if (refusal.code === 'unauthenticated') {
        return unauthenticated(refusal.message, door)
      }
      if (refusal.code === 'insufficient_scope') {
        return insufficientScope(refusal.message, refusal.scopes ?? BASELINE, door)
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
