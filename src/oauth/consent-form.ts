/** What a person sends from the consent page, parsed and turned into limits. */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { isSameSecret } from '../lib/crypto.js'
import type { Secret } from '../lib/secret.js'
import { DAY } from '../lib/units.js'
import type { ConsentExpiry, NarrowFields } from '../pages/consent.js'
import type { Grant } from './scope.js'

const MAX_REPOSITORIES = 100
// acme/web.site-2
const REPOSITORY = /^[\w.-]{1,100}\/[\w.-]{1,100}$/

export const UNNARROWED: NarrowFields = { readOnly: false, repositories: '', expiry: 'never' }

const Decision = z.object({
  csrf: z.string(),
  decision: z.enum(['allow', 'deny']),
  read_only: z.literal('yes').optional(),
  repositories: z.string().default(''),
  expiry: z.enum(['never', 'day', 'month']).default('never'),
})

export interface ConsentAnswer {
  readonly csrfToken: string
  readonly decision: 'allow' | 'deny'
  readonly narrow: NarrowFields
}

/** The answer in a form body; undefined when it is not one of our form's. */
export function findConsentAnswer(body: string): ConsentAnswer | undefined {
  const parsed = Decision.safeParse(Object.fromEntries(new URLSearchParams(body)))
  if (!parsed.success) {
    return undefined
  }
  const { csrf, decision, read_only, repositories, expiry } = parsed.data
  return { csrfToken: csrf, decision, narrow: { readOnly: read_only !== undefined, repositories, expiry } }
}

const LIFETIMES: Readonly<Record<ConsentExpiry, number | null>> = { never: null, day: DAY, month: 30 * DAY }

/** The limits the person set, or what is wrong with them. */
export function toGrantLimits(
  { readOnly, repositories, expiry }: NarrowFields,
  now: number,
): { readonly grant: Grant } | { readonly problem: string } {
  const named = repositories
    .split(/[\s,;]+/)
    .filter((name) => name !== '')
    .map((name) => name.toLowerCase())
  const wrong = named.find((name) => !REPOSITORY.test(name))
  if (wrong !== undefined) {
    return { problem: `“${wrong.slice(0, 60)}” is not a repository. Write owner/name, one per line.` }
  }
  const distinct = [...new Set(named)]
  if (distinct.length > MAX_REPOSITORIES) {
    return { problem: `At most ${MAX_REPOSITORIES} repositories can be named here.` }
  }
  const lifetime = LIFETIMES[expiry]
  return {
    grant: {
      readOnly,
      repositories: distinct.length === 0 ? null : distinct,
      expiresAt: lifetime === null ? null : now + lifetime,
    },
  }
}

/**
 * The token that ties a consent form to this browser and to this very sign-in: an answer to a page that named one
 * person never counts for another who signed in meanwhile.
 */
export function createCsrfToken(secret: Secret, browser: string, stateHash: string): string {
  return createHmac('sha256', secret.reveal())
    .update(JSON.stringify(['csrf', browser, stateHash]))
    .digest('base64url')
}

export function isCsrfToken(token: string, secret: Secret, browser: string, stateHash: string): boolean {
  return isSameSecret(token, createCsrfToken(secret, browser, stateHash))
}
