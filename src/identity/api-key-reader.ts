import type { Clock } from '../lib/clock.js'
import { isSameSecret, sha256Hex } from '../lib/crypto.js'
import type { Secret } from '../lib/secret.js'
import { SCOPES } from '../oauth/scope.js'
import { API_KEY_PREFIX, type ApiKey, type ApiKeys, toKeyHint, toState } from './api-keys.js'
import type { Authentication, Authenticator, TokenReader } from './authenticate.js'
import { type BoundPeople, toNoWay } from './bound-people.js'
import type { PersonAccess } from './person-access.js'

interface ApiKeyReaderDeps {
  readonly keys: ApiKeys
  readonly access: PersonAccess
  readonly clock: Clock
}

/** Keys that `aegis keys` made, known by their beginning and found by their hash. */
export function createApiKeyReader({ keys, access, clock }: ApiKeyReaderDeps): TokenReader {
  return {
    read: (token) => {
      if (!token.startsWith(API_KEY_PREFIX)) {
        return undefined
      }
      const found = keys.find(token)
      if (found === undefined) {
        return { kind: 'unknown', reason: 'invalid_api_key' }
      }
      const state = toState(found, clock.now())
      if (state !== 'valid') {
        return { kind: 'ended', problem: describeEnd(found, state) }
      }
      const { person, name, scopes, grant, hint } = found
      const way = access.open(person)
      if (way === undefined) {
        return toNoWay(person.login)
      }
      keys.noteUse(found)
      return {
        kind: 'caller',
        keyHint: hint,
        caller: {
          ...person,
          clientId: `key:${found.id}`,
          clientName: name,
          scopes: new Set(scopes),
          tokenHint: toTokenHint(token),
          grant,
          ...way,
        },
      }
    },
  }
}

function describeEnd({ hint }: ApiKey, state: 'expired' | 'revoked'): string {
  return state === 'revoked'
    ? `The API key ${hint} was revoked. Ask the admin for a new one (aegis keys generate) and put it into your client`
    : `The API key ${hint} has expired. Put the key that took its place into your client, or ask the admin for a new one (aegis keys generate)`
}

/** A key of MCP_API_KEYS and the login of the person it stands for. */
export interface SettingsKey {
  readonly login: string
  readonly key: Secret
}

/** Everything that settings can narrow is narrowed by other settings; a key of the settings has no limits of its own. */
const UNLIMITED = { scopes: new Set(SCOPES), grant: { readOnly: false, repositories: null, expiresAt: null } } as const

/** Keys that stand in MCP_API_KEYS. */
export function createSettingsKeyReader(entries: readonly SettingsKey[], people: BoundPeople): TokenReader {
  const byHash = new Map(
    entries.map(({ login, key }) => {
      const hash = sha256Hex(key.reveal())
      return [hash, { login, hash, hint: toKeyHint(key.reveal()) }]
    }),
  )
  return {
    read: (token) => {
      const hash = sha256Hex(token)
      const entry = byHash.get(hash)
      if (entry === undefined || !isSameSecret(entry.hash, hash)) {
        return undefined
      }
      const { login, hint } = entry
      return people.admit(login, 'MCP_API_KEYS', (person, way) => ({
        kind: 'caller',
        keyHint: hint,
        caller: {
          ...person,
          clientId: `key:settings-${hash.slice(0, 8)}`,
          clientName: `API key ${hint}`,
          tokenHint: toTokenHint(token),
          ...UNLIMITED,
          ...way,
        },
      }))
    },
  }
}

/** AUTH_ENABLED=false: whoever asks is the person of this login. */
export function createOpenAuthenticator(login: string, people: BoundPeople): Authenticator {
  const admit = (): Authentication | Promise<Authentication> =>
    people.admit(login, 'MCP_API_KEY_USER', (person, way) => ({
      kind: 'caller',
      caller: {
        ...person,
        clientId: 'key:none',
        clientName: 'Anyone on this computer',
        tokenHint: 'none',
        ...UNLIMITED,
        ...way,
      },
    }))
  return { authenticate: admit }
}

function toTokenHint(token: string): string {
  return sha256Hex(token).slice(0, 12)
}
