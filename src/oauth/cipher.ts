/**
 * Encryption of the secrets we must be able to read again: Gitea tokens, PKCE verifiers, client secrets.
 * AES-256-GCM; the value names its key, and the row it belongs to is authenticated with it, so that a value
 * copied into another row or column does not decrypt.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from '../config/key-files.js'
import { Unavailable } from '../lib/errors.js'

/** Which column of which row a value belongs to. */
interface CipherPlace {
  readonly purpose: string
  readonly rowId: string
}

export interface Cipher {
  encrypt(plain: string, place: CipherPlace): string
  /** @throws Unavailable when the key is missing or the value is not what was written at this place */
  decrypt(value: string, place: CipherPlace): string
  /** The same secret under the current key; undefined when it already is. */
  reencrypt(value: string, place: CipherPlace): string | undefined
}

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
// v1.2026-11.3q2-…  (version, key id, base64url of nonce + ciphertext + tag)
const VALUE = /^v1\.([\w-]{1,64})\.([\w-]+)$/

/**
 * @param ring keys by id
 * @throws Unavailable when the current key is missing or a key is not 32 bytes
 */
export function createCipher(ring: KeyRing): Cipher {
  for (const [id, key] of ring.keys) {
    if (key.length !== KEY_BYTES || !/^[\w-]{1,64}$/.test(id)) {
      throw new Unavailable(`The encryption key "${id}" is not usable: a key is 32 bytes and its id has no spaces.`)
    }
  }
  const current = ring.keys.get(ring.currentId)
  if (current === undefined) {
    throw new Unavailable(`The current encryption key "${ring.currentId}" is missing.`)
  }

  const encrypt = (plain: string, place: CipherPlace): string => {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, current, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(toBinding(place))
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `v1.${ring.currentId}.${sealed.toString('base64url')}`
  }

  const decrypt = (value: string, place: CipherPlace): string => {
    const [, keyId = '', body = ''] = VALUE.exec(value) ?? []
    const key = ring.keys.get(keyId)
    if (key === undefined) {
      throw new Unavailable('A stored secret was encrypted with a key that is not here. Restore the key file.', {
        detail: `${place.purpose}: key id "${keyId}"`,
      })
    }
    const sealed = Buffer.from(body, 'base64url')
    // the error of a failed tag check tells nothing an operator could use
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(toBinding(place))
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
      return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    } catch (cause) {
      throw new Unavailable('A stored secret cannot be decrypted: it was changed, or its key was replaced.', {
        detail: place.purpose,
        cause,
      })
    }
  }

  return {
    encrypt,
    decrypt,
    reencrypt: (value, place) =>
      VALUE.exec(value)?.[1] === ring.currentId ? undefined : encrypt(decrypt(value, place), place),
  }
}

function toBinding({ purpose, rowId }: CipherPlace): Buffer {
  return Buffer.from(JSON.stringify([purpose, rowId]))
}
