import type { Clock } from '../lib/clock.js'
import { MINUTE } from '../lib/units.js'
import { createEviction } from './eviction.js'
import { createFillRun, type FillRun, type FillSource } from './fill.js'
import { createGuardedFile } from './guarded-file.js'
import type { IndexFile } from './index-file.js'
import type { Snapshot } from './snapshot.js'

/*
 * Which commits are searchable, in one file for all callers. The way in takes a ResolvedCommit, so nothing of a commit
 * is shown that Gitea did not name for this caller in this call; what is in the file proves nothing.
 */

export interface CodeIndex {
  /**
   * Makes a commit searchable, or as much of it as `budgetMs` allows. Callers who ask for the same commit wait for one
   * run; it ends with the caller who began it, and the others go on by themselves.
   *
   * @throws AppError for what Gitea says, or when the caller leaves; IndexLost when the file is damaged
   */
  open(request: OpenRequest): Promise<OpenedCommit>
  /** @throws IndexLost when the file is damaged */
  use<Result>(work: (file: IndexFile) => Result): Result
  close(): void
}

export interface OpenRequest extends FillSource {
  readonly signal: AbortSignal
  readonly budgetMs: number
  readonly onProgress: (done: number, total: number) => void
}

export interface OpenedCommit {
  readonly snapshot: Snapshot
  /** Files that are not in the index yet. */
  readonly missing: number
  /** The commit has more files than are listed at once. */
  readonly isListingCut: boolean
  /** There is no more room for the missing ones. */
  readonly isFull: boolean
}

export interface CodeIndexOptions {
  readonly path: string
  /** Largest size of the file. */
  readonly maxBytes: number
  readonly clock: Clock
  /** Told why a damaged file was thrown away. */
  readonly onFault?: (error: unknown) => void
}

/** Paths of all commits that are held in memory. */
const MOST_HELD_PATHS = 300_000
/** A use is written down this often at most. */
const TOUCH_MS = MINUTE

interface Running {
  readonly fill: FillRun
  readonly owner: OpenRequest
  /** Fulfilled when it ended, however it ended. */
  readonly ended: Promise<void>
  readonly watchers: Set<() => void>
  /** What it ended with, for its owner. */
  readonly outcome: Promise<OpenedCommit>
}

/** Owns the file until `close()`. */
export function createCodeIndex({ path, maxBytes, clock, onFault = () => {} }: CodeIndexOptions): CodeIndex {
  const runs = new Map<string, Running>()
  const held = new Map<string, { readonly opened: OpenedCommit; touchedAt: number }>()
  const guarded = createGuardedFile({
    path,
    onLost: (error) => {
      held.clear()
      if (error !== undefined) onFault(error)
    },
  })
  const makeRoom = createEviction(guarded, {
    maxBytes,
    findPinned: () => new Set([...runs.values()].flatMap(({ fill }) => [...fill.pinned])),
    onDropped: () => held.clear(),
  })

  const hold = (commit: string, opened: OpenedCommit): OpenedCommit => {
    held.delete(commit)
    held.set(commit, { opened, touchedAt: clock.now() })
    let paths = 0
    for (const [key, { opened: other }] of [...held].reverse()) {
      paths += other.snapshot.paths.length
      if (paths > MOST_HELD_PATHS && key !== commit) held.delete(key)
    }
    return opened
  }
  /** A commit that was wholly filled before. */
  const findFilled = (commit: string): OpenedCommit | undefined => {
    const known = held.get(commit)
    if (known !== undefined && clock.now() - known.touchedAt < TOUCH_MS) return known.opened
    guarded.use((file) => file.touchSnapshot(commit, clock.now()))
    const snapshot = known?.opened.snapshot ?? guarded.use((file) => file.findSnapshot(commit))
    return snapshot && hold(commit, known?.opened ?? { snapshot, missing: 0, isListingCut: false, isFull: false })
  }
  const start = (owner: OpenRequest): Running => {
    const { sha } = owner.commit
    const watchers = new Set<() => void>()
    let isFull = false
    const fill = createFillRun(owner, {
      use: guarded.use,
      onProgress: () => {
        for (const watch of watchers) watch()
      },
      makeRoom: async () => {
        isFull = !(await makeRoom(sha))
        return !isFull
      },
    })
    const finish = async (): Promise<OpenedCommit> => {
      const isComplete = await fill.run()
      const { snapshot, isListingCut } = await fill.build()
      const opened = { snapshot, missing: fill.total - snapshot.paths.length, isListingCut, isFull }
      if (!isComplete || opened.missing > 0) return opened
      // a listing that was cut may be longer another time
      if (!isListingCut) guarded.use((file) => file.addSnapshot(sha, snapshot, clock.now()))
      return hold(sha, opened)
    }
    const outcome = finish().finally(() => runs.delete(sha))
    const ended = outcome.then(
      () => undefined,
      () => undefined,
    )
    const running = { fill, owner, ended, watchers, outcome }
    runs.set(sha, running)
    return running
  }

  return {
    async open(request) {
      guarded.check()
      const { sha } = request.commit
      const deadline = performance.now() + request.budgetMs
      while (true) {
        const filled = findFilled(sha)
        if (filled !== undefined) return filled
        const running = runs.get(sha) ?? start(request)
        const isOwner = running.owner === request
        try {
          const isLate = await waitFor(running, request, deadline)
          if (isLate) return await buildPart(running)
          if (isOwner) return await running.outcome
        } finally {
          // nothing is asked of Gitea for someone who has the answer, or has left
          if (isOwner) running.fill.stop()
        }
      }
    },
    use: guarded.use,
    close: guarded.close,
  }
}

/** What is in the index by now, while a run goes on. */
async function buildPart({ fill }: Running): Promise<OpenedCommit> {
  const { snapshot, isListingCut } = await fill.build()
  return { snapshot, missing: fill.total - snapshot.paths.length, isListingCut, isFull: false }
}

/**
 * Waits until a run ended, the time is up or the caller leaves.
 *
 * @returns whether there is no more time
 * @throws the caller's own reason for leaving
 */
async function waitFor(running: Running, { signal, onProgress }: OpenRequest, deadline: number): Promise<boolean> {
  const { promise: leaving, reject: leave } = Promise.withResolvers<never>()
  const onLeave = () => leave(signal.reason)
  const watch = () => onProgress(running.fill.done, running.fill.total)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - performance.now()), true)
  })
  signal.addEventListener('abort', onLeave, { once: true })
  running.watchers.add(watch)
  try {
    signal.throwIfAborted()
    return await Promise.race([running.ended.then(() => false), late, leaving])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onLeave)
    running.watchers.delete(watch)
  }
}
