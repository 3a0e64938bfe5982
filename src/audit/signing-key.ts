// Public keys of checkpoints, as they are handed to whoever verifies.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { InvalidInput } from '../lib/errors.js'

/**
 * All public keys in `pem`, which may hold several blocks, one after the other: the keys of a log whose key was changed.
 *
 * @throws InvalidInput when there is none, or one is not Ed25519
 */
export function parsePublicKeys(pem: string): KeyObject[] {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length === 0) {
    throw new InvalidInput('There is no public key in PEM form (BEGIN PUBLIC KEY) in the key file.')
  }
  return blocks.map(parsePublicKey)
}

/** SPKI PEM, as `parsePublicKeys` reads it. */
export function toPublicKeyPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

function parsePublicKey(pem: string): KeyObject {
  const message = 'The key file holds something that is not an Ed25519 public key.'
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch (error) {
    // OpenSSL's own words would tell an operator nothing
    throw new InvalidInput(message, { cause: error })
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new InvalidInput(message)
  }
  return key
}
