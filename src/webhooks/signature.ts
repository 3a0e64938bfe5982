import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '../lib/secret.js'

/** Why a delivery is not taken for Gitea's. */
export type SignatureProblem = 'unsigned' | 'empty_signature' | 'malformed_signature' | 'wrong_signature'

const HEX = /^[0-9a-f]{64}$/i

/**
 * The signatures that a delivery carries; each of them must hold. Gitea sends both headers also where its webhook has
 * no secret, empty then.
 */
export function parseSignatures(headers: IncomingHttpHeaders): readonly Buffer[] | SignatureProblem {
  const given = [headers['x-gitea-signature'], headers['x-hub-signature-256']].flatMap((value) => value ?? [])
  const digits = given.map((value) => value.trim().replace(/^sha256=/, ''))
  if (digits.length === 0) {
    return 'unsigned'
  }
  if (digits.includes('')) {
    return 'empty_signature'
  }
  return digits.every((text) => HEX.test(text)) ? digits.map((text) => Buffer.from(text, 'hex')) : 'malformed_signature'
}

/** HMAC-SHA256 under each of the secrets, over bytes as they come. */
export interface Signing {
  push(chunk: Buffer): void
  /** One for each secret, in their order. */
  end(): readonly Buffer[]
}

export function beginSigning(secrets: readonly Secret[]): Signing {
  const signers = secrets.map((secret) => createHmac('sha256', secret.reveal()))
  return {
    push: (chunk) => {
      for (const signer of signers) signer.update(chunk)
    },
    end: () => signers.map((signer) => signer.digest()),
  }
}

/** Which secret made all the given signatures: its place in the list. Takes the same time whatever was given. */
export function findSigner(given: readonly Buffer[], own: readonly Buffer[]): number | undefined {
  const matches = own.map((mac) => given.map((signature) => timingSafeEqual(signature, mac)).every(Boolean))
  const at = given.length === 0 ? -1 : matches.indexOf(true)
  return at < 0 ? undefined : at
}
