import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { InvalidInput } from '../lib/errors.js'
import { readBody, readChunks } from '../lib/read-body.js'
import type { Secret } from '../lib/secret.js'
import { KIB, MIB } from '../lib/units.js'
import { createJsonSieve } from './json-sieve.js'
import { beginSigning } from './signature.js'

/** Gitea itself has no bound; this is far beyond the largest push it describes. */
const MAX_PAYLOAD_BYTES = 32 * MIB

/** Nothing that jobs are told is longer. */
const BOUNDS = { maxStringBytes: KIB / 2, maxItems: 300, maxDepth: 64, maxBytes: 4 * MIB }

/** What is left of a body that was signed, hashed and shortened while it arrived. */
export interface SignedBody {
  /** Its HMAC under each secret. */
  readonly macs: readonly Buffer[]
  /** SHA-256 of the JSON text, hex. */
  readonly digest: string
  /** The payload, shortened; undefined when it cannot be. */
  readonly json: string | undefined
  readonly bytes: number
}

export type BodyForm = 'json' | 'form'

/** The two content types that Gitea's webhooks have. */
export function findBodyForm(contentType: string | undefined): BodyForm | undefined {
  const [type = ''] = (contentType ?? '').split(';')
  switch (type.trim().toLowerCase()) {
    case 'application/json':
      return 'json'
    case 'application/x-www-form-urlencoded':
      return 'form'
    default:
      return undefined
  }
}

/** @throws AppError for a body that is too large, is cut off, or is a form without `payload` */
export async function readSignedBody(
  req: IncomingMessage,
  form: BodyForm,
  secrets: readonly Secret[],
): Promise<SignedBody> {
  const signing = beginSigning(secrets)
  const digest = createHash('sha256')
  const sieve = createJsonSieve(BOUNDS)
  let bytes = 0
  const take = (chunk: Buffer) => {
    bytes += chunk.length
    signing.push(chunk)
    digest.update(chunk)
    sieve.push(chunk)
  }
  if (form === 'json') {
    await readChunks(req, MAX_PAYLOAD_BYTES, take)
  } else {
    // Gitea signs the JSON text, not the form around it
    take(decodePayload(await readBody(req, MAX_PAYLOAD_BYTES)))
  }
  return { macs: signing.end(), digest: digest.digest('hex'), json: sieve.end(), bytes }
}

const FIELD = 'payload='
const AMPERSAND = 0x26
const PLUS = 0x2b
const PERCENT = 0x25
const SPACE = 0x20

/** The bytes of the form's field `payload`: by hand, because file names in it need not be UTF-8. */
function decodePayload(body: Buffer): Buffer {
  const isFirst = body.indexOf(FIELD) === 0
  const before = isFirst ? 0 : body.indexOf(`&${FIELD}`) + 1
  if (before === 0 && !isFirst) {
    throw new InvalidInput('The form has no field “payload”. Set the webhook’s content type to application/json.')
  }
  const begin = before + FIELD.length
  const close = body.indexOf(AMPERSAND, begin)
  const end = close < 0 ? body.length : close
  const decoded = Buffer.allocUnsafe(end - begin)
  let size = 0
  for (let at = begin; at < end; at++) {
    const byte = body[at] ?? 0
    const code = byte === PERCENT ? Number.parseInt(body.toString('latin1', at + 1, at + 3), 16) : Number.NaN
    if (Number.isNaN(code)) {
      decoded[size] = byte === PLUS ? SPACE : byte
    } else {
      decoded[size] = code
      at += 2
    }
    size += 1
  }
  return decoded.subarray(0, size)
}
