import type { AuditLog } from '../audit/log.js'
import { createOutboxCollector } from '../audit/outbox.js'
import type { Store } from '../db/open.js'
import type { Logger } from '../lib/logger.js'
import { SECOND } from '../lib/units.js'
import type { Panic, PanicLevel, PanicSwitch } from './panic.js'

interface SwitchWatchDeps {
  readonly store: Store
  readonly audit: AuditLog
  readonly panic: PanicSwitch
  readonly log: Logger
  /** Clients that listen want to hear of it; the gate itself asks the switch with every call. */
  onPanicChange(): void
}

export interface SwitchWatch {
  /** What was in force at the last look. */
  panicLevel(): PanicLevel | undefined
  /** Looks now; never rejects. */
  look(): Promise<void>
  /** Looks a last time. */
  close(): Promise<void>
}

/** Owns a timer that takes notice of what commands beside this server did: tells clients, the log and the audit log. */
export function createSwitchWatch({ store, audit, panic, log, onPanicChange }: SwitchWatchDeps): SwitchWatch {
  const collect = createOutboxCollector(store, audit)
  let seen: Panic | undefined
  let running: Promise<void> | undefined

  /** Whether it is another than at the last look. */
  const noticePanic = (): boolean => {
    const now = panic.current()
    if (now?.level === seen?.level && now?.since === seen?.since) {
      return false
    }
    seen = now
    log.warn(now === undefined ? {} : { ...now }, now === undefined ? 'panic_off' : 'panic_on')
    onPanicChange()
    return true
  }

  const lookOnce = async () => {
    // an edge: nobody waits for this timer, what it did not manage is there a second later, and why is told elsewhere
    try {
      const isNoticed = noticePanic()
      const events = await collect()
      for (const event of events) {
        log.info({ reason: event.reason, details: event.details }, 'admin_command')
      }
      // on and off again between two looks; a client may have asked meanwhile
      if (!isNoticed && events.some(({ reason }) => reason === 'panic_off')) {
        onPanicChange()
      }
    } catch (error) {
      log.debug({ err: error }, 'switches_not_read')
    }
  }

  const look = () => {
    running ??= lookOnce().finally(() => {
      running = undefined
    })
    return running
  }

  const timer = setInterval(() => void look(), SECOND)
  timer.unref()
  return {
    panicLevel: () => seen?.level,
    look,
    close: async () => {
      clearInterval(timer)
      await running
      await look()
    },
  }
}
