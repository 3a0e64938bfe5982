import { sha256Base64Url } from '../lib/crypto.js'

/** What was found out about tokens, by their hash, so that none is held longer than the request that brought it. */
interface RememberedTokens<Found> {
  find(token: string): Found | undefined
  keep(token: string, found: Found): void
  /** Resolves a token once for all who present it at the same time. */
  once(token: string, resolve: () => Promise<Found>): Promise<Found>
}

const MOST_TOKENS = 10_000

/** The most recently kept tokens. Whether what is found is still good is for the caller to see. */
export function createRememberedTokens<Found>(): RememberedTokens<Found> {
  const held = new Map<string, Found>()
  const underWay = new Map<string, Promise<Found>>()
  return {
    find: (token) => held.get(sha256Base64Url(token)),
    keep: (token, found) => {
      const key = sha256Base64Url(token)
      held.delete(key)
      held.set(key, found)
      const [oldest] = held.keys()
      if (held.size > MOST_TOKENS && oldest !== undefined) {
        held.delete(oldest)
      }
    },
    once: (token, resolve) => {
      const key = sha256Base64Url(token)
      const running = underWay.get(key)
      if (running !== undefined) {
        return running
      }
      const started = resolve().finally(() => underWay.delete(key))
      underWay.set(key, started)
      return started
    },
  }
}
