import type { PanicSwitch } from '../gate/panic.js'
import type { OAuthServer } from '../oauth/server.js'

type OAuthRoute = OAuthServer['routes'][number]

const RETRY_AFTER_S = '300'
/** Giving up a token is always possible, and documents give nothing. */
const OPEN = /^\/(?:revoke$|\.well-known\/)/

/**
 * While an admin has stopped the server, nobody signs in and no token is issued. 503, not a refusal of the token: a
 * client keeps what it has and goes on afterwards. The reason is for people who signed in, so it is not told here.
 */
export function refuseWhileStopped(
  route: OAuthRoute,
  { renderStopped }: Pick<OAuthServer, 'renderStopped'>,
  panic: Pick<PanicSwitch, 'current'>,
): OAuthRoute {
  if (route.method === 'OPTIONS' || OPEN.test(route.path)) {
    return route
  }
  return {
    ...route,
    handle: async (ctx) => {
      if (panic.current()?.level !== 'stop') {
        await route.handle(ctx)
        return
      }
      ctx.status = 503
      ctx.set('Retry-After', RETRY_AFTER_S)
      if (route.kind === 'page') {
        const { html, headers } = renderStopped()
        ctx.set({ ...headers })
        ctx.type = 'html'
        ctx.body = html
        return
      }
      ctx.set('Access-Control-Allow-Origin', '*')
      ctx.set('Cache-Control', 'no-store')
      ctx.body = {
        error: 'temporarily_unavailable',
        error_description: 'An admin has stopped this server: nobody can sign in now. Keep your tokens and try later.',
      }
    },
  }
}
