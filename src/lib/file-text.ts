import { isUtf8 } from 'node:buffer'

/* Bytes of a file as text, or the finding that they are none. */

const BINARY_PROBE_BYTES = 8000

export interface DecodedText {
  readonly text: string
  /** Only named when it is not UTF-8. */
  readonly encoding?: string
}

/** UTF-8, UTF-16 with a byte order mark, or else Latin-1; undefined for binary content, found as git finds it. */
export function decodeText(bytes: Buffer): DecodedText | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: decode('utf-16le', bytes), encoding: 'UTF-16' }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: decode('utf-16be', bytes), encoding: 'UTF-16' }
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return undefined
  if (isUtf8(bytes)) return { text: decode('utf-8', bytes) }
  return { text: decode('windows-1252', bytes), encoding: 'Latin-1' }
}

function decode(encoding: string, bytes: Buffer): string {
  return new TextDecoder(encoding).decode(bytes)
}

const LFS_POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid (sha256:[0-9a-f]{64})\nsize (\d{1,15})\n/

/** What an LFS pointer stands for; the object itself is not in the repository. */
export function findLfsPointer(bytes: Buffer): { readonly oid: string; readonly sizeBytes: number } | undefined {
  if (bytes.length > 1024) return undefined
  const [, oid, size] = LFS_POINTER.exec(bytes.toString('utf8')) ?? []
  return oid === undefined ? undefined : { oid, sizeBytes: Number(size) }
}
