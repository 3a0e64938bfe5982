import Database from 'better-sqlite3'
import type { Store } from '../../src/db/open.js'

interface Fault {
  readonly name: string
  /** Whether what was in the failed commit is on disk nevertheless. */
  readonly persists: boolean
  /** Makes commits fail until the returned function is called. */
  break(faulty: Faulty): () => void
}

/** The real store, with a commit that can be made to report failure before or after it reached the disk. */
export interface Faulty {
  readonly store: Store
  failBeforeCommit: boolean
  failAfterCommit: boolean
}

export function createFaulty(store: Store): Faulty {
  const faulty: Faulty = {
    failBeforeCommit: false,
    failAfterCommit: false,
    store: {
      ...store,
      transaction: (work) => {
        const result = store.transaction(() => {
          const inner = work()
          if (faulty.failBeforeCommit) {
            throw new Error('disk I/O error')
          }
          return inner
        })
        if (faulty.failAfterCommit) {
          throw new Error('disk I/O error')
        }
        return result
      },
    },
  }
  return faulty
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'the disk is full',
    persists: false,
    break: ({ store: { sqlite } }) => {
      sqlite.pragma(`max_page_count = ${sqlite.pragma('page_count', { simple: true })}`)
      return () => sqlite.pragma('max_page_count = 1073741823')
    },
  },
  {
    name: 'the file is read-only',
    persists: false,
    break: ({ store: { sqlite } }) => {
      sqlite.pragma('query_only = ON')
      return () => sqlite.pragma('query_only = OFF')
    },
  },
  {
    name: 'SQLite refuses the row',
    persists: false,
    break: ({ store: { sqlite } }) => {
      sqlite.exec("CREATE TRIGGER refuse BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'refused'); END")
      return () => sqlite.exec('DROP TRIGGER refuse')
    },
  },
  {
    name: 'another process holds the write lock',
    persists: false,
    break: ({ store: { sqlite } }) => {
      sqlite.pragma('busy_timeout = 20')
      const other = new Database(sqlite.name)
      other.exec('BEGIN IMMEDIATE')
      return () => other.close()
    },
  },
  {
    name: 'a transaction was left open on the connection',
    persists: false,
    break: ({ store: { sqlite } }) => {
      sqlite.exec('BEGIN')
      return () => sqlite.exec('ROLLBACK')
    },
  },
  {
    name: 'the commit fails and did not reach the disk',
    persists: false,
    break: (faulty) => {
      faulty.failBeforeCommit = true
      return () => {
        faulty.failBeforeCommit = false
      }
    },
  },
  {
    name: 'the commit fails although it reached the disk',
    persists: true,
    break: (faulty) => {
      faulty.failAfterCommit = true
      return () => {
        faulty.failAfterCommit = false
      }
    },
  },
]
