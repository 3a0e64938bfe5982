import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { toErrorText, Unavailable } from '../lib/errors.js'
import { KIB, SECOND } from '../lib/units.js'

const TIMEOUT_MS = 5 * SECOND
const MAX_DOCUMENT_BYTES = 512 * KIB
const MAX_KEYS = 100
/** Keys are asked for again this soon at most, whoever presents what. */
const COOLDOWN_MS = 30 * SECOND

/** The keys an issuer signs with, as it publishes them. */
export interface IssuerKeys {
  /**
   * The key that a token's header names.
   *
   * @throws Unavailable when the issuer does not tell its keys
   * @throws errors.JOSEError of jose when it has no such key
   */
  readonly find: JWTVerifyGetKey
}

interface IssuerKeysOptions {
  /** Exactly as tokens name it. */
  readonly issuer: string
  readonly clock: Clock
  /** How long published keys are used without asking again. */
  readonly ttlMs: number
}

interface Published {
  readonly findKey: ReturnType<typeof createLocalJWKSet>
  readonly at: number
}

/** Of an issuer, as far as it is looked at. */
export const Discovery = z.object({ issuer: z.string(), jwks_uri: z.string() })
export const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MAX_KEYS) })

/**
 * Keys by discovery, fetched when a token needs them: a rotation is noticed by the first token with a new key id. Tokens
 * with made-up key ids make us ask at most twice a minute, and while the issuer cannot be reached nothing is believed
 * that is older than `ttlMs`.
 */
export function createIssuerKeys({ issuer, clock, ttlMs }: IssuerKeysOptions): IssuerKeys {
  let published: Published | undefined
  let failure: { readonly error: Unavailable; readonly at: number } | undefined
  let underWay: Promise<Published> | undefined

  const isYounger = (at: number, ms: number) => clock.now() >= at && clock.now() - at < ms

  const load = async (): Promise<Published> => {
    // an edge: whatever goes wrong between two servers, to the caller it means the same
    try {
      published = { findKey: createLocalJWKSet(await fetchKeys(issuer)), at: clock.now() }
      failure = undefined
      return published
    } catch (cause) {
      const error = new Unavailable(describeOutage(issuer), { detail: describe(cause), cause })
      failure = { error, at: clock.now() }
      throw error
    }
  }
  const refresh = (): Promise<Published> => {
    if (failure !== undefined && isYounger(failure.at, COOLDOWN_MS)) {
      return Promise.reject(failure.error)
    }
    underWay ??= load().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  return {
    find: async (header, token) => {
      const known = published !== undefined && isYounger(published.at, ttlMs) ? published : await refresh()
      // only a key that is missing is worth another question; jose has no other way to say so
      try {
        return await known.findKey(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || isYounger(known.at, COOLDOWN_MS)) {
          throw error
        }
        return (await refresh()).findKey(header, token)
      }
    },
  }
}

/** Where an issuer describes itself (OpenID Connect Discovery §4). */
export function toDiscoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
}

async function fetchKeys(issuer: string): Promise<JSONWebKeySet> {
  const document = Discovery.parse(await fetchJson(toDiscoveryUrl(issuer)))
  if (document.issuer !== issuer) {
    throw new Error(`discovery names another issuer: ${document.issuer.slice(0, 200)}`)
  }
  if (!/^https:/.test(document.jwks_uri) && URL.parse(document.jwks_uri)?.origin !== new URL(issuer).origin) {
    throw new Error('the keys are not behind https')
  }
  const { keys } = KeySet.parse(await fetchJson(document.jwks_uri))
  if (keys.length === 0) {
    throw new Error('the key set is empty')
  }
  return { keys }
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json', 'user-agent': 'AegisGitea-MCP' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${new URL(url).pathname} answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_DOCUMENT_BYTES) {
      throw new Error(`${new URL(url).pathname} is larger than ${MAX_DOCUMENT_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
}

function describeOutage(issuer: string): string {
  return `The identity provider ${new URL(issuer).host} does not tell its keys now, so its tokens cannot be checked. Try again in a minute; if it stays so, the admin of this server can run aegis doctor.`
}

/** fetch says “fetch failed” and keeps the reason in the cause. */
function describe(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return toErrorText(error) + reason
}
