import { request } from 'undici'
import type { Clock } from '../lib/clock.js'
import { SECOND } from '../lib/units.js'

const TTL_MS = 10 * SECOND
const TIMEOUT_MS = 3 * SECOND

/** Whether anything answers at GITEA_URL, asked at most every ten seconds however often probes come. */
export function createReachabilityProbe(giteaUrl: string, clock: Clock): () => Promise<boolean> {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<boolean> = Promise.resolve(false)
  return () => {
    if (clock.now() - askedAt > TTL_MS) {
      askedAt = clock.now()
      answer = ask(`${giteaUrl}/api/v1/version`)
    }
    return answer
  }
}

async function ask(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS })
    await body.dump()
    // 403 is a Gitea that shows nothing without sign-in (REQUIRE_SIGNIN_VIEW)
    return statusCode < 500
  } catch {
    // not reachable is the answer, not a fault
    return false
  }
}
