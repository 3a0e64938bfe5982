import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import { Unauthenticated } from '../lib/errors.js'
import { KIB, SECOND } from '../lib/units.js'
import { type PathValues, type QueryValues, toAddress } from './address.js'
import { type GiteaAnswer, readAnswer, toGiteaError } from './answer.js'
import type { GiteaCredential } from './credential.js'
import { ConnectionLost, type Exchange, exchange, type RawAnswer, toLeft } from './exchange.js'
import { type OperationName, operations } from './operations.js'

/*
 * The one way to Gitea's REST API. A client is bound to one person and to the operations its tool declared; it follows
 * no redirect, keeps no answer, and no error that leaves it carries the token.
 */

export interface GiteaTransportOptions {
  /** Where Gitea is, with its sub-path if it has one. */
  readonly baseUrl: string
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  /** Connections kept to Gitea; 32 unless told. */
  readonly connections?: number
  /** Told each HTTP exchange: status as `2xx`, or `lost` without an answer. For metrics; must not throw. */
  readonly observe?: (operation: OperationName, status: string, seconds: number) => void
}

interface GiteaClientOptions {
  readonly operations: readonly OperationName[]
  /** Ends reads at Gitea too; a write that was sent is finished. */
  readonly signal: AbortSignal
  readonly requestId: string
  /** Called for each HTTP request just before it is sent, repeated ones included. */
  readonly onRequest?: (operation: OperationName) => void
}

interface GiteaRequest {
  readonly path?: PathValues
  readonly query?: QueryValues
  /** Sent as JSON. */
  readonly body?: unknown
  /** What is asked for, in words for error sentences: `issue #12 of acme/web`. */
  readonly subject: string
  /** A tighter limit on the answer than the transport's own. */
  readonly maxBytes?: number
}

export interface GiteaClient {
  /**
   * Sends one declared operation.
   *
   * @throws AppError for everything Gitea or the network can do; Error for an operation that was not declared
   */
  request(name: OperationName, request: GiteaRequest): Promise<GiteaAnswer>
}

export interface GiteaTransport {
  /** A client that acts as the person behind `credential`. Costs nothing until it is used. */
  as(credential: GiteaCredential, options: GiteaClientOptions): GiteaClient
  /** Finishes what is under way and closes the connections. */
  close(): Promise<void>
}

const RETRY_AFTER_MS = [50, 250]
const ERROR_BYTES = 64 * KIB

/** Owns the connections to Gitea until `close()`. */
export function createGiteaTransport(options: GiteaTransportOptions): GiteaTransport {
  const base = new URL(options.baseUrl)
  const pool = new Pool(base.origin, {
    connections: options.connections ?? 32,
    keepAliveTimeout: 30 * SECOND,
    connect: { timeout: Math.min(options.timeoutMs, 10 * SECOND) },
    // one deadline over the whole exchange takes the place of these two
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const prefix = `${base.pathname.replace(/\/+$/, '')}/api/v1`
  return {
    as: (credential, bound) => createClient({ pool, prefix, options, credential, bound }),
    close: () => pool.close(),
  }
}

interface ClientParts {
  readonly pool: Pool
  readonly prefix: string
  readonly options: GiteaTransportOptions
  readonly credential: GiteaCredential
  readonly bound: GiteaClientOptions
}

function createClient(parts: ClientParts): GiteaClient {
  const { prefix, options, credential, bound } = parts
  const allowed = new Set<OperationName>(bound.operations)
  return {
    async request(name, request) {
      if (!allowed.has(name)) throw new Error(`the Gitea operation ${name} is not declared for this call`)
      const { method, kind, answer } = operations[name]
      const send: Send = {
        name,
        signal: kind === 'read' ? bound.signal : undefined,
        wire: {
          method,
          path: prefix + toAddress(name, request.path ?? {}, request.query ?? {}),
          accept: answer === 'json' ? 'application/json' : 'text/plain',
          body: request.body === undefined ? null : JSON.stringify(request.body),
          timeoutMs: options.timeoutMs,
          maxBytes: Math.max(
            ERROR_BYTES,
            Math.min(request.maxBytes ?? Number.POSITIVE_INFINITY, options.maxResponseBytes),
          ),
        },
      }
      refuseWhenLeft(bound.signal)
      const token = await credential.token()
      const raw = await sendWith(token, parts, send)
      if (raw.status !== 401) return finish(name, raw, request.subject, token, bound.requestId)
      // a 401 was not carried out, so even a write may be sent again, once
      const fresh = await credential.renew(token)
      return finish(name, await sendWith(fresh, parts, send), request.subject, fresh, bound.requestId)
    },
  }
}

interface Send {
  readonly name: OperationName
  readonly signal: AbortSignal | undefined
  readonly wire: Omit<Exchange, 'headers' | 'signal'> & { readonly accept: string }
}

/** Reads are sent again after a lost connection or a 503; a write is not, it may have been carried out. */
async function sendWith(
  token: string,
  { pool, options, bound }: ClientParts,
  { name, signal, wire }: Send,
): Promise<RawAnswer> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    accept: wire.accept,
    'user-agent': 'aegis-gitea-mcp',
    'x-request-id': bound.requestId,
  }
  if (wire.body !== null) headers['content-type'] = 'application/json'
  const waits = operations[name].kind === 'read' ? RETRY_AFTER_MS : []
  for (const wait of [...waits, undefined]) {
    refuseWhenLeft(bound.signal)
    bound.onRequest?.(name)
    const sentAt = performance.now()
    const outcome = await exchange(pool, { ...wire, headers, signal }).catch(keepIfLost)
    options.observe?.(name, toStatusClass(outcome), (performance.now() - sentAt) / 1000)
    const isPassing = outcome instanceof ConnectionLost || outcome.status === 503
    if (isPassing && wait !== undefined) await delay(wait)
    else if (outcome instanceof ConnectionLost) throw outcome
    else return outcome
  }
  throw new Error('unreachable: the last attempt returns or throws')
}

function toStatusClass(outcome: RawAnswer | ConnectionLost): string {
  return outcome instanceof ConnectionLost ? 'lost' : `${Math.floor(outcome.status / 100)}xx`
}

function keepIfLost(thrown: unknown): ConnectionLost {
  if (thrown instanceof ConnectionLost) return thrown
  throw thrown
}

function refuseWhenLeft(signal: AbortSignal): void {
  if (signal.aborted) throw toLeft(signal)
}

function finish(name: OperationName, raw: RawAnswer, subject: string, token: string, requestId: string): GiteaAnswer {
  if (raw.status >= 200 && raw.status < 300) return readAnswer(name, raw, token)
  if (raw.status === 401) throw new Unauthenticated('Gitea no longer accepts this sign-in.', { source: 'gitea' })
  throw toGiteaError(name, raw, { subject, requestId, token })
}
