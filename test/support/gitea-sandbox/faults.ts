/** Injected trouble: what a test makes of the next matching requests. */

export interface FaultRule {
  /** Requests it applies to; all when absent. */
  readonly method?: string
  /** Tested against the escaped path with its query. */
  readonly path?: RegExp | string
  /** How many requests it lasts; for ever when absent. */
  readonly times?: number
  /** Let this many matching requests through first. */
  readonly after?: number
  readonly status?: number
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** An HTML page as proxies send it; status 502 unless given. */
  readonly html?: boolean
  readonly delayMs?: number
  /** Close the connection without an answer, before the request has any effect. */
  readonly destroySocket?: boolean
  /** Do the work, then send only this many bytes of the answer and close the connection. */
  readonly truncate?: number
  /** Do the work, then close the connection without an answer. */
  readonly loseReply?: boolean
}

export interface Faults {
  set(rule: FaultRule | null): void
  /** The rule for this request, counted as used. */
  take(method: string, target: string): FaultRule | undefined
}

export function createFaults(): Faults {
  let rule: FaultRule | undefined
  let left = 0
  let skip = 0
  return {
    set(next) {
      rule = next ?? undefined
      left = next?.times ?? Number.POSITIVE_INFINITY
      skip = next?.after ?? 0
    },
    take(method, target) {
      if (!rule || left <= 0) return undefined
      if (rule.method !== undefined && rule.method !== method) return undefined
      const { path } = rule
      if (path !== undefined && !(typeof path === 'string' ? target.includes(path) : path.test(target)))
        return undefined
      if (skip > 0) {
        skip -= 1
        return undefined
      }
      left -= 1
      return rule
    },
  }
}
