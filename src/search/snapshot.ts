import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { BLOB_KIND, type BlobKind, isVendoredPath } from './searchable.js'

/*
 * The files of one commit, as the index knows them. It says nothing about who may see them: whoever asks for one must
 * hold a ResolvedCommit, which is Gitea's word of this very call.
 */

export interface Snapshot {
  /** In the order of their names. */
  readonly paths: readonly string[]
  /** The index row of each path's text. */
  readonly rows: Uint32Array
  /** What each is: a FILE_KIND. */
  readonly kinds: Uint8Array
  /** How many files are too large to be searched. */
  readonly large: number
}

/** Why a file is searched or not; vendored and generated ones only when they are asked for. */
export const FILE_KIND = { searched: 0, binary: 1, aside: 2 } as const

export interface SnapshotFile {
  readonly path: string
  readonly row: number
  readonly kind: BlobKind
}

export function createSnapshot(files: readonly SnapshotFile[], large: number): Snapshot {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return {
    paths: sorted.map(({ path }) => path),
    rows: Uint32Array.from(sorted, ({ row }) => row),
    kinds: Uint8Array.from(sorted, toFileKind),
    large,
  }
}

function toFileKind({ path, kind }: SnapshotFile): number {
  if (kind === BLOB_KIND.binary) return FILE_KIND.binary
  return kind === BLOB_KIND.generated || isVendoredPath(path) ? FILE_KIND.aside : FILE_KIND.searched
}

/** The form in which the index keeps it: names that end with a NUL, then numbers. */
export function packSnapshot({ paths, rows, kinds, large }: Snapshot): Buffer {
  const names = Buffer.from(`${paths.length} ${large}\0${paths.map((path) => `${path}\0`).join('')}`)
  return zstdCompressSync(Buffer.concat([names, toBytes(rows), toBytes(kinds)]))
}

/** @throws Error for anything that `packSnapshot` did not make */
export function unpackSnapshot(packed: Buffer): Snapshot {
  const body = zstdDecompressSync(packed)
  const start = body.indexOf(0)
  const [files = Number.NaN, large = Number.NaN] = body.toString('utf8', 0, start).split(' ').map(Number)
  const rows = new Uint32Array(files)
  const kinds = new Uint8Array(files)
  const end = body.length - rows.byteLength - kinds.byteLength
  toBytes(rows).set(body.subarray(end, end + rows.byteLength))
  kinds.set(body.subarray(end + rows.byteLength))
  const paths = body.toString('utf8', start + 1, end).split('\0')
  // the last name ends with a NUL too
  if (paths.pop() !== '' || paths.length !== files) throw new Error('not a packed snapshot')
  return { paths, rows, kinds, large }
}

function toBytes(numbers: Uint32Array | Uint8Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
