import { streamArchive } from '../gitea/archive.js'
import type { GiteaClient } from '../gitea/client.js'
import type { TreeEntry } from '../gitea/git-data.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { MIB } from '../lib/units.js'
import { loadBlob } from '../objects/files.js'
import type { ResolvedCommit } from '../objects/resolve-commit.js'
import type { ObjectStore } from '../objects/store.js'
import { loadTree } from '../objects/trees.js'
import { readArchive } from './archive-files.js'
import type { IndexFile, NewBlob } from './index-file.js'
import { createBreather, mapInParallel } from './parallel.js'
import { BLOB_KIND, MAX_SEARCHED_BYTES, toSearchedBlob } from './searchable.js'
import { createSnapshot, type Snapshot, type SnapshotFile } from './snapshot.js'

/*
 * Fills the index with what it lacks of one commit: by Gitea's archive of the whole where much is missing, else file by
 * file. What was added stays when a run ends early, so the next one goes on from there.
 */

/** What filling may ask of Gitea, besides what resolving the commit needs. */
export const FILL_OPERATIONS = ['getTree', 'getBlob', 'getArchive'] as const

export interface FillSource {
  readonly client: GiteaClient
  readonly store: ObjectStore
  /** As Gitea named it in this call. */
  readonly commit: ResolvedCommit
}

/** One run, as those who wait for it see it. */
export interface FillRun {
  /** Files of the commit that can be searched; 0 until they are listed. */
  readonly total: number
  readonly done: number
  /** Rows that must not be swept while this runs. */
  readonly pinned: ReadonlySet<number>
  /** Ends it at the next opportunity; what was added stays. */
  stop(): void
  /** The files that are in the index by now. */
  build(): Promise<{ readonly snapshot: Snapshot; readonly isListingCut: boolean }>
  /** True when nothing is missing. */
  run(): Promise<boolean>
}

interface FillOptions {
  readonly use: <Result>(work: (file: IndexFile) => Result) => Result
  /** Called after each step. */
  readonly onProgress: () => void
  /** Makes room; false when there is none to make. */
  readonly makeRoom: () => Promise<boolean>
}

/** From so many missing files on, one archive is cheaper for Gitea than asking for each. */
const ARCHIVE_FROM = 40
/** What is packed in an archive may be more than what is searched. */
const MAX_ARCHIVE_BYTES = 512 * MIB
const PARALLEL = 8
/** Texts of one transaction; some 20 ms of work. */
const BATCH_BYTES = 128 * 1024
const SLICE_MS = 15

export function createFillRun(source: FillSource, options: FillOptions): FillRun {
  const { client, store, commit } = source
  const pinned = new Set<number>()
  const breathe = createBreather(SLICE_MS)
  let files: readonly TreeEntry[] = []
  let large = 0
  let isListingCut = false
  let done = 0
  let isStopped = false
  let batch: NewBlob[] = []
  let batchBytes = 0

  const list = async () => {
    const { entries, isComplete } = await loadTree(client, store, commit)
    const all = entries.filter(({ type }) => type === 'file')
    files = all.filter(({ sizeBytes }) => sizeBytes <= MAX_SEARCHED_BYTES)
    large = all.length - files.length
    isListingCut = !isComplete
    return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }
  const findMissing = async () => {
    const missing = new Set<string>()
    done = 0
    for (const { id } of files) {
      const stored = options.use((file) => file.findBlob(id))
      if (stored === undefined) missing.add(id)
      else {
        pinned.add(stored.row)
        done += 1
      }
      await breathe()
    }
    return missing
  }
  const flush = async () => {
    if (batch.length === 0) return
    const added = batch
    for (const row of options.use((file) => file.addBlobs(added))) pinned.add(row)
    done += added.length
    batch = []
    batchBytes = 0
    options.onProgress()
    if (!(await options.makeRoom())) isStopped = true
    await breathe()
  }
  const add = async (id: string, bytes: Buffer | undefined) => {
    batch.push({ id, ...(bytes === undefined ? { kind: BLOB_KIND.binary } : toSearchedBlob(bytes)) })
    batchBytes += bytes?.length ?? 0
    if (batchBytes >= BATCH_BYTES || batch.length >= 200) await flush()
  }
  const addFromArchive = async (missing: Set<string>) => {
    const algorithm = commit.sha.length === 64 ? 'sha256' : 'sha1'
    const { owner, repo, sha } = commit
    await streamArchive(client, { owner, repo, commit: sha, maxBytes: MAX_ARCHIVE_BYTES }, async (chunks) => {
      const limits = { maxFileBytes: MAX_SEARCHED_BYTES, maxBytes: 2 * MAX_ARCHIVE_BYTES, algorithm } as const
      for await (const { id, bytes } of readArchive(chunks, limits)) {
        if (missing.delete(id)) await add(id, bytes)
        if (isStopped || missing.size === 0) return
      }
    })
  }
  const addById = (missing: ReadonlySet<string>) =>
    mapInParallel([...missing], PARALLEL, async (id) => {
      if (isStopped) return
      await add(id, await loadBlob(client, store, commit, { id, maxBytes: MAX_SEARCHED_BYTES }).catch(toUnreadable))
    })

  return {
    get total() {
      return files.length
    },
    get done() {
      return Math.min(done, files.length)
    },
    pinned,
    stop: () => {
      isStopped = true
    },
    async build() {
      const found: SnapshotFile[] = []
      for (const { path, id } of files) {
        const stored = options.use((file) => file.findBlob(id))
        if (stored !== undefined) found.push({ path, ...stored })
        await breathe()
      }
      return { snapshot: createSnapshot(found, large), isListingCut }
    },
    async run() {
      const totalBytes = await list()
      options.onProgress()
      const missing = await findMissing()
      if (missing.size >= ARCHIVE_FROM && totalBytes <= MAX_ARCHIVE_BYTES) {
        // whatever is wrong with an archive, the files themselves are there; who has left is found out there too
        await addFromArchive(missing).catch(() => undefined)
      }
      if (!isStopped) await addById(missing)
      await flush()
      return !isStopped
    },
  }
}

/** A blob that Gitea does not have (a broken repository) is searched as if it were binary. */
function toUnreadable(thrown: unknown): undefined {
  if (thrown instanceof InvalidInput || thrown instanceof NotFound) return undefined
  throw thrown
}
