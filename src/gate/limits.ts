import { isIPv6 } from 'node:net'
import type { Database } from 'better-sqlite3'
import { RateLimiterMemory, RateLimiterRes, RateLimiterSQLite } from 'rate-limiter-flexible'
import type { Clock } from '../lib/clock.js'
import { SECOND } from '../lib/units.js'

export interface LimitSettings {
  readonly perAddressPerMinute: number
  readonly perTokenPerMinute: number
  readonly authFailures: number
  readonly authFailureWindowMs: number
}

interface LimitAnswer {
  readonly allowed: boolean
  readonly retryAfterMs: number
  /** The first refusal of a window: worth one audit entry, where the flood that follows is not. */
  readonly first: boolean
}

export interface Limits {
  /** How many failed authentications lock an address out, and for how long. */
  readonly authFailures: number
  readonly lockSeconds: number
  /** Counts one HTTP request of an address. */
  countAddress(address: string): Promise<LimitAnswer>
  /** Counts one tool call of a token. */
  countToken(tokenHint: string): Promise<LimitAnswer>
  /** Counts a failed authentication; `allowed: false` means the address is locked out now. */
  countFailure(address: string): Promise<LimitAnswer>
  /** Milliseconds until the address may authenticate again, 0 when it may. */
  lockedForMs(address: string): Promise<number>
  /** Forgets failures that count no more. */
  sweep(): void
}

const PASS: LimitAnswer = { allowed: true, retryAfterMs: 0, first: false }
const REMEMBERED_ADDRESSES = 10_000

/** Request rates live in memory; failed authentications in SQLite, so that a restart does not forgive them. */
export function createLimits(sqlite: Database, settings: LimitSettings, clock: Clock): Limits {
  const addresses = new RateLimiterMemory({ points: settings.perAddressPerMinute, duration: 60 })
  const tokens = new RateLimiterMemory({ points: settings.perTokenPerMinute, duration: 60 })
  const failures = new RateLimiterSQLite({
    storeClient: sqlite,
    storeType: 'better-sqlite3',
    tableName: 'auth_failure',
    tableCreated: true,
    points: settings.authFailures,
    duration: settings.authFailureWindowMs / SECOND,
    blockDuration: settings.authFailureWindowMs / SECOND,
    clearExpiredByTimeout: false,
  })
  const deleteExpired = sqlite.prepare('DELETE FROM auth_failure WHERE expire < ?')
  // This process is the only writer, so what it has read once stays true until it counts a failure itself.
  const lockedUntil = new Map<string, number>()

  const remember = (key: string, until: number): void => {
    if (lockedUntil.size >= REMEMBERED_ADDRESSES) {
      lockedUntil.clear()
    }
    lockedUntil.set(key, until)
  }

  return {
    authFailures: settings.authFailures,
    lockSeconds: settings.authFailureWindowMs / SECOND,
    countAddress: (address) => consume(addresses, toAddressKey(address), settings.perAddressPerMinute),
    countToken: (tokenHint) => consume(tokens, tokenHint, settings.perTokenPerMinute),
    countFailure: async (address) => {
      const key = toAddressKey(address)
      const answer = await consume(failures, key, settings.authFailures)
      // the failure that uses up the last point is answered as itself; the next request finds the lock
      const state = answer.allowed ? await failures.get(key) : null
      if (answer.allowed && (state === null || state.remainingPoints > 0)) {
        return answer
      }
      // of several at once only one begins the lock
      const first = (lockedUntil.get(key) ?? 0) <= clock.now()
      if (first) {
        remember(key, clock.now() + settings.authFailureWindowMs)
        // the same time for those who ask after a restart
        await failures.block(key, settings.authFailureWindowMs / SECOND)
      }
      return { allowed: false, retryAfterMs: settings.authFailureWindowMs, first }
    },
    lockedForMs: async (address) => {
      const key = toAddressKey(address)
      let until = lockedUntil.get(key)
      if (until === undefined) {
        const state = await failures.get(key)
        const found = state !== null && state.remainingPoints <= 0 ? clock.now() + state.msBeforeNext : 0
        // a lock that began meanwhile counts
        until = lockedUntil.get(key) ?? found
        remember(key, until)
      }
      return Math.max(0, until - clock.now())
    },
    sweep: () => void deleteExpired.run(clock.now()),
  }
}

async function consume(
  limiter: RateLimiterMemory | RateLimiterSQLite,
  key: string,
  points: number,
): Promise<LimitAnswer> {
  try {
    await limiter.consume(key)
    return PASS
  } catch (refused) {
    // the library rejects with its result when the points are used up, and with an Error when it is broken
    if (!(refused instanceof RateLimiterRes)) {
      throw refused
    }
    return {
      allowed: false,
      retryAfterMs: refused.msBeforeNext,
      first: refused.consumedPoints === points + 1,
    }
  }
}

/** IPv6 users own a /64 at least, so that is what counts as one address. */
export function toAddressKey(address: string): string {
  if (!isIPv6(address)) {
    return address
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) {
    return mapped[1]
  }
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = address.includes('::') ? [...left, ...zeros, ...right] : left
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
