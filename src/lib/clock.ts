/** The only way the product reads time, so that tests can move it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** RFC 3339 in UTC with milliseconds, the form used in audit entries and logs. */
export function toIsoTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
