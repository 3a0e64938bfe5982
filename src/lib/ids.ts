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
