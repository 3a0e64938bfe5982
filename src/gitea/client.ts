import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import { type AppError, Unauthenticated } from '../lib/errors.js'
import { SECOND } from '../lib/units.js'
import { type PathValues, type QueryValues, toAddress } from './address.js'
import { type GiteaAnswer, readAnswer, toGiteaError } from './answer.js'
import type { Authorized, GiteaCredential } from './credential.js'
import {
  ConnectionLost,
  type Consume,
  ERROR_BYTES,
  type Exchange,
  exchange,
  exchangeStream,
  type RawAnswer,
  toLeft,
} from './exchange.js'
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

interface StreamRequest extends Omit<GiteaRequest, 'body' | 'maxBytes'> {
  /** Not bounded by the transport's own limit: nothing of it has to be held. */
  readonly maxBytes: number
}

export interface GiteaClient {
  /**
   * Sends one declared operation.
   *
   * @throws AppError for everything Gitea or the network can do; Error for an operation that was not declared
   */
  request(name: OperationName, request: GiteaRequest): Promise<GiteaAnswer>
  /**
   * Sends one declared operation that answers bytes and hands them to `consume` as they come. Never sent again once
   * bytes have come; the time limit is the longest silence.
   *
   * @throws AppError like `request`; to `consume`, UpstreamFailed when there are more than `maxBytes`
   */
  stream<Result>(name: OperationName, request: StreamRequest, consume: Consume<Result>): Promise<Result>
}

export interface GiteaTransport {
  /** A client that acts as the person behind `credential`. Costs nothing until it is used. */
  as(credential: GiteaCredential, options: GiteaClientOptions): GiteaClient
  /** Finishes what is under way and closes the connections. */
  close(): Promise<void>
}

const RETRY_AFTER_MS = [50, 250]

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
  const prepare = (name: OperationName, request: GiteaRequest, maxBytes: number): Send => {
    if (!allowed.has(name)) throw new Error(`the Gitea operation ${name} is not declared for this call`)
    const { method, kind, answer } = operations[name]
    return {
      name,
      request,
      signal: kind === 'read' ? bound.signal : undefined,
      wire: {
        method,
        path: prefix + toAddress(name, request.path ?? {}, request.query ?? {}),
        accept: ACCEPT[answer],
        body: request.body === undefined ? null : JSON.stringify(request.body),
        timeoutMs: options.timeoutMs,
        maxBytes,
      },
    }
  }
  /** Runs `attempt` with the person's token, and once more with a fresh one if Gitea refuses that. */
  const authorized = async <Answer extends Answered>(send: Send, attempt: (as: Sender) => Promise<Answer>) => {
    refuseWhenLeft(bound.signal)
    const { name, request } = send
    const way: Authorized = (await credential.authorize?.(name, request.path ?? {}, request.body)) ?? { credential }
    const toSender = (token: string): Sender => ({ token, sudo: way.sudo })
    const token = await way.credential.token()
    const answer = await attempt(toSender(token))
    // a 401 was not carried out, so even a write may be sent again, once
    if (answer.status !== 401) return { answer, token }
    const fresh = await way.credential.renew(token)
    return { answer: await attempt(toSender(fresh)), token: fresh }
  }
  return {
    async request(name, request) {
      const asked = Math.min(request.maxBytes ?? Number.POSITIVE_INFINITY, options.maxResponseBytes)
      const send = prepare(name, request, Math.max(ERROR_BYTES, asked))
      const { answer, token } = await authorized(send, (sender) => sendWith(sender, parts, send, exchange))
      return finish(name, answer, request.subject, token, bound.requestId)
    },
    async stream(name, request, consume) {
      if (operations[name].answer !== 'bytes') throw new Error(`${name} does not answer bytes`)
      const send = prepare(name, request, request.maxBytes)
      const exchanged = await authorized(send, (sender) =>
        sendWith(sender, parts, send, (pool, wire) => exchangeStream(pool, wire, consume)),
      )
      const { answer, token } = exchanged
      if ('result' in answer) return answer.result
      throw toRefusal(name, answer, request.subject, token, bound.requestId)
    },
  }
}

const ACCEPT = { json: 'application/json', text: 'text/plain', bytes: '*/*' }

interface Answered {
  readonly status: number
}

/** As whom a request is sent. */
interface Sender {
  readonly token: string
  readonly sudo: string | undefined
}

interface Send {
  readonly name: OperationName
  readonly request: GiteaRequest
  readonly signal: AbortSignal | undefined
  readonly wire: Omit<Exchange, 'headers' | 'signal'> & { readonly accept: string }
}

/** Reads are sent again after a lost connection or a 503; a write is not, it may have been carried out. */
async function sendWith<Answer extends Answered>(
  { token, sudo }: Sender,
  { pool, options, bound }: ClientParts,
  { name, signal, wire }: Send,
  attempt: (pool: Pool, wire: Exchange) => Promise<Answer>,
): Promise<Answer> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    accept: wire.accept,
    'user-agent': 'aegis-gitea-mcp',
    'x-request-id': bound.requestId,
  }
  if (sudo !== undefined) headers.sudo = sudo
  if (wire.body !== null) headers['content-type'] = 'application/json'
  const waits = operations[name].kind === 'read' ? RETRY_AFTER_MS : []
  for (const wait of [...waits, undefined]) {
    refuseWhenLeft(bound.signal)
    bound.onRequest?.(name)
    const sentAt = performance.now()
    const outcome = await attempt(pool, { ...wire, headers, signal }).catch(keepIfLost)
    options.observe?.(name, toStatusClass(outcome), (performance.now() - sentAt) / 1000)
    const isPassing = outcome instanceof ConnectionLost || outcome.status === 503
    if (isPassing && wait !== undefined) await delay(wait)
    else if (outcome instanceof ConnectionLost) throw outcome
    else return outcome
  }
  throw new Error('unreachable: the last attempt returns or throws')
}

function toStatusClass(outcome: Answered | ConnectionLost): string {
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
  throw toRefusal(name, raw, subject, token, requestId)
}

function toRefusal(name: OperationName, raw: RawAnswer, subject: string, token: string, requestId: string): AppError {
  if (raw.status === 401) return new Unauthenticated('Gitea no longer accepts this sign-in.', { source: 'gitea' })
  return toGiteaError(name, raw, { subject, requestId, token })
}
