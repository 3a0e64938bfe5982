import type { IncomingMessage } from 'node:http'
import { AppError, InvalidInput } from './errors.js'
import { KIB } from './units.js'

/** Node hands over two megabytes at once where a client is fast; beyond this, others get a turn after each piece. */
const BREATHE_AFTER = 128 * KIB

/** The body is larger than the route takes. */
class BodyTooLarge extends AppError {
  readonly code = 'invalid_input'
  readonly status = 413
}

/**
 * Reads a request body of at most `maxBytes`. A larger one is refused as soon as that is known; what follows is read
 * and dropped, so that the answer reaches the client.
 *
 * @throws BodyTooLarge, or InvalidInput when the client leaves before the end
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  await readChunks(req, maxBytes, (chunk) => chunks.push(chunk))
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/**
 * The same for whoever needs the bytes once, as they come.
 *
 * @throws BodyTooLarge, or InvalidInput when the client leaves before the end
 */
export function readChunks(req: IncomingMessage, maxBytes: number, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const endedEarly = () => new InvalidInput('The request body ended early.')
    const tooLarge = () => new BodyTooLarge(`The request body is larger than ${maxBytes} bytes.`)
    if (Number(req.headers['content-length']) > maxBytes) {
      req.resume()
      reject(tooLarge())
      return
    }
    if (req.destroyed) {
      // the client left before anyone listened, so none of the events below would ever come
      reject(endedEarly())
      return
    }
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        reject(tooLarge())
      } else {
        take(chunk)
        if (size > BREATHE_AFTER) {
          req.pause()
          setImmediate(() => req.resume())
        }
      }
    })
    req.on('end', () => resolve())
    req.on('error', reject)
    req.on('aborted', () => reject(endedEarly()))
  })
}
