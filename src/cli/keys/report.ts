import { envSections } from '../../config/env.js'
import { type ApiKey, toKeyHint, toState } from '../../identity/api-keys.js'
import { toIsoTime } from '../../lib/clock.js'
import { DAY } from '../../lib/units.js'
import { toTerminalText } from '../command.js'

/* How keys are shown: everything but the key. */

/** A key in two lines. */
export function toLines(key: ApiKey, now: number): string[] {
  const state = toState(key, now)
  const age = Math.floor((now - key.createdAt) / DAY)
  const used = key.lastUsedAt === null ? 'never used' : `last used ${toIsoTime(key.lastUsedAt)}`
  return [
    `${key.id}  ${key.hint}  ${state}  ${toTerminalText(key.name)}`,
    `  for ${key.person.login}, ${describeLimits(key)}; made ${age} days ago, ${describeEnd(key)}, ${used}`,
  ]
}

export function describeLimits({ scopes, grant }: Pick<ApiKey, 'scopes' | 'grant'>): string {
  const what = [scopes.join(' '), ...(grant.readOnly ? ['only reading'] : [])].join(', ')
  return `${what}, in ${grant.repositories === null ? 'every repository they can reach' : grant.repositories.join(', ')}`
}

export function describeEnd({ grant, revokedAt }: Pick<ApiKey, 'grant' | 'revokedAt'>): string {
  if (revokedAt !== null) {
    return `revoked ${toIsoTime(revokedAt)}`
  }
  return grant.expiresAt === null ? 'without an end' : `until ${toIsoTime(grant.expiresAt)}`
}

/** A key as `--json` gives it. */
export function toJson(key: ApiKey, now: number) {
  const { id, hint, person, name, scopes, grant, replaces } = key
  const toTime = (at: number | null) => (at === null ? null : toIsoTime(at))
  return {
    id,
    hint,
    state: toState(key, now),
    login: person.login,
    account: person.accountId,
    name,
    scopes,
    read_only: grant.readOnly,
    repositories: grant.repositories,
    created_at: toIsoTime(key.createdAt),
    expires_at: toTime(grant.expiresAt),
    last_used_at: toTime(key.lastUsedAt),
    revoked_at: toTime(key.revokedAt),
    replaces,
  }
}

/** The keys in the settings, of which nothing but this is known. */
export function listSettingsKeys(env: NodeJS.ProcessEnv): string[] {
  const { MCP_API_KEYS } = envSections['API keys']
  return MCP_API_KEYS.parse(env.MCP_API_KEYS || undefined).map((entry) => {
    const colon = entry.indexOf(':')
    const login = colon === -1 ? (env.MCP_API_KEY_USER ?? 'nobody') : entry.slice(0, colon)
    const key = entry.slice(colon + 1)
    // of a short one the hint would show too much
    return `MCP_API_KEYS  ${key.length < 32 ? '(too short)' : toKeyHint(key)}  for ${toTerminalText(login)}, no end`
  })
}

/**
 * Keys that still count and are older than that. One that was rotated is left out: it ends by itself.
 *
 * @param keys all there are
 */
export function findOldKeys(keys: readonly ApiKey[], now: number, days: number): readonly ApiKey[] {
  const valid = keys.filter((key) => toState(key, now) === 'valid')
  const rotated = new Set(valid.map(({ replaces }) => replaces))
  return valid.filter(({ id, createdAt }) => !rotated.has(id) && now - createdAt > days * DAY)
}
