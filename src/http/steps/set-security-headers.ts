import type { Step } from '../context.js'

/** For everything we answer; pages add their own Content-Security-Policy. */
export function setSecurityHeaders({ https }: { readonly https: boolean }): Step {
  return async function setSecurityHeadersStep(ctx, next) {
    const { res } = ctx
    res.setHeader('x-content-type-options', 'nosniff')
    res.setHeader('x-frame-options', 'DENY')
    res.setHeader('referrer-policy', 'no-referrer')
    res.setHeader('cache-control', 'no-store')
    if (https) {
      res.setHeader('strict-transport-security', 'max-age=31536000')
    }
    await next()
  }
}
