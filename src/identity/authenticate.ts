import type { Caller } from './caller.js'

/** Who a bearer token stands for, or why it stands for nobody. */
export type Authentication =
  /** `keyHint`: the part of an API key that may be shown, when it was one. */
  | { readonly kind: 'caller'; readonly caller: Caller; readonly keyHint?: string }
  /** No bearer token at all: how every client starts. */
  | { readonly kind: 'missing' }
  /** A token that has expired or was revoked: an ordinary event, not an attack. */
  | { readonly kind: 'ended'; readonly problem?: string }
  /** A genuine token that may not be used here; `problem` says why and what to do. Not counted as guessing. */
  | {
      readonly kind: 'refused'
      readonly status: 401 | 403 | 503
      readonly reason: string
      readonly problem: string
      /** With 403: a new token with one of these, in the words of whoever issues it, would be taken. */
      readonly scopes?: readonly string[]
    }
  /** Something that is no token of any kind this server takes; counted as guessing. `problem` says what it lacks. */
  | { readonly kind: 'unknown'; readonly reason?: UnknownReason; readonly problem?: string }

/** What the audit log calls a token that is not known. */
export type UnknownReason = 'invalid_token' | 'invalid_api_key'

/** One kind of bearer token. */
export interface TokenReader {
  /** Undefined when the token is not of this kind; the next reader is asked then. Must not throw. */
  read(token: string, requestId: string): Authentication | undefined | Promise<Authentication | undefined>
}

export interface Authenticator {
  /** @param authorization the Authorization header, or an API key written as one */
  authenticate(authorization: string | undefined, requestId: string): Authentication | Promise<Authentication>
}

/** Long enough for the signed tokens of other issuers; longer ones are not worth looking at. */
const MAX_TOKEN_CHARS = 8192

/**
 * Asks the readers in their order. The first one, for our own tokens, answers without waiting for anything.
 *
 * @param unknown what a token that no reader knows is most likely meant to be
 */
export function createAuthenticator(
  readers: readonly TokenReader[],
  unknown: UnknownReason = 'invalid_token',
): Authenticator {
  const nobody: Authentication = { kind: 'unknown', reason: unknown }
  return {
    authenticate: (authorization, requestId) => {
      if (authorization === undefined) {
        return { kind: 'missing' }
      }
      const [, token] = /^Bearer +([^\s]+)$/i.exec(authorization) ?? []
      if (token === undefined || token.length > MAX_TOKEN_CHARS) {
        return nobody
      }
      const found = readInOrder(readers, token, requestId)
      return found instanceof Promise ? found.then((answer) => answer ?? nobody) : (found ?? nobody)
    },
  }
}

function readInOrder(
  readers: readonly TokenReader[],
  token: string,
  requestId: string,
): Authentication | undefined | Promise<Authentication | undefined> {
  for (const [index, reader] of readers.entries()) {
    const found = reader.read(token, requestId)
    if (found instanceof Promise) {
      return found.then((answer) => answer ?? readInOrder(readers.slice(index + 1), token, requestId))
    }
    if (found !== undefined) {
      return found
    }
  }
  return undefined
}
