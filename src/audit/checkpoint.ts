// Signed statements of how long the log was and what its head was. With one of them kept elsewhere, cutting the end
// of the log, or rewriting it and recomputing every hash, no longer goes unnoticed.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { toKeyId } from '../lib/crypto.js'
import { canonicalJson } from './canonical-json.js'

/** What is signed: the canonical JSON of exactly these fields. */
interface CheckpointStatement {
  readonly v: 1
  /** How many entries the log had, which is also the `seq` of its last one. */
  readonly size: number
  readonly head_hash: string
  /** RFC 3339, UTC, milliseconds. */
  readonly timestamp: string
  readonly key_id: string
}

export interface SignedCheckpoint {
  readonly checkpoint: CheckpointStatement
  /** Ed25519, lower-case hex. */
  readonly signature: string
}

export interface CheckpointSigner {
  readonly keyId: string
  readonly publicKey: KeyObject
  sign(bytes: Uint8Array): Uint8Array
}

/** @param privateKey Ed25519 */
export function createCheckpointSigner(privateKey: KeyObject): CheckpointSigner {
  const publicKey = createPublicKey(privateKey)
  return {
    keyId: toKeyId(publicKey),
    publicKey,
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}

export function signCheckpoint(
  signer: CheckpointSigner,
  head: { readonly size: number; readonly hash: string; readonly timestamp: string },
): SignedCheckpoint {
  const checkpoint: CheckpointStatement = {
    v: 1,
    size: head.size,
    head_hash: head.hash,
    timestamp: head.timestamp,
    key_id: signer.keyId,
  }
  return { checkpoint, signature: Buffer.from(signer.sign(toSignedBytes(checkpoint))).toString('hex') }
}

export function isSignatureValid({ checkpoint, signature }: SignedCheckpoint, publicKey: KeyObject): boolean {
  return verify(null, toSignedBytes(checkpoint), publicKey, Buffer.from(signature, 'hex'))
}

/** The line of a checkpoint in an export, and the form in which it is published elsewhere. */
export function toCheckpointLine({ checkpoint, signature }: SignedCheckpoint): string {
  return canonicalJson({ checkpoint, signature })
}

/** Undefined when `value` is not a checkpoint of this version, to the last field. */
export function findCheckpoint(value: unknown): SignedCheckpoint | undefined {
  if (!hasKeys(value, ['checkpoint', 'signature'])) {
    return undefined
  }
  const { checkpoint, signature } = value
  if (!hasKeys(checkpoint, ['v', 'size', 'head_hash', 'timestamp', 'key_id'])) {
    return undefined
  }
  const { v, size, head_hash, timestamp, key_id } = checkpoint
  if (v !== 1 || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
    return undefined
  }
  if (typeof head_hash !== 'string' || typeof timestamp !== 'string' || typeof key_id !== 'string') {
    return undefined
  }
  if (typeof signature !== 'string' || !/^[0-9a-f]{128}$/.test(signature)) {
    return undefined
  }
  return { checkpoint: { v, size, head_hash, timestamp, key_id }, signature }
}

function hasKeys<Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name))
  )
}

function toSignedBytes(statement: CheckpointStatement): Uint8Array {
  return Buffer.from(canonicalJson(statement))
}
