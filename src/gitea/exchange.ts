import type { Pool } from 'undici'
import { AppError, Cancelled, UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'

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

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RESPONSE'])
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'])
const UNKNOWN_OUTCOME = ' Whether it was carried out is not known: look before asking for it again.'

/**
 * @throws Cancelled when `signal` fires
 * @throws UpstreamTimeout when the answer is not complete in time
 * @throws ConnectionLost, UpstreamFailed when the connection breaks or cannot be made
 */
export async function exchange(pool: Pool, request: Exchange): Promise<RawAnswer> {
  const { signal, timeoutMs, maxBytes } = request
  const abort = new AbortController()
  let ended: 'cancelled' | 'timeout' | undefined
  const end = (why: 'cancelled' | 'timeout') => {
    ended ??= why
    abort.abort()
  }
  const onLeave = () => end('cancelled')
  const timer = setTimeout(end, timeoutMs, 'timeout')
  signal?.addEventListener('abort', onLeave, { once: true })
  // an edge: undici's errors and the reasons for our own abort are told apart only here
  try {
    if (signal?.aborted) onLeave()
    const { method, path, headers, body } = request
    const answer = await pool.request({ method, path, headers, body, signal: abort.signal })
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
  } catch (thrown) {
    if (ended === 'cancelled' && signal) throw toLeft(signal)
    throw toWireError(thrown, ended === 'timeout', request)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onLeave)
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
    return new UpstreamTimeout('Gitea cannot be reached: connecting took too long.', { detail })
  }
  if (UNREACHABLE.has(code)) return new UpstreamFailed('Gitea cannot be reached; it may be down.', { detail })
  if (BROKEN.has(code) || code.startsWith('HPE_')) {
    return new ConnectionLost(`The connection to Gitea broke before its answer was complete.${unknown}`, { detail })
  }
  return new UpstreamFailed(`The request to Gitea failed.${unknown}`, { detail })
}
