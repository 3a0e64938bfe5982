import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { toKeyId } from '../lib/crypto.js'
import { InvalidInput } from '../lib/errors.js'
import type { Config } from './config.js'

/** Keys by id; the current one seals, all of them open. */
export interface KeyRing {
  readonly currentId: string
  readonly keys: ReadonlyMap<string, Buffer>
}

interface SigningKey {
  readonly keyId: string
  readonly privateKey: KeyObject
}

export interface Keys {
  readonly tokenEncryption: KeyRing
  readonly auditSigning: SigningKey
  /** Public keys of this and all earlier signing keys, for verification. */
  readonly auditPublicKeys: readonly KeyObject[]
}

const RingFile = z.object({ current: z.string(), keys: z.record(z.string(), z.base64()) })
const SigningFile = z.object({ current: z.string(), keys: z.record(z.string(), z.string()) })
const ENCRYPTION_FILE = 'token-encryption.json'
const SIGNING_FILE = 'audit-signing.json'

/** The keys that settings name, or the ones kept beside the database, generated on first use with mode 0600. */
export function loadKeys(config: Pick<Config, 'databasePath' | 'keys'>): Keys {
  const folder = toKeyFolder(config.databasePath)
  const signing = loadSigningKeys(folder, config.keys.auditSigningPath)
  return {
    tokenEncryption: config.keys.tokenEncryption
      ? parseKeyRing(config.keys.tokenEncryption)
      : loadKeyRing(join(folder, ENCRYPTION_FILE)),
    ...signing,
  }
}

/** The public keys that check the audit log, the current one first. Makes no keys where there are none. */
export function loadAuditPublicKeys(databasePath: string, givenPath: string | undefined): readonly KeyObject[] {
  const file = readJson(join(toKeyFolder(databasePath), SIGNING_FILE), SigningFile)
  const { [file?.current ?? '']: current, ...earlier } = file?.keys ?? {}
  const kept = [...(current === undefined ? [] : [current]), ...Object.values(earlier)].map((pem) =>
    createPublicKey(pem),
  )
  return givenPath === undefined ? kept : [createPublicKey(readSigningPem(givenPath)), ...kept]
}

/**
 * Adds a new current key of the given kind; earlier ones stay for what they sealed or signed.
 *
 * @returns the id of the new key
 */
export function rotateKey(databasePath: string, kind: 'token-encryption' | 'audit-signing'): string {
  const folder = toKeyFolder(databasePath)
  if (kind === 'token-encryption') {
    const path = join(folder, ENCRYPTION_FILE)
    const ring = readJson(path, RingFile)
    const added = createRing()
    writePrivate(path, { current: added.current, keys: { ...ring?.keys, ...added.keys } })
    return added.current
  }
  const path = join(folder, SIGNING_FILE)
  const held = readJson(path, SigningFile)
  const added = createSigning()
  writePrivate(path, { current: added.current, keys: { ...held?.keys, ...added.keys } })
  return added.current
}

/** Ids of the keys kept beside the database, current first. */
export function listKeys(databasePath: string): { kind: string; id: string; current: boolean }[] {
  const folder = toKeyFolder(databasePath)
  return [
    { kind: 'token-encryption', file: readJson(join(folder, ENCRYPTION_FILE), RingFile) },
    { kind: 'audit-signing', file: readJson(join(folder, SIGNING_FILE), SigningFile) },
  ].flatMap(({ kind, file }) =>
    Object.keys(file?.keys ?? {}).map((id) => ({ kind, id, current: id === file?.current })),
  )
}

function toKeyFolder(databasePath: string): string {
  return join(dirname(resolve(databasePath)), 'keys')
}

function parseKeyRing(entries: readonly string[]): KeyRing {
  const keys = new Map<string, Buffer>()
  for (const entry of entries) {
    const [id = '', value = ''] = entry.split(':')
    const key = Buffer.from(value, 'base64')
    if (!/^[\w-]{1,32}$/.test(id) || key.length !== 32) {
      throw new InvalidInput(
        'TOKEN_ENCRYPTION_KEYS must hold entries like k1:<base64 of 32 random bytes>; one of them is not.',
      )
    }
    keys.set(id, key)
  }
  const [currentId] = keys.keys()
  if (currentId === undefined) {
    throw new InvalidInput('TOKEN_ENCRYPTION_KEYS is empty. Remove it, or give at least one key.')
  }
  return { currentId, keys }
}

function loadKeyRing(path: string): KeyRing {
  let file = readJson(path, RingFile)
  if (file === undefined) {
    file = createRing()
    writePrivate(path, file)
  }
  const keys = new Map(Object.entries(file.keys).map(([id, value]) => [id, Buffer.from(value, 'base64')]))
  return { currentId: file.current, keys }
}

function loadSigningKeys(folder: string, givenPath: string | undefined): Omit<Keys, 'tokenEncryption'> {
  const path = join(folder, SIGNING_FILE)
  let file = readJson(path, SigningFile)
  if (givenPath !== undefined) {
    const privateKey = readSigningPem(givenPath)
    const publicKey = createPublicKey(privateKey)
    const earlier = Object.values(file?.keys ?? {}).map((pem) => createPublicKey(pem))
    return { auditSigning: { keyId: toKeyId(publicKey), privateKey }, auditPublicKeys: [publicKey, ...earlier] }
  }
  if (file === undefined) {
    file = createSigning()
    writePrivate(path, file)
  }
  const current = file.keys[file.current]
  if (current === undefined) {
    throw new InvalidInput(`${path} names a current key that it does not hold. Restore it from a backup.`)
  }
  return {
    auditSigning: { keyId: file.current, privateKey: createPrivateKey(current) },
    auditPublicKeys: Object.values(file.keys).map((pem) => createPublicKey(pem)),
  }
}

function readSigningPem(path: string): KeyObject {
  if (!existsSync(path)) {
    throw new InvalidInput(`AUDIT_SIGNING_KEY_PATH names ${path}, which does not exist.`)
  }
  const key = createPrivateKey(readFileSync(path))
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new InvalidInput(`AUDIT_SIGNING_KEY_PATH must hold an Ed25519 key; ${path} holds ${key.asymmetricKeyType}.`)
  }
  return key
}

function createRing(): z.infer<typeof RingFile> {
  const id = `k${randomBytes(4).toString('hex')}`
  return { current: id, keys: { [id]: randomBytes(32).toString('base64') } }
}

function createSigning(): z.infer<typeof SigningFile> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const id = toKeyId(publicKey)
  return { current: id, keys: { [id]: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() } }
}

function readJson<Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> | undefined {
  if (!existsSync(path)) {
    return undefined
  }
  const parsed = schema.safeParse(parseJson(readFileSync(path, 'utf8')))
  if (!parsed.success) {
    throw new InvalidInput(`${path} is not a key file. Restore it from a backup: without it stored tokens are lost.`)
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  // a damaged file is told in our own words, like one that holds something else
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whole file or none of it, readable by its owner alone. */
function writePrivate(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.new`
  const fd = openSync(temporary, 'w', 0o600)
  writeFileSync(fd, `${JSON.stringify(value, null, 2)}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(temporary, path)
}
