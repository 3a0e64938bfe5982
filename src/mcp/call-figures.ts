import type { CallStatus } from '../gate/decide.js'

/** How a tool was used since the start. */
interface ToolFigures {
  readonly tool: string
  readonly calls: number
  /** Calls by how they ended. */
  readonly statuses: Readonly<Partial<Record<CallStatus, number>>>
  /** Milliseconds. */
  readonly averageMs: number
  readonly maxMs: number
}

export interface CallFigures {
  observe(accountId: string, tool: string, status: CallStatus, seconds: number): void
  /** Of one person, or of everyone; by tool name. */
  read(accountId?: string): ToolFigures[]
}

interface Sum {
  calls: number
  statuses: Partial<Record<CallStatus, number>>
  seconds: number
  maxSeconds: number
}

/** People beyond this are counted in the figures of everyone only. */
const MAX_PEOPLE = 10_000

/** Figures of this process in memory: for a look at one's own use, not for accounting, which the audit log is for. */
export function createCallFigures(): CallFigures {
  const everyone = new Map<string, Sum>()
  const people = new Map<string, Map<string, Sum>>()

  const findOwn = (accountId: string) => {
    const known = people.get(accountId)
    if (known !== undefined || people.size >= MAX_PEOPLE) {
      return known
    }
    const own = new Map<string, Sum>()
    people.set(accountId, own)
    return own
  }

  return {
    observe: (accountId, tool, status, seconds) => {
      add(everyone, tool, status, seconds)
      const own = findOwn(accountId)
      if (own !== undefined) {
        add(own, tool, status, seconds)
      }
    },
    read: (accountId) => {
      const sums = accountId === undefined ? everyone : (people.get(accountId) ?? new Map<string, Sum>())
      return [...sums]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([tool, { calls, statuses, seconds, maxSeconds }]) => ({
          tool,
          calls,
          statuses,
          averageMs: toMs(seconds / calls),
          maxMs: toMs(maxSeconds),
        }))
    },
  }
}

function add(sums: Map<string, Sum>, tool: string, status: CallStatus, seconds: number): void {
  const sum = sums.get(tool) ?? { calls: 0, statuses: {}, seconds: 0, maxSeconds: 0 }
  sum.calls += 1
  sum.statuses[status] = (sum.statuses[status] ?? 0) + 1
  sum.seconds += seconds
  sum.maxSeconds = Math.max(sum.maxSeconds, seconds)
  sums.set(tool, sum)
}

function toMs(seconds: number): number {
  return Math.round(seconds * 100_000) / 100
}
