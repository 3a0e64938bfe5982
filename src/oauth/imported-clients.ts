/**
 * Clients that registered with the Python original, from its `DCR_STORAGE_PATH`. They keep their ids and secrets, so
 * people connect again without setting anything up. Read once: a client that is taken away later stays away.
 */
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import type { Store } from '../db/open.js'
import { serverSwitch } from '../db/schema/identity.js'
import { oauthClient } from '../db/schema/oauth.js'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { MIB } from '../lib/units.js'
import { toSecretPlace } from './adapter.js'
import type { Cipher } from './cipher.js'
import { readClientMetadata } from './client-metadata.js'

const MARK = 'imported_clients'
const MAX_BYTES = 4 * MIB
const MAX_CLIENTS = 10_000

interface ImportOptions {
  readonly store: Store
  readonly clock: Clock
  readonly cipher: Cipher
  readonly allowlist: ReadonlySet<string>
  /** `DCR_STORAGE_PATH` */
  readonly path: string
}

export type ClientImport =
  /** There is nothing to read, or it was read before. */
  | { readonly kind: 'nothing' }
  /** The file cannot be used; it is tried again at the next start. */
  | { readonly kind: 'unusable'; readonly problem: string }
  | {
      readonly kind: 'imported'
      readonly clients: number
      /** Clients that were here before, under the same id. */
      readonly known: number
      /** Why others were left in the file. */
      readonly refused: readonly { readonly clientId: string; readonly problem: string }[]
    }

const Registered = z.looseObject({
  client_id: z.string().regex(/^[\x21-\x7e]{1,256}$/),
  client_secret: z.string().min(1).max(1024).nullish(),
  token_endpoint_auth_method: z.string().nullish(),
})

/** Takes over every client of the file that could register today, in one transaction. The file stays as it is. */
export function importClients({ store, clock, cipher, allowlist, path }: ImportOptions): ClientImport {
  const seen = store.sqlite
    .prepare<[string], { name: string }>('SELECT name FROM server_switch WHERE name = ?')
    .get(MARK)
  const text = seen === undefined ? readText(path) : undefined
  if (text === undefined) {
    return { kind: 'nothing' }
  }
  if (typeof text !== 'string') {
    return text
  }
  const entries = findEntries(text)
  if (entries === undefined) {
    return { kind: 'unusable', problem: 'It does not hold a list of clients as JSON.' }
  }
  if (entries.length > MAX_CLIENTS) {
    return { kind: 'unusable', problem: `It holds more than ${MAX_CLIENTS} clients.` }
  }
  return store.transaction(() => {
    const refused: { clientId: string; problem: string }[] = []
    let clients = 0
    let known = 0
    for (const [key, entry] of entries) {
      const read = readEntry(key, entry, allowlist)
      if (!read.ok) {
        refused.push({ clientId: read.clientId, problem: read.problem })
        continue
      }
      const { clientId, secret, metadata } = read
      const { changes } = store.orm
        .insert(oauthClient)
        .values({
          id: clientId,
          source: 'registration',
          metadata: JSON.stringify(metadata),
          secret: secret === undefined ? null : cipher.encrypt(secret, toSecretPlace(clientId)),
          createdAt: clock.now(),
        })
        .onConflictDoNothing()
        .run()
      clients += changes
      known += 1 - changes
    }
    store.orm
      .insert(serverSwitch)
      .values({
        name: MARK,
        value: JSON.stringify({ sha256: sha256Hex(text), clients, known, refused: refused.length }),
        changedAt: clock.now(),
        changedBy: 'start',
      })
      .run()
    return { kind: 'imported', clients, known, refused }
  })
}

/** The file's text; undefined when there is none. */
function readText(path: string): string | undefined | Extract<ClientImport, { kind: 'unusable' }> {
  try {
    return statSync(path).size > MAX_BYTES
      ? { kind: 'unusable', problem: `It is larger than ${MAX_BYTES} bytes.` }
      : readFileSync(path, 'utf8')
  } catch (error) {
    // most servers never were the original, and have no such file
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      ? undefined
      : { kind: 'unusable', problem: 'It cannot be read.' }
  }
}

/** Clients as a list or by their ids, bare or under `clients`. */
function findEntries(text: string): [string | undefined, unknown][] | undefined {
  const json = parseJson(text)
  const held = isRecord(json) && 'clients' in json ? json.clients : json
  if (Array.isArray(held)) {
    return held.map((entry) => [undefined, entry])
  }
  return isRecord(held) ? Object.entries(held) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // what is not JSON holds no clients, which the caller says
    return undefined
  }
}

type EntryRead =
  | {
      readonly ok: true
      readonly clientId: string
      readonly secret: string | undefined
      readonly metadata: object
    }
  | { readonly ok: false; readonly clientId: string; readonly problem: string }

function readEntry(key: string | undefined, entry: unknown, allowlist: ReadonlySet<string>): EntryRead {
  const given = isRecord(entry) ? entry : {}
  const clientId = String(given.client_id ?? key ?? '').slice(0, 256)
  const parsed = Registered.safeParse({ ...given, client_id: given.client_id ?? key })
  // an address as an id is one that publishes its document, which is asked anew every time
  if (!parsed.success || /^https?:/i.test(clientId)) {
    return { ok: false, clientId, problem: 'It has no usable client_id or client_secret.' }
  }
  const secret = parsed.data.client_secret ?? undefined
  const described = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const result = readClientMetadata(
    {
      ...described,
      // the original took the secret in the form, whatever was registered
      token_endpoint_auth_method:
        secret === undefined ? 'none' : (parsed.data.token_endpoint_auth_method ?? 'client_secret_post'),
    },
    { source: 'registration', allowlist },
  )
  if (!result.ok) {
    return { ok: false, clientId, problem: result.description }
  }
  const { token_endpoint_auth_method: method } = result.metadata
  return { ok: true, clientId, secret: method === 'none' ? undefined : secret, metadata: result.metadata }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
