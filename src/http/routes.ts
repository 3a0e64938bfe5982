import Router from '@koa/router'
import type { RequestState, Step } from './context.js'

/** Who may use a route. `public` is a short list that a contract test holds; everything else proves itself. */
type Access = 'public' | 'bearer' | 'browser' | 'signed'

/** One entrance: method, path, who may use it, and what answers. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'OPTIONS' | 'ALL'
  readonly path: string
  readonly access: Access
  readonly handle: Step
}

/**
 * Finds the route of a request. Plain addresses are looked up first, because a call of /mcp should not pay for thirty
 * patterns; whatever is not met exactly (parameters, a trailing slash, odd methods) is the router's.
 */
export function createRouter(routes: readonly Route[]): Step {
  const plain = new Map<string, Route>()
  const router = new Router<RequestState>({ exclusive: true })
  for (const route of routes) {
    const { method, path, handle } = route
    const steps: [Step, Step] = [nameRoute(path), handle]
    if (method === 'ALL') {
      router.all(path, ...steps)
      plain.set(`POST ${path}`, route)
    } else {
      router.register(path, method === 'GET' ? ['HEAD', 'GET'] : [method], steps)
      plain.set(`${method} ${path}`, route)
    }
  }
  // the router adds `params` to the context for its own handlers; to the stack around it, it is a step like any other
  const findByPattern = router.routes() as unknown as Step
  return async function routeStep(ctx, next) {
    const route = plain.get(`${ctx.method} ${ctx.path}`)
    if (route === undefined) {
      await findByPattern(ctx, next)
      return
    }
    ctx.state.route = route.path
    await route.handle(ctx, next)
  }
}

function nameRoute(path: string): Step {
  return async function nameRouteStep(ctx, next) {
    ctx.state.route = path
    await next()
  }
}
