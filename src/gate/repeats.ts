import { canonicalJson } from '../audit/canonical-json.js'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { MINUTE } from '../lib/units.js'
import type { ToolAnswer } from '../tools/define-tool.js'
import type { ToolCall } from './call.js'

/*
 * A client that lost an answer sends its call again, and a write would be done twice. For a minute the result of a
 * write is kept, and an identical call gets it instead. Kept in memory: after a restart a repeated call runs.
 */

const KEPT_MS = MINUTE
const MOST_KEPT = 500

/** What is remembered of a write. One that surely changed nothing is not. */
export type Kept =
  | { readonly kind: 'done'; readonly answer: ToolAnswer }
  /** It may have been carried out, wholly or in part, and its result is not known. */
  | { readonly kind: 'unclear' }

/** `first`: this call runs, and must be settled. Otherwise what became of the identical call before it. */
export type Entrance =
  | { readonly kind: 'first'; settle(kept: Kept | undefined): void }
  | (Kept & { readonly call: string; readonly at: number })
  /** The caller left while waiting. */
  | { readonly kind: 'left'; readonly message: string }

export interface Repeats {
  /** Lets the first of identical calls run; the others wait until it is settled. */
  enter(call: ToolCall, args: Record<string, unknown>): Promise<Entrance>
}

interface Remembered {
  readonly call: string
  readonly settled: Promise<void>
  at: number
  /** Undefined while it runs. */
  kept: Kept | undefined
}

export function createRepeats(clock: Clock): Repeats {
  const remembered = new Map<string, Remembered>()

  const forgetOld = () => {
    const before = clock.now() - KEPT_MS
    for (const [key, { kept, at }] of remembered) {
      if (kept !== undefined && (at <= before || remembered.size > MOST_KEPT)) {
        remembered.delete(key)
      }
    }
  }

  const begin = (key: string, call: string): Entrance => {
    let release = () => {}
    const settled = new Promise<void>((resolve) => {
      release = resolve
    })
    const entry: Remembered = { call, settled, at: clock.now(), kept: undefined }
    remembered.set(key, entry)
    return {
      kind: 'first',
      settle: (kept) => {
        remembered.delete(key)
        if (kept !== undefined) {
          // behind the others: the oldest results are the first to go
          remembered.set(key, { ...entry, at: clock.now(), kept })
          forgetOld()
        }
        release()
      },
    }
  }

  return {
    enter: async (call, args) => {
      const key = toKey(call, args)
      while (true) {
        forgetOld()
        const before = remembered.get(key)
        if (before === undefined) {
          return begin(key, call.id)
        }
        if (before.kept !== undefined) {
          return { ...before.kept, call: before.call, at: before.at }
        }
        if (!(await waitFor(before.settled, call.signal))) {
          return { kind: 'left', message: 'The caller left before an identical call was finished.' }
        }
      }
    },
  }
}

/**
 * Who and through which client, what and with which arguments, however they were written down. A job means each of its
 * runs: what the one wrote, another may have written over, and the next writes it again. The attempts of one run share
 * their request.
 */
function toKey({ caller, tool, via, requestId }: ToolCall, args: Record<string, unknown>): string {
  const run = via === 'job' ? requestId : ''
  const said = canonicalJson(
    [caller.accountId, caller.clientId, run, tool, args],
    (value) => JSON.stringify(value) ?? '',
  )
  return sha256Hex(said)
}

/** False when the caller left first. */
function waitFor(settled: Promise<void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const leave = () => resolve(false)
    if (signal.aborted) {
      leave()
      return
    }
    signal.addEventListener('abort', leave, { once: true })
    void settled.then(() => {
      signal.removeEventListener('abort', leave)
      resolve(true)
    })
  })
}
