import type { Logger } from '../../lib/logger.js'
import type { Step } from '../context.js'
import type { HttpMetrics } from '../metrics.js'

const QUIET_ROUTES = new Set(['/health', '/health/live', '/metrics'])
/** What succeeds here has a line of its own, from whoever answered it. */
const TOLD_ELSEWHERE = new Set(['/mcp', '/automation/webhook'])

/** One log line and one count per request, when its answer is out. Paths in metrics are route patterns. */
export function observeRequest(log: Logger, metrics: HttpMetrics): Step {
  return async function observeRequestStep(ctx, next) {
    const startedAt = performance.now()
    ctx.res.once('close', () => {
      const route = ctx.state.route ?? 'other'
      const status = ctx.res.statusCode
      metrics.countRequest(ctx.method, route, status)
      // probes come every few seconds
      const level = QUIET_ROUTES.has(route) || (TOLD_ELSEWHERE.has(route) && status < 400) ? 'debug' : 'info'
      log[level](
        {
          request_id: ctx.state.requestId,
          method: ctx.method,
          path: route === 'other' ? ctx.path.slice(0, 200) : route,
          status,
          ip: ctx.state.address,
          duration_ms: Math.round((performance.now() - startedAt) * 10) / 10,
        },
        'http_request',
      )
    })
    await next()
  }
}
