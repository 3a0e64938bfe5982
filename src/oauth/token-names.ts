/**
 * What our tokens look like: a prefix that people, redaction and secret scanners recognise, a random part, and a mark
 * only this server can make. The mark grants nothing; it tells an ended token of ours from a guess without a record of
 * every token there ever was.
 */
import { createHmac } from 'node:crypto'
import { isSameSecret } from '../lib/crypto.js'
import { createToken } from '../lib/ids.js'
import type { Secret } from '../lib/secret.js'

type TokenPrefix = 'agm_at_' | 'agm_rt_' | 'agm_ac_'

const MARK_CHARS = 11
// agm_at_<43 random characters><11 characters of mark>
const NAMED = /^(agm_(?:at|rt|ac)_[\w-]{43})([\w-]{11})$/

export interface TokenNames {
  create(prefix: TokenPrefix): string
  /** Whether this server made `token`, whatever became of it. */
  wasIssued(token: string): boolean
}

/** @param secret kept as long as ended tokens should be recognised */
export function createTokenNames(secret: Secret): TokenNames {
  const mark = (text: string) =>
    createHmac('sha256', secret.reveal()).update(`token:${text}`).digest('base64url').slice(0, MARK_CHARS)
  return {
    create: (prefix) => {
      const text = prefix + createToken()
      return text + mark(text)
    },
    wasIssued: (token) => {
      const [, text, made] = NAMED.exec(token) ?? []
      return text !== undefined && made !== undefined && isSameSecret(made, mark(text))
    },
  }
}
