import { createHash } from 'node:crypto'
import { type NewBlob, openIndexFile } from '../../../src/search/index-file.js'
import { toSearchedBlob } from '../../../src/search/searchable.js'
import { createSnapshot } from '../../../src/search/snapshot.js'
import type { MadeFile } from './make-code.js'

export interface Filled {
  readonly textBytes: number
  readonly indexBytes: number
  /** Of adding the texts, without making them. */
  readonly cpuMs: number
}

/** As much as a first search adds in one transaction. */
const BATCH_BYTES = 128 * 1024

/** Puts files into an index file as the tree of a commit, as a first search of it would have. */
export function fillIndex(path: string, commit: string, files: Iterable<MadeFile>): Filled {
  const index = openIndexFile(path)
  const ids: { readonly path: string; readonly id: string }[] = []
  let batch: NewBlob[] = []
  let batchBytes = 0
  let textBytes = 0
  let cpuMs = 0
  const flush = () => {
    const before = process.cpuUsage()
    index.addBlobs(batch)
    cpuMs += toMs(process.cpuUsage(before))
    batch = []
    batchBytes = 0
  }
  for (const { path, text } of files) {
    const bytes = Buffer.from(text)
    const id = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
    ids.push({ path, id })
    batch.push({ id, ...toSearchedBlob(bytes) })
    textBytes += bytes.length
    batchBytes += bytes.length
    if (batchBytes >= BATCH_BYTES) flush()
  }
  flush()
  const found = ids.flatMap(({ path, id }) => {
    const stored = index.findBlob(id)
    return stored === undefined ? [] : [{ path, ...stored }]
  })
  index.addSnapshot(commit, createSnapshot(found, 0), 1)
  const indexBytes = index.usedBytes()
  index.close()
  return { textBytes, indexBytes, cpuMs }
}

export function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}
