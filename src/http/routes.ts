import Router from '@koa/router'
import type { RequestState, Step } from './context.js'

/** Who may use a route. `public` is a short list that a contract test holds; everything else proves itself. */
type Access = 'public' | 'bearer' | 'browser'

/** One entrance: method, path, who may use it, and what answers. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'OPTIONS' | 'ALL'
  readonly path: string
  readonly access: Access
  readonly handle: Step
}

/** Names the matched route for metrics and logs before its handler runs. */
export function createRouter(routes: readonly Route[]): Step {
  const router = new Router<RequestState>({ exclusive: true })
  for (const { method, path, handle } of routes) {
    const steps: [Step, Step] = [nameRoute(path), handle]
    if (method === 'ALL') {
      router.all(path, ...steps)
    } else {
      router.register(path, method === 'GET' ? ['HEAD', 'GET'] : [method], steps)
    }
  }
  // the router adds `params` to the context for its own handlers; to the stack around it, it is a step like any other
  return router.routes() as unknown as Step
}

function nameRoute(path: string): Step {
  return async function nameRouteStep(ctx, next) {
    ctx.state.route = path
    await next()
  }
}
