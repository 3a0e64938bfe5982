import { closeSync, fdatasync, openSync } from 'node:fs'
import type { Store } from './open.js'

/** Commits that are on disk when they resolve, and that do not hold up the process while the disk writes. */
export interface DurableCommits {
  /**
   * Runs `work` in one transaction; all of it or none. Resolves when that is durable.
   *
   * @throws what `work` throws, and then nothing is kept; or the disk's error, and then what is kept is not certain
   */
  run<Result>(work: () => Result): Promise<Result>
  close(): void
}

/** Resolves when what was written to the file before is on disk. */
type Sync = (file: number) => Promise<void>

const syncFile: Sync = (file) =>
  new Promise((resolve, reject) => {
    fdatasync(file, (error) => (error === null ? resolve() : reject(error)))
  })

/**
 * SQLite waits for the disk inside the commit, and everybody with it. Here the commit writes its frames to the log
 * without waiting (`synchronous = NORMAL`), and the log is synced by another thread; one sync serves all commits before
 * it. A checkpoint in between syncs the log first by itself. Every other commit of the connection waits as before.
 *
 * @param store the server's own, never one opened beside it: the log must stay the same file
 */
export function createDurableCommits(
  { sqlite, transaction }: Pick<Store, 'sqlite' | 'transaction'>,
  sync: Sync = syncFile,
): DurableCommits {
  let log: number | undefined
  let underWay: Promise<void> | undefined
  let next: Promise<void> | undefined

  const begin = (): Promise<void> => {
    // SQLite holds no lock on this file that closing a second handle would drop, and keeps it while it is open
    log ??= openSync(`${sqlite.name}-wal`, 'r')
    underWay = sync(log).finally(() => {
      underWay = undefined
    })
    return underWay
  }
  // a sync that began before the commit says nothing about it
  const syncFromNow = (): Promise<void> => {
    if (underWay === undefined) {
      return begin()
    }
    next ??= underWay
      .catch(() => {})
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }

  return {
    run: async (work) => {
      sqlite.pragma('synchronous = NORMAL')
      let result: ReturnType<typeof work>
      try {
        result = transaction(work)
      } finally {
        sqlite.pragma('synchronous = FULL')
      }
      await syncFromNow()
      return result
    },
    close: () => {
      if (log !== undefined) {
        closeSync(log)
        log = undefined
      }
    },
  }
}
