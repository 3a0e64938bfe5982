import { setTimeout as delay } from 'node:timers/promises'
import type { HookPlace } from '../../gitea/hook-place.js'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import { SECOND } from '../../lib/units.js'
import { createDeliveryLedger, type DeliveryRow } from '../../webhooks/ledger.js'
import type { CommandIo } from '../command.js'
import { withStore } from '../state-file.js'

const LOOK_EVERY_MS = 250
const NEWEST = 200

/** What the running server keeps of deliveries, read beside it. */
export interface LedgerView {
  /** Newest first, of the place. */
  list(): Promise<readonly DeliveryRow[]>
}

/** @throws AppError from `list` where the database is not on this computer */
export function viewLedger(io: CommandIo, place: HookPlace): LedgerView {
  return {
    list: () =>
      withStore(io, { readonly: true }, (store) => {
        const queue = createJobQueue(store, systemClock)
        const ledger = createDeliveryLedger({ store, clock: systemClock, queue })
        const repository = place.kind === 'repository' ? `${place.owner}/${place.repo}` : undefined
        const rows = ledger.list({ repository, limit: NEWEST })
        const prefix = place.kind === 'organization' ? `${place.org}/`.toLowerCase() : ''
        return rows.filter((row) => prefix === '' || row.repository?.startsWith(prefix) === true)
      }),
  }
}

/**
 * Waits for a delivery that was not there before.
 *
 * @param begin is done after what is there already was noted, and may be what sets the delivery off
 * @param find picks it from all new ones, newest first
 */
export async function awaitDelivery<Found>(
  view: LedgerView,
  options: {
    readonly seconds: number
    begin(): Promise<void>
    find(rows: readonly DeliveryRow[]): Found | undefined
  },
): Promise<Found | undefined> {
  const known = new Set((await view.list()).map(({ id }) => id))
  await options.begin()
  const until = systemClock.now() + options.seconds * SECOND
  for (;;) {
    const found = options.find((await view.list()).filter(({ id }) => !known.has(id)))
    if (found !== undefined || systemClock.now() >= until) {
      return found
    }
    await delay(LOOK_EVERY_MS)
  }
}

/** Gitea’s test is a push in which nothing changed. */
export function isTestPush({ eventType, facts: text }: DeliveryRow): boolean {
  const facts: unknown = JSON.parse(text)
  const { before, after } = { before: undefined, after: undefined, ...Object(facts) }
  return eventType === 'push' && before !== undefined && before === after
}

/** The same event under two ids: both webhooks of the place delivered it, and both signatures held. */
export function findTwins(rows: readonly DeliveryRow[]): DeliveryRow | undefined {
  return rows.find((row) => rows.some(({ id, digest }) => id !== row.id && digest === row.digest))
}
