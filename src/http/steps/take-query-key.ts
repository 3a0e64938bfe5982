import { Secret } from '../../lib/secret.js'
import { findQueryKey, QUERY_KEY_PATHS } from '../../mcp/query-key.js'
import type { Step } from '../context.js'

/**
 * Takes an API key out of the address before anything else sees it, where the settings let one stand there. Elsewhere
 * it stays, and the door refuses the request with what to do instead.
 */
export function takeQueryKey(isAllowed: boolean): Step {
  return async function takeQueryKeyStep(ctx, next) {
    const found = isAllowed && QUERY_KEY_PATHS.has(ctx.path) ? findQueryKey(ctx.req.url ?? '') : undefined
    if (found !== undefined) {
      ctx.state.queryKey = new Secret(found.key)
      ctx.req.url = found.rest
      ctx.originalUrl = found.rest
    }
    await next()
  }
}
