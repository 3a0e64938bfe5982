import { readRecentCalls } from '../audit/recent-calls.js'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { DAY } from '../lib/units.js'

/*
 * Which repositories a client read for a person, and when: what the private-to-public guard goes by. Kept in memory and
 * read back from the audit log at start, so that a restart forgets nothing.
 */

/** Stands for repositories that are not known by name any more. */
export const UNNAMED = '*'

const MOST_CLIENTS = 2000
const MOST_REPOSITORIES = 100
const KEPT_MS = DAY

export interface RecentRead {
  /** `owner/name` as it was written, or `UNNAMED`. */
  readonly repository: string
  readonly at: number
}

/** A person's use of one client. */
export interface Reader {
  readonly accountId: string
  readonly clientId: string
}

export interface RecentReads {
  note(reader: Reader, repositories: Iterable<string>): void
  /** What was read since `since` (epoch milliseconds), latest first. */
  list(reader: Reader, since: number): readonly RecentRead[]
}

/** Reads back what the log says of the last day. */
export function createRecentReads({ sqlite }: Store, clock: Clock): RecentReads {
  const clients = new Map<string, Map<string, RecentRead>>()

  const note = (reader: Reader, repositories: Iterable<string>, at: number) => {
    const key = toKey(reader)
    const reads = clients.get(key) ?? new Map<string, RecentRead>()
    for (const repository of repositories) {
      const name = repository.toLowerCase()
      // the order of the map is the order of reading
      reads.delete(name)
      reads.set(name, { repository, at })
    }
    dropOldest(reads)
    clients.delete(key)
    clients.set(key, reads)
    const [longestUnused] = clients.keys()
    if (clients.size > MOST_CLIENTS && longestUnused !== undefined) {
      clients.delete(longestUnused)
    }
  }

  for (const { accountId, clientId, repositories, at } of readRecentCalls(sqlite, clock.now() - KEPT_MS)) {
    note({ accountId, clientId }, repositories, at)
  }
  return {
    note: (reader, repositories) => note(reader, repositories, clock.now()),
    list: (reader, since) =>
      [...(clients.get(toKey(reader))?.values() ?? [])].filter(({ at }) => at >= since).reverse(),
  }
}

/** Too many names become one that stands for them all. */
function dropOldest(reads: Map<string, RecentRead>): void {
  for (const [name, { at }] of reads) {
    if (reads.size <= MOST_REPOSITORIES) {
      return
    }
    reads.delete(name)
    reads.delete(UNNAMED)
    reads.set(UNNAMED, { repository: UNNAMED, at })
  }
}

function toKey({ accountId, clientId }: Reader): string {
  return `${accountId} ${clientId}`
}
