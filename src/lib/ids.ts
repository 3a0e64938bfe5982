import { randomBytes, randomUUID } from 'node:crypto'

/** Correlates one HTTP request with its log lines, audit entries and answer. */
export function createRequestId(): string {
  return randomUUID()
}

/** Pairs the audit entries of one call. */
export function createCallId(): string {
  return randomUUID()
}

/** An unguessable URL-safe value with `bytes` bytes of entropy (32 by default). */
export function createToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** An id that a person types or pastes on a command line: ten hex digits, so that it never looks like an option. */
export function createTypedId(): string {
  return randomBytes(5).toString('hex')
}
