import type { Clock } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import {
  createApiKeyReader,
  createOpenAuthenticator,
  createSettingsKeyReader,
  type SettingsKey,
} from './api-key-reader.js'
import type { ApiKeys } from './api-keys.js'
import { type Authenticator, createAuthenticator, type TokenReader } from './authenticate.js'
import { createBoundPeople } from './bound-people.js'
import type { PersonAccess } from './person-access.js'

interface EntranceDeps {
  readonly settings: {
    readonly fromSettings: readonly SettingsKey[]
    /** The login of the person everybody is, when nobody signs in. */
    readonly openAs: string | undefined
  }
  readonly keys: ApiKeys
  readonly access: PersonAccess
  readonly clock: Clock
  readonly log: Logger
}

interface Entrance {
  readonly authenticator: Authenticator
  /** Takes API keys and nothing else. */
  readonly keyAuthenticator: Authenticator
}

/** @param readers of tokens that are no API keys; the first is asked first, the others last */
export function createEntrance(
  deps: EntranceDeps,
  [first, ...others]: readonly [TokenReader, ...TokenReader[]],
): Entrance {
  const { fromSettings, openAs } = deps.settings
  const people = createBoundPeople(deps)
  const keyReaders = [
    createApiKeyReader(deps),
    ...(fromSettings.length === 0 ? [] : [createSettingsKeyReader(fromSettings, people)]),
  ]
  const unknown = fromSettings.length === 0 ? 'invalid_token' : 'invalid_api_key'
  if (openAs !== undefined) {
    const open = createOpenAuthenticator(openAs, people)
    return { authenticator: open, keyAuthenticator: open }
  }
  return {
    authenticator: createAuthenticator([first, ...keyReaders, ...others], unknown),
    keyAuthenticator: createAuthenticator(keyReaders, 'invalid_api_key'),
  }
}
