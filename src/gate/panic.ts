/**
 * The switch for the worst hour: an admin makes the running server read-only, or stops it, and the next request counts.
 * It is in the database and nowhere else, so a restart changes nothing about it.
 */
import { z } from 'zod'
import { leaveEvent } from '../audit/outbox.js'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import type { Tool } from '../tools/define-tool.js'
import type { Refusal } from './refusal.js'

export const PANIC_LEVELS = ['read_only', 'stop'] as const
export type PanicLevel = (typeof PANIC_LEVELS)[number]

/** What an admin has switched. */
export interface Panic {
  /** `read_only`: nothing is changed any more. `stop`: no tool runs, and nobody signs in. */
  readonly level: PanicLevel
  /** The admin's words, for everybody who is refused. */
  readonly reason?: string
  /** Who did it, in their own words. */
  readonly by: string
  /** Epoch milliseconds. */
  readonly since: number
}

export interface PanicSwitch {
  /** Undefined while everything runs. Read from the database, which takes 2 to 4 µs, and kept for no longer than one synchronous run. */
  current(): Panic | undefined
  turnOn(panic: Pick<Panic, 'level' | 'reason' | 'by'>): void
  /** @returns what was in force */
  turnOff(by: string): Panic | undefined
}

const NAME = 'panic'
const Value = z.object({ level: z.enum(PANIC_LEVELS), reason: z.string().optional() })

interface Row {
  readonly value: string
  readonly since: number
  readonly by: string
}

export function createPanicSwitch(store: Store, clock: Clock): PanicSwitch {
  const select = store.sqlite.prepare<[], Row>(
    `SELECT value, changed_at AS since, changed_by AS by FROM server_switch WHERE name = '${NAME}'`,
  )
  const write = store.sqlite.prepare(
    `INSERT INTO server_switch (name, value, changed_at, changed_by) VALUES ('${NAME}', ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET
       value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
  )
  const remove = store.sqlite.prepare(`DELETE FROM server_switch WHERE name = '${NAME}'`)
  const read = () => {
    const row = select.get()
    return row === undefined ? undefined : toPanic(row)
  }
  let known: { readonly panic: Panic | undefined } | undefined
  const forget = () => {
    known = undefined
  }

  return {
    current: () => {
      if (known === undefined) {
        known = { panic: read() }
        // a list asks for each of its tools in one go; whoever has waited for anything reads again
        queueMicrotask(forget)
      }
      return known.panic
    },
    turnOn: ({ level, reason, by }) =>
      store.transaction(() => {
        const at = clock.now()
        const value = { level, ...(reason === undefined ? {} : { reason }) }
        write.run(JSON.stringify(value), at, by)
        leaveEvent(store, { reason: 'panic_on', by, at, details: value })
        forget()
      }),
    turnOff: (by) =>
      store.transaction(() => {
        const before = read()
        if (before !== undefined) {
          remove.run()
          leaveEvent(store, { reason: 'panic_off', by, at: clock.now(), details: { level: before.level } })
          forget()
        }
        return before
      }),
  }
}

/** What nobody here wrote stops everything: an order that cannot be read was still an order. */
function toPanic({ value, since, by }: Row): Panic {
  const parsed = Value.safeParse(parseJson(value))
  if (!parsed.success) {
    return { level: 'stop', reason: 'the switch in the database cannot be read', since, by }
  }
  const { level, reason } = parsed.data
  return { level, since, by, ...(reason === undefined ? {} : { reason }) }
}

function parseJson(text: string): unknown {
  // anything at all may stand in a column that a person edited
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The gate's step: undefined lets the call pass. */
export function checkPanic(panic: Panic | undefined, tool: Pick<Tool, 'name' | 'effect'>): Refusal | undefined {
  if (panic === undefined || (panic.level === 'read_only' && tool.effect === 'read')) {
    return undefined
  }
  return {
    code: 'panic',
    status: panic.level === 'stop' ? 503 : 403,
    message: panic.level === 'stop' ? describePanic(panic) : `${tool.name} changes things. ${describePanic(panic)}`,
    rule: `panic.${panic.level}`,
  }
}

/** What is in force, why, and whom to ask: for people who have signed in. */
export function describePanic({ level, reason, by }: Panic): string {
  const what =
    level === 'stop'
      ? 'An admin has stopped this server: no tool runs now, and nobody can sign in.'
      : 'An admin has made this server read-only for now: nothing can be changed, reading goes on.'
  const why = reason === undefined ? '' : ` Reason: ${/[.!?]$/.test(reason) ? reason : `${reason}.`}`
  return `${what}${why} Do not try again before ${by}, or whoever runs this server, says that it is over.`
}
