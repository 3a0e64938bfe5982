import { z } from 'zod'
import { CommitTurn } from '../audit/commit-turn.js'
import { createDurableCommits } from '../db/durable-commit.js'
import type { Store } from '../db/open.js'
import type { webhookDelivery } from '../db/schema/automation.js'
import type { JobQueue, NewJob } from '../jobs/queue.js'
import type { Clock } from '../lib/clock.js'
import { NotFound } from '../lib/errors.js'
import { MINUTE } from '../lib/units.js'
import type { Delivery } from './delivery.js'

export type DeliveryRow = typeof webhookDelivery.$inferSelect
type DeliveryOutcome = DeliveryRow['outcome']

/** What came of a delivery. */
export interface Receipt {
  readonly outcome: DeliveryOutcome
  /** The jobs it set off, those among them that waited already. */
  readonly jobs: readonly string[]
}

type PlannedJob = Pick<NewJob, 'kind' | 'repository' | 'facts' | 'dedupeKey'>
type Plan = (delivery: Delivery) => readonly PlannedJob[]

export interface DeliveryLedger {
  /**
   * Keeps a delivery with its jobs, in one transaction; resolves when that is on disk.
   *
   * @throws when nothing of it could be kept
   */
  receive(delivery: Delivery, plan: Plan): Promise<Receipt>
  find(id: string): DeliveryRow | undefined
  /** Newest first. */
  list(filter: DeliveryFilter): readonly DeliveryRow[]
  /**
   * Sets off again what a kept delivery sets off now. What its jobs have done already is not done twice.
   *
   * @throws NotFound
   */
  replay(id: string, plan: Plan): Receipt
  /** Deletes what is older; returns how many. */
  sweep(receivedBefore: number): number
  close(): void
}

interface DeliveryFilter {
  /** `owner/name` in any case. */
  readonly repository?: string | undefined
  readonly eventType?: string | undefined
  readonly limit: number
}

interface LedgerDeps {
  readonly store: Store
  readonly clock: Clock
  readonly queue: Pick<JobQueue, 'enqueue'>
  /** Several hooks that match one event deliver it each, under ids of their own; so long they count as one. */
  readonly duplicateWindowMs?: number
  /** Who may see what in this repository (`owner/name`) may have changed. Called in the transaction. */
  onAccessChange?(repository: string): void
}

interface Waiting {
  readonly delivery: Delivery
  readonly plan: Plan
  resolve(receipt: Receipt): void
  reject(error: unknown): void
}

type Kept = { readonly receipt: Receipt } | { readonly error: unknown }

const COLUMNS = `id, event_type AS eventType, action, repository, repository_id AS repositoryId, sender, digest, facts,
  outcome, received_at AS receivedAt`

