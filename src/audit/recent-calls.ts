// What the end of the log says about calls that ended well, for what has to be known again after a restart.
import type { Database } from 'better-sqlite3'
import type { InvocationOutcome } from './record.js'

/** A start must not wait for a log of millions: beyond so many entries it is not looked further back. */
const MOST_ENTRIES = 50_000

interface RecentCall {
  readonly accountId: string
  readonly clientId: string
  /** `owner/name`. */
  readonly repositories: readonly string[]
  /** Epoch milliseconds. */
  readonly at: number
}

/** Calls of people’s clients about repositories that ended well, or whose end nobody knows, since `since`; oldest first. */
export function readRecentCalls(sqlite: Database, since: number): readonly RecentCall[] {
  const found: RecentCall[] = []
  let left = MOST_ENTRIES
  // one statement that is left early; nothing else uses the connection meanwhile
  const bodies = sqlite.prepare('SELECT body FROM audit_entry ORDER BY seq DESC').pluck().iterate()
  for (const body of bodies as IterableIterator<string>) {
    // written by this product
    const entry = JSON.parse(body) as InvocationOutcome & { readonly timestamp: string }
    const at = Date.parse(entry.timestamp)
    left -= 1
    if (at < since || left < 0) {
      break
    }
    // a job stays in its repository
    const isOfClient = entry.type === 'tool_invocation' && entry.via !== 'job'
    if (isOfClient && (entry.status === 'success' || entry.status === 'interrupted')) {
      const { account, client } = entry.actor ?? {}
      const repositories = toRepositories(entry)
      if (account !== undefined && client !== undefined && repositories.length > 0) {
        found.push({ accountId: account, clientId: client, repositories, at })
      }
    }
  }
  return found.reverse()
}

function toRepositories({ target, outcome }: InvocationOutcome): readonly string[] {
  return [...(target?.repository === undefined ? [] : [target.repository]), ...(outcome?.repositories ?? [])]
}
