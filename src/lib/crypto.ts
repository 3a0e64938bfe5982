import { hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** SHA-256 as lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex')
}

/** SHA-256 as base64url: how secrets that only need comparing are stored. */
export function sha256Base64Url(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url')
}

/** Compares two secrets without telling by time where they differ; unequal lengths are unequal. */
export function isSameSecret(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The id of a public key: the first 16 hex digits of the SHA-256 of its SPKI form. */
export function toKeyId(publicKey: KeyObject): string {
  return sha256Hex(publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16)
}
