import type { Store } from '../db/open.js'

/** What the ledger says was delivered of one repository since a moment. */
export interface KnownEvents {
  /** By number: when an issue or pull request last changed as far as a delivery told, epoch milliseconds. */
  readonly issues: ReadonlyMap<number, number>
  /** By number and action (`12 opened`): when that was, as the last delivery of it told. */
  readonly turns: ReadonlyMap<string, number>
  readonly pushes: readonly KnownPush[]
  /** Branches that were told to be deleted. */
  readonly deleted: ReadonlySet<string>
  /** Ids of releases that were told to be published. */
  readonly releases: ReadonlySet<number>
}

export interface KnownPush {
  readonly branch: string
  readonly before: string
  readonly after: string
}

/** Repositories are `owner/name` in any case; times are our clock's, at which deliveries were received. */
export interface LedgerLook {
  findKnown(repository: string, since: number): KnownEvents
  hasDeliveries(repository: string, since: number): boolean
}

export function createKnownEvents({ sqlite }: Pick<Store, 'sqlite'>): LedgerLook {
  const any = sqlite.prepare('SELECT 1 FROM webhook_delivery WHERE repository = ? AND received_at >= ? LIMIT 1')
  const issues = sqlite.prepare<[string, number], { number: number; updatedAt: string | null }>(
    `SELECT json_extract(facts, '$.number') AS number, max(json_extract(facts, '$.updated_at')) AS updatedAt
       FROM webhook_delivery
      WHERE repository = ? AND received_at >= ? AND json_extract(facts, '$.number') IS NOT NULL GROUP BY 1`,
  )
  const turns = sqlite.prepare<[string, number], { turn: string; updatedAt: string | null }>(
    `SELECT json_extract(facts, '$.number') || ' ' || action AS turn,
            max(coalesce(json_extract(facts, '$.updated_at'), '')) AS updatedAt
       FROM webhook_delivery
      WHERE repository = ? AND received_at >= ? AND event_type IN ('issues', 'pull_request')
        AND action IN ('opened', 'closed') AND json_extract(facts, '$.number') IS NOT NULL GROUP BY 1`,
  )
  const pushes = sqlite.prepare<[string, number], KnownPush>(
    `SELECT json_extract(facts, '$.branch') AS branch, json_extract(facts, '$.before') AS "before",
            json_extract(facts, '$.after') AS "after"
       FROM webhook_delivery
      WHERE repository = ? AND received_at >= ? AND event_type = 'push' AND json_extract(facts, '$.branch') IS NOT NULL
      ORDER BY received_at`,
  )
  const deleted = sqlite
    .prepare<[string, number], string>(
      `SELECT json_extract(facts, '$.branch') FROM webhook_delivery
        WHERE repository = ? AND received_at >= ? AND event_type = 'delete' AND json_extract(facts, '$.branch') IS NOT NULL`,
    )
    .pluck()
  const releases = sqlite
    .prepare<[string, number], number>(
      `SELECT json_extract(facts, '$.release_id') FROM webhook_delivery
        WHERE repository = ? AND received_at >= ? AND event_type = 'release' AND action = 'published'
          AND json_extract(facts, '$.release_id') IS NOT NULL`,
    )
    .pluck()
  return {
    hasDeliveries: (repository, since) => any.get(repository.toLowerCase(), since) !== undefined,
    findKnown: (repository, since) => {
      const place = repository.toLowerCase()
      const told = issues.all(place, since)
      return {
        // written by ourselves in one form, so the greatest text is the latest moment
        issues: new Map(told.map(({ number, updatedAt }) => [number, Date.parse(updatedAt ?? '') || 0])),
        turns: new Map(turns.all(place, since).map(({ turn, updatedAt }) => [turn, Date.parse(updatedAt ?? '') || 0])),
        pushes: pushes.all(place, since),
        deleted: new Set(deleted.all(place, since)),
        releases: new Set(releases.all(place, since)),
      }
    },
  }
}

/**
 * What of a branch nobody told: from where it stood when it was last looked at to the commit from which every push up to
 * its head was delivered. Undefined when there is nothing in between.
 *
 * @param seen the head when last looked at; undefined for a branch that was not there
 */
export function findMissedPush(
  { branch, sha }: { readonly branch: string; readonly sha: string },
  seen: string | undefined,
  pushes: readonly KnownPush[],
): { readonly before: string; readonly after: string } | undefined {
  const start = seen ?? NO_COMMIT
  const rest = pushes.filter((push) => push.branch === branch)
  let reached = sha
  while (reached !== start) {
    const at = rest.findLastIndex(({ before, after }) => after === reached && before !== after)
    if (at < 0) {
      return { before: start, after: reached }
    }
    reached = rest[at]?.before ?? start
    // each push is walked once, or a branch that was set back and forth would never end
    rest.splice(at, 1)
  }
  return undefined
}

export const NO_COMMIT = '0'.repeat(40)
