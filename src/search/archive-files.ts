import { createHash } from 'node:crypto'
import { ReadableStream } from 'node:stream/web'
import { createTarDecoder } from 'modern-tar'
import { UpstreamFailed } from '../lib/errors.js'

export interface ArchivedFile {
  /** Object id of the bytes, as git makes it. */
  readonly id: string
  readonly bytes: Buffer
}

/**
 * The regular files of a gzipped tar, one at a time. Their names do not matter: a file is known by the id of its bytes,
 * so that one which the archive rewrote is simply another object.
 *
 * @param options.maxFileBytes larger files are stepped over
 * @param options.maxBytes of all files, unpacked
 * @throws Error when it is damaged, UpstreamFailed when it is larger
 */
export async function* readArchive(
  chunks: AsyncIterable<Buffer>,
  options: { readonly maxFileBytes: number; readonly maxBytes: number; readonly algorithm: 'sha1' | 'sha256' },
): AsyncGenerator<ArchivedFile> {
  const unpacked = ReadableStream.from(chunks).pipeThrough(new DecompressionStream('gzip'))
  let size = 0
  for await (const { header, body } of unpacked.pipeThrough(createTarDecoder({ strict: true }))) {
    size += header.size
    if (size > options.maxBytes) throw new UpstreamFailed(`The archive holds more than ${options.maxBytes} bytes.`)
    if (header.type !== 'file' || header.size > options.maxFileBytes) {
      await body.cancel()
      continue
    }
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    const bytes = Buffer.concat(parts)
    yield { id: toObjectId(bytes, options.algorithm), bytes }
  }
}

function toObjectId(bytes: Buffer, algorithm: 'sha1' | 'sha256'): string {
  return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
