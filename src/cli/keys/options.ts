import { DAY, HOUR } from '../../lib/units.js'
import { SCOPES, type Scope } from '../../oauth/scope.js'
import { Misuse } from '../command.js'

/* What `aegis keys` is told, parsed. All of these throw Misuse with what would be right. */

const UNITS: Readonly<Record<string, number>> = { h: HOUR, d: DAY }
const MOST_DAYS = 3650

/** `90d` or `12h`, in milliseconds. */
export function parseDuration(option: string, text: string): number {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN)
  if (Number.isNaN(ms) || ms > MOST_DAYS * DAY) {
    throw new Misuse(`${option} is a time like 90d or 12h, at most ${MOST_DAYS} days.`)
  }
  return ms
}

/** When a key ends: `90d`, `12h`, a date, or `never` (null). */
export function parseEnd(text: string, now: number): number | null {
  if (text === 'never') {
    return null
  }
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : now + parseDuration('--expires', text)
  if (Number.isNaN(at) || at <= now) {
    throw new Misuse('--expires is a time like 90d or 12h, a date to come like 2030-01-31, or never.')
  }
  return at
}

export function parseDays(text: string): number {
  if (!/^\d{1,4}$/.test(text) || text === '0') {
    throw new Misuse('--days is a number of days, like 90.')
  }
  return Number(text)
}

export function parseScopeList(text: string): readonly Scope[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const found = SCOPES.filter((scope) => words.includes(scope))
  if (found.length === 0 || found.length < new Set(words).size) {
    throw new Misuse(`--scopes takes ${SCOPES.join(' and ')}, comma separated.`)
  }
  return found
}

export function parseRepositories(text: string | undefined): readonly string[] | null {
  if (text === undefined) {
    return null
  }
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  if (!names.every((name) => /^[\w.-]+\/[\w.-]+$/.test(name))) {
    throw new Misuse('--repositories takes owner/name, comma separated.')
  }
  return [...new Set(names)]
}