/** @param deps.store the server's store, or for commands one opened beside it */
export function createDeliveryLedger(deps: LedgerDeps): DeliveryLedger {
  const { store, clock, queue, duplicateWindowMs = 10 * MINUTE } = deps
  const { sqlite } = store
  const insert = sqlite.prepare(
    `INSERT INTO webhook_delivery (id, event_type, action, repository, repository_id, sender, digest, facts, outcome, received_at)
     VALUES (@id, @eventType, @action, @repository, @repositoryId, @sender, @digest, @facts, @outcome, @now)`,
  )
  const selectOne = sqlite.prepare<[string], DeliveryRow>(`SELECT ${COLUMNS} FROM webhook_delivery WHERE id = ?`)
  const selectSame = sqlite.prepare(
    `SELECT 1 FROM webhook_delivery WHERE digest = @digest AND received_at > @since AND received_at <= @now
        AND event_type = @eventType AND repository IS @repository AND outcome <> 'duplicate' LIMIT 1`,
  )
  const selectLast = sqlite.prepare<[string], { repositoryId: number | null; isPrivate: number | null }>(
    `SELECT repository_id AS repositoryId, json_extract(facts, '$.private') AS isPrivate FROM webhook_delivery
      WHERE repository = ? ORDER BY received_at DESC LIMIT 1`,
  )
  const selectMany = sqlite.prepare<unknown[], DeliveryRow>(
    `SELECT ${COLUMNS} FROM webhook_delivery
      WHERE (@repository IS NULL OR repository = lower(@repository)) AND (@eventType IS NULL OR event_type = @eventType)
      ORDER BY received_at DESC, id LIMIT @limit`,
  )
  const deleteOld = sqlite.prepare('DELETE FROM webhook_delivery WHERE received_at < ?')

  const tellAccessChange = ({ eventType, repository }: Delivery, place: string | null) => {
    if (repository === undefined || place === null) {
      return
    }
    const last = selectLast.get(place)
    const hasChanged =
      last !== undefined &&
      (last.repositoryId !== repository.id ||
        (last.isPrivate !== null && (last.isPrivate === 1) !== repository.isPrivate))
    if (eventType === 'repository' || hasChanged) {
      deps.onAccessChange?.(place)
    }
  }

  const enqueue = (planned: readonly PlannedJob[], trigger: NewJob['trigger'], triggeredBy: string) =>
    planned.map((wanted) => queue.enqueue({ ...wanted, trigger, triggeredBy }).id)

  const keep = ({ delivery, plan }: Waiting): Receipt => {
    const { id, eventType, repository, digest } = delivery
    const now = clock.now()
    if (selectOne.get(id) !== undefined) {
      return { outcome: 'duplicate', jobs: [] }
    }
    const place = repository === undefined ? null : `${repository.owner}/${repository.name}`.toLowerCase()
    const isSame = selectSame.get({ digest, since: now - duplicateWindowMs, now, eventType, repository: place })
    const planned = isSame === undefined ? plan(delivery) : []
    const outcome =
      isSame === undefined
        ? (delivery.problem ?? (planned.length > 0 ? 'queued' : 'nothing_to_do'))
        : ('duplicate' as const)
    tellAccessChange(delivery, place)
    insert.run({
      id,
      eventType,
      action: delivery.action ?? null,
      repository: place,
      repositoryId: repository?.id ?? null,
      sender: delivery.sender ?? null,
      digest,
      facts: JSON.stringify(delivery.facts),
      outcome,
      now,
    })
    return { outcome, jobs: enqueue(planned, 'webhook', id) }
  }
  // nested in the transaction of the turn it is a savepoint: one delivery that cannot be kept takes no other with it
  const keepWhole = sqlite.transaction(keep)

  const tryKeep = (waiting: Waiting): Kept => {
    // whoever delivered it gets the error
    try {
      return { receipt: keepWhole(waiting) }
    } catch (error) {
      return { error }
    }
  }

  const commits = createDurableCommits(store)
  let waiting: Waiting[] = []
  const commit = () => {
    turn.cancel()
    const batch = waiting
    waiting = []
    commits
      .run(() => batch.map(tryKeep))
      .then(
        (kept) =>
          kept.forEach((one, at) => {
            if ('receipt' in one) {
              batch[at]?.resolve(one.receipt)
            } else {
              batch[at]?.reject(one.error)
            }
          }),
        // the deliveries of a commit that failed are told so, and Gitea with them
        (error: unknown) => {
          for (const { reject } of batch) reject(error)
        },
      )
  }
  // a commit costs milliseconds of disk, a row microseconds: deliveries that arrive together share one
  const turn = new CommitTurn(() => waiting.length, commit)

  return {
    receive: (delivery, plan) =>
      new Promise((resolve, reject) => {
        waiting.push({ delivery, plan, resolve, reject })
        turn.request()
      }),
    find: (id) => selectOne.get(id),
    list: ({ repository, eventType, limit }) =>
      selectMany.all({ repository: repository ?? null, eventType: eventType ?? null, limit }),
    replay: (id, plan) =>
      store.transaction(() => {
        const row = selectOne.get(id)
        if (row === undefined) {
          throw new NotFound(`There is no delivery ${id} in the ledger: aegis webhooks deliveries.`)
        }
        const jobs = enqueue(plan(toDelivery(row)), 'manual', `replay:${id}`)
        return { outcome: jobs.length > 0 ? 'queued' : 'nothing_to_do', jobs }
      }),
    sweep: (receivedBefore) => deleteOld.run(receivedBefore).changes,
    close: () => commits.close(),
  }
}

const Facts = z.looseObject({ repository: z.string().optional(), private: z.boolean().optional() })

/** A kept delivery as it came, as far as it was kept. */
function toDelivery({
  id,
  eventType,
  action,
  sender,
  digest,
  outcome,
  repositoryId,
  facts: text,
}: DeliveryRow): Delivery {
  const facts = Facts.parse(JSON.parse(text))
  const [owner, name] = facts.repository?.split('/') ?? []
  const isKnown = owner !== undefined && name !== undefined && repositoryId !== null
  return {
    id,
    eventType,
    digest,
    facts,
    action: action ?? undefined,
    sender: sender ?? undefined,
    // what is not known to be public is private
    repository: isKnown ? { id: repositoryId, owner, name, isPrivate: facts.private !== false } : undefined,
    ...(outcome === 'unknown_event' || outcome === 'not_understood' ? { problem: outcome } : {}),
  }
}
