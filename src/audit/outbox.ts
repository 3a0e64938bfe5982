// Events of commands that run beside the server. Only the server writes into the chain, so a command leaves its event in
// the transaction of what it did, and the server takes it into the log a moment later, or at its next start.
import type { Store } from '../db/open.js'
import { toIsoTime } from '../lib/clock.js'
import type { AuditLog } from './log.js'
import type { SecurityEvent } from './record.js'

/** What an admin did with a command. */
export interface AdminAct {
  /** What happened, one word. */
  readonly reason: string
  /** Who did it, in their own words. */
  readonly by: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Whom it is about. */
  readonly actor?: SecurityEvent['actor']
  readonly details?: Readonly<Record<string, unknown>>
}

/** To be called in the transaction that does what the event says. */
export function leaveEvent(store: Store, { reason, by, at, actor, details }: AdminAct): void {
  const event: SecurityEvent = {
    type: 'security_event',
    reason,
    via: 'command',
    ...(actor === undefined ? {} : { actor }),
    details: { ...details, by, at: toIsoTime(at) },
  }
  store.sqlite.prepare('INSERT INTO audit_outbox (at, event) VALUES (?, ?)').run(at, JSON.stringify(event))
}

/**
 * Takes what commands left into the log, oldest first. An event leaves the outbox only after its entry is durable, so a
 * crash in between writes it twice rather than never.
 *
 * @returns collects once; resolves to the events that were taken, throws Unavailable while the log cannot be written
 */
export function createOutboxCollector(store: Store, audit: AuditLog): () => Promise<readonly SecurityEvent[]> {
  const select = store.sqlite.prepare<[], { id: number; event: string }>(
    'SELECT id, event FROM audit_outbox ORDER BY id',
  )
  const remove = store.sqlite.prepare('DELETE FROM audit_outbox WHERE id = ?')
  return async () => {
    const taken: SecurityEvent[] = []
    for (const { id, event: text } of select.all()) {
      // written by `leaveEvent`
      const event = JSON.parse(text) as SecurityEvent
      await audit.record(event)
      remove.run(id)
      taken.push(event)
    }
    return taken
  }
}
