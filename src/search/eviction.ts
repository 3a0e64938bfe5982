import type { GuardedFile } from './guarded-file.js'
import { createBreather } from './parallel.js'

/** Eviction makes some room at once, so that it does not run at every write. */
const EVICT_TO = 0.9
const SWEEP_ROWS = 300
const SLICE_MS = 15

interface EvictionOptions {
  readonly maxBytes: number
  /** Rows that running searches are about to need. */
  readonly findPinned: () => ReadonlySet<number>
  /** Commits that are dropped from the file may be held in memory. */
  readonly onDropped: () => void
}

/**
 * Makes room by dropping the commits that were used least recently, and then the texts no other commit has.
 *
 * @returns for the commit that must stay: whether there is room now
 */
export function createEviction(file: GuardedFile, options: EvictionOptions): (keptCommit: string) => Promise<boolean> {
  const { maxBytes, findPinned, onDropped } = options
  const usedBytes = () => file.use((open) => open.usedBytes())
  const sweep = async () => {
    const breathe = createBreather(SLICE_MS)
    while (file.use((open) => open.sweep(findPinned(), SWEEP_ROWS)) > 0) await breathe()
    for (let isFirst = true; file.use((open) => open.compact(isFirst)); isFirst = false) await breathe()
  }
  const evict = async (kept: string): Promise<boolean> => {
    // texts that an interrupted run left belong to no commit
    await sweep()
    while (usedBytes() > maxBytes * EVICT_TO && file.use((open) => open.dropOldestSnapshot(kept))) {
      onDropped()
      await sweep()
    }
    return usedBytes() <= maxBytes
  }
  let running: Promise<boolean> | undefined
  return async (kept) => {
    if (usedBytes() <= maxBytes) return true
    running ??= evict(kept).finally(() => {
      running = undefined
    })
    return running
  }
}
