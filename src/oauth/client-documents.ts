/**
 * Fetching Client ID Metadata Documents. A stranger chooses the URL, so the connection is pinned to an address that was
 * checked: the look-up itself refuses non-public addresses, and there is no second look-up between check and use.
 */
import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { Agent, type Dispatcher, fetch as undiciFetch } from 'undici'
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { toErrorText } from '../lib/errors.js'
import { DAY, KIB, MINUTE, SECOND } from '../lib/units.js'
import { type ClientMetadata, readClientMetadata } from './client-metadata.js'
import { isPublicAddress } from './public-address.js'

const MAX_DOCUMENT_BYTES = 5 * KIB
const TIMEOUT_MS = 4 * SECOND
/** A document that could not be had is not asked for again this long. */
const FAILURE_TTL_MS = 30 * SECOND
const MAX_FAILURES = 1000
const DEFAULT_MAX_AGE_MS = 5 * MINUTE
const FETCHES_PER_HOST_AND_MINUTE = 20
const FETCHES_PER_MINUTE = 200

interface ClientDocument {
  readonly metadata: ClientMetadata
  /** How long the answer may be used, as its headers say, within reason. */
  readonly maxAgeMs: number
}

export interface ClientDocuments {
  /**
   * Fetches and checks the document a client id points to.
   *
   * @param url an https client id
   * @throws Error whose message is for the log
   */
  load(url: string): Promise<ClientDocument>
  close(): Promise<void>
}

interface ClientDocumentsOptions {
  readonly clock: Clock
  readonly allowlist: ReadonlySet<string>
  /** Where connections go instead of the guarded agent, for tests. */
  readonly dispatcher?: Dispatcher
}

/** Owns the connections to the hosts of client documents. */
export function createClientDocuments({ clock, allowlist, dispatcher }: ClientDocumentsOptions): ClientDocuments {
  const agent = dispatcher ?? createPublicOnlyAgent(systemLookup)
  const perHost = new RateLimiterMemory({ points: FETCHES_PER_HOST_AND_MINUTE, duration: MINUTE / SECOND })
  const overall = new RateLimiterMemory({ points: FETCHES_PER_MINUTE, duration: MINUTE / SECOND })
  const failures = new Map<string, number>()

  const fetchDocument = async (url: string): Promise<ClientDocument> => {
    const { hostname } = new URL(url)
    assertPublicLiteral(hostname)
    // both reject with a counter object when the budget is spent
    await Promise.all([perHost.consume(hostname), overall.consume('all')]).catch(() => {
      throw new Error('too many client documents were asked for')
    })
    const response = await undiciFetch(url, {
      dispatcher: agent,
      redirect: 'error',
      headers: { accept: 'application/json', 'user-agent': 'AegisGitea-MCP' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the document answered with status ${response.status}`)
    }
    const document: unknown = JSON.parse(await readBounded(response.body))
    const identity = Identity.safeParse(document)
    if (!identity.success || identity.data.client_id !== url) {
      throw new Error('the document does not name its own address as client_id, or holds a secret')
    }
    const result = readClientMetadata(document, { source: 'document', allowlist })
    if (!result.ok) {
      throw new Error(result.description)
    }
    return { metadata: result.metadata, maxAgeMs: toMaxAge(response.headers.get('cache-control')) }
  }

  return {
    load: async (url) => {
      const failedAt = failures.get(url)
      if (failedAt !== undefined && clock.now() - failedAt < FAILURE_TTL_MS) {
        throw new Error('the document could not be had a moment ago')
      }
      failures.delete(url)
      try {
        return await fetchDocument(url)
      } catch (cause) {
        // remembered so that a client in a loop does not make us hammer a stranger's host
        if (failures.size >= MAX_FAILURES) {
          failures.clear()
        }
        failures.set(url, clock.now())
        throw new Error(`client document ${url}: ${describe(cause)}`, { cause })
      }
    },
    close: () => agent.close(),
  }
}

// a document is public: one that carries a secret is a mistake the draft tells us to refuse
const Identity = z.object({
  client_id: z.string(),
  client_secret: z.undefined().optional(),
  client_secret_expires_at: z.undefined().optional(),
})

/** The shortest age covers the pages of one sign-in. */
function toMaxAge(cacheControl: string | null): number {
  const [, seconds] = /(?:^|,)\s*max-age\s*=\s*(\d+)/i.exec(cacheControl ?? '') ?? []
  const asked = seconds === undefined ? DEFAULT_MAX_AGE_MS : Number(seconds) * SECOND
  return Math.min(Math.max(asked, MINUTE), DAY)
}

/** undici says "fetch failed" and keeps the reason in the cause. */
function describe(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return toErrorText(error) + reason
}

/** A literal address is never looked up, so it is checked by itself. */
function assertPublicLiteral(hostname: string): void {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) {
    throw new Error('the address is not a public one')
  }
}

/**
 * An agent whose connections go only to public addresses.
 *
 * @param resolve the name look-up, replaced in tests
 */
export function createPublicOnlyAgent(resolve: typeof systemLookup): Agent {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        callback(error ?? new Error('the name has no address'), [])
        return
      }
      // one private address among public ones is an attempt to have us pick it
      if (!addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new Error('the name points to an address that is not public'), [])
        return
      }
      if (options.all === true) {
        callback(null, addresses)
      } else {
        callback(null, first.address, first.family)
      }
    })
  }
  return new Agent({
    connect: { lookup, timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: SECOND,
    connections: 4,
  })
}

async function readBounded(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_DOCUMENT_BYTES) {
      throw new Error(`the document is larger than ${MAX_DOCUMENT_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
