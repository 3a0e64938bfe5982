import { MINUTE } from '../lib/units.js'
import type { QuietHours } from '../policy/policy.js'

const DAY_MINUTES = 24 * 60

/**
 * When the quiet hours that hold now will end (epoch milliseconds, to the minute); undefined outside of them. Hours that
 * begin and end at the same time are none.
 */
export function findQuietEnd(hours: QuietHours | undefined, now: number): number | undefined {
  if (hours === undefined) {
    return undefined
  }
  const from = toMinutes(hours.from)
  const to = toMinutes(hours.to)
  const minute = toMinuteOfDay(now, hours.timezone)
  const isQuiet = from <= to ? minute >= from && minute < to : minute >= from || minute < to
  if (!isQuiet) {
    return undefined
  }
  const left = (to - minute + DAY_MINUTES) % DAY_MINUTES
  return Math.floor(now / MINUTE) * MINUTE + left * MINUTE
}

function toMinutes(time: string): number {
  const [hour, minute] = time.split(':')
  return Number(hour) * 60 + Number(minute)
}

function toMinuteOfDay(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    .formatToParts(at)
    .filter(({ type }) => type === 'hour' || type === 'minute')
    .map(({ value }) => Number(value))
  return (parts[0] ?? 0) * 60 + (parts[1] ?? 0)
}
