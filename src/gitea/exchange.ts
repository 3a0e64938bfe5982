import type { Dispatcher, Pool } from 'undici'
import { AppError, Cancelled, UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'
import { KIB } from '../lib/units.js'

/**
 * One HTTP request and its whole, bounded answer. What goes wrong on the wire leaves here as one of our errors;
 * every status, good or bad, is an answer.
 */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | null
  /** From sending to the last byte. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Ends the request; left out for writes, which are finished once sent. */
  readonly signal: AbortSignal | undefined
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  /** Gitea had more to say than `maxBytes`; `bytes` is the beginning. */
  readonly truncated: boolean
}

/** The connection broke before the answer was complete. A read may be sent again. */
export class ConnectionLost extends UpstreamFailed {}

class Unreachable extends UpstreamFailed {}
class ConnectTimeout extends UpstreamTimeout {}

/** Whether no connection was made at all: then even a write was surely not carried out. */
export function isNeverSent(error: unknown): boolean {
  return error instanceof Unreachable || error instanceof ConnectTimeout
}

/** Where the bytes of a good answer go as they come; what it returns is the answer. */
export type Consume<Result> = (chunks: AsyncIterable<Buffer>) => Promise<Result>

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RESPONSE'])
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'])
/** As much of a refusal as is worth reading. */
export const ERROR_BYTES = 64 * KIB
const UNKNOWN_OUTCOME = ' Whether it was carried out is not known: look before asking for it again.'

/**
 * @throws Cancelled when `signal` fires
 * @throws UpstreamTimeout when the answer is not complete in time
 * @throws ConnectionLost, UpstreamFailed when the connection breaks or cannot be made
 */
export async function exchange(pool: Pool, request: Exchange): Promise<RawAnswer> {
  const watch = startWatch(request)
  // an edge: undici's errors and the reasons for our own abort are told apart only here
  try {
    const answer = await send(pool, request, watch)
    return await collect(answer, request.maxBytes)
  } catch (thrown) {
    throw watch.toError(thrown)
  } finally {
    watch.end()
  }
}

/**
 * Like `exchange`, but hands the bytes of an answer with status 2xx to `consume` as they come, so that a large answer
 * is never whole in memory. `timeoutMs` is then the longest silence, not the longest answer, and the time that
 * `consume` takes does not count. Any other answer is returned as it is.
 *
 * @throws UpstreamFailed to `consume` when there is more than `maxBytes`, and all that `exchange` throws
 */
export async function exchangeStream<Result>(
  pool: Pool,
  request: Exchange,
  consume: Consume<Result>,
): Promise<{ readonly status: number; readonly result: Result } | RawAnswer> {
  const watch = startWatch(request)
  let answer: Dispatcher.ResponseData | undefined
  try {
    answer = await send(pool, request, watch).catch((thrown: unknown) => {
      throw watch.toError(thrown)
    })
    const status = answer.statusCode
    if (status < 200 || status > 299) return await collect(answer, ERROR_BYTES)
    watch.pause()
    return { status, result: await consume(readBounded(answer.body, request.maxBytes, watch)) }
  } finally {
    watch.end()
    // what `consume` left unread is not wanted; without this the connection would wait for its reader
    answer?.body.destroy()
  }
}

async function* readBounded(body: AsyncIterable<Buffer>, maxBytes: number, watch: Watch): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  let size = 0
  while (true) {
    watch.resume()
    const next = await chunks.next().catch((thrown: unknown) => {
      const error = watch.toError(thrown)
      // ConnectionLost would have it all sent again, and `consume` has seen a part
      throw error instanceof ConnectionLost ? new UpstreamFailed(error.message, { cause: error }) : error
    })
    watch.pause()
    if (next.done) return
    size += next.value.length
    if (size > maxBytes) throw new UpstreamFailed(`Gitea's answer is larger than ${maxBytes} bytes.`)
    yield next.value
  }
}

/** What ends an exchange early: its caller leaving, and time. */
interface Watch {
  readonly signal: AbortSignal
  pause(): void
  resume(): void
  toError(thrown: unknown): AppError
  end(): void
}

function startWatch(request: Exchange): Watch {
  const { signal, timeoutMs } = request
  const abort = new AbortController()
  let ended: 'cancelled' | 'timeout' | undefined
  const end = (why: 'cancelled' | 'timeout') => {
    ended ??= why
    abort.abort()
  }
  const onLeave = () => end('cancelled')
  let timer = setTimeout(end, timeoutMs, 'timeout')
  signal?.addEventListener('abort', onLeave, { once: true })
  if (signal?.aborted) onLeave()
  return {
    signal: abort.signal,
    pause: () => clearTimeout(timer),
    resume: () => {
      timer = setTimeout(end, timeoutMs, 'timeout')
    },
    toError: (thrown) =>
      ended === 'cancelled' && signal ? toLeft(signal) : toWireError(thrown, ended === 'timeout', request),
    end: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onLeave)
    },
  }
}

function send(pool: Pool, { method, path, headers, body }: Exchange, watch: Watch): Promise<Dispatcher.ResponseData> {
  return pool.request({ method, path, headers, body, signal: watch.signal })
}

async function collect(answer: Dispatcher.ResponseData, maxBytes: number): Promise<RawAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer.body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) break
  }
  const truncated = size > maxBytes
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
  return {
    status: answer.statusCode,
    headers: answer.headers,
    bytes: truncated ? bytes.subarray(0, maxBytes) : bytes,
    truncated,
  }
}

/** Why a signal fired: the deadline of the call says so itself, everything else is the caller leaving. */
export function toLeft(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError ? signal.reason : new Cancelled('The caller left before Gitea had answered.')
}

function toWireError(thrown: unknown, isLate: boolean, { method, timeoutMs }: Exchange): AppError {
  const unknown = method === 'GET' ? '' : UNKNOWN_OUTCOME
  if (isLate) {
    return new UpstreamTimeout(`Gitea did not answer within ${timeoutMs / 1000} s.${unknown}`)
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
  const detail = thrown instanceof Error ? `${code}: ${thrown.message}` : code
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new ConnectTimeout('Gitea cannot be reached: connecting took too long.', { detail })
  }
  if (UNREACHABLE.has(code)) return new Unreachable('Gitea cannot be reached; it may be down.', { detail })
  if (BROKEN.has(code) || code.startsWith('HPE_')) {
    return new ConnectionLost(`The connection to Gitea broke before its answer was complete.${unknown}`, { detail })
  }
  return new UpstreamFailed(`The request to Gitea failed.${unknown}`, { detail })
}
