import type { Caller } from '../identity/caller.js'
import { toIsoTime } from '../lib/clock.js'
import type { CallFigures } from './call-figures.js'
import { type DoorContext, type DoorDeps, enter } from './door.js'

interface StatsDeps extends DoorDeps {
  readonly figures: CallFigures
  /** Open sessions of the HTTP+SSE door, of one person or of all. */
  countSessions(accountId?: string): number
  isAdmin(caller: Caller, requestId: string): Promise<boolean>
}

export type StatsHandler = (ctx: DoorContext) => Promise<void>

/** `GET /api/v1/stats`: the caller's own sessions and calls since the start; for admins also everyone's. */
export function createStatsHandler(deps: StatsDeps): StatsHandler {
  const { figures, countSessions } = deps
  const since = toIsoTime(deps.gate.clock.now())
  const read = (accountId?: string) => {
    const tools = figures.read(accountId)
    return {
      sessions: countSessions(accountId),
      calls: tools.reduce((sum, { calls }) => sum + calls, 0),
      tools: tools.map(({ tool, calls, statuses, averageMs, maxMs }) => ({
        tool,
        calls,
        statuses,
        average_ms: averageMs,
        max_ms: maxMs,
      })),
    }
  }

  return async (ctx) => {
    const request = await enter(deps, ctx, 'direct')
    if ('because' in request) {
      ctx.status = request.status
      ctx.set(request.headers)
      ctx.body = { error: request.because, error_description: request.message, request_id: ctx.state.requestId }
      return
    }
    ctx.body = {
      since,
      mine: read(request.caller.accountId),
      ...((await deps.isAdmin(request.caller, request.requestId)) ? { everyone: read() } : {}),
    }
  }
}
