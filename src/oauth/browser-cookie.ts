/** A random value that tells one browser from another during a sign-in. It grants nothing by itself. */
import type { Context } from 'koa'
import { createToken } from '../lib/ids.js'
import { HOUR, SECOND } from '../lib/units.js'

const VALUE = /^[\w-]{43}$/

export interface BrowserCookie {
  find(ctx: Context): string | undefined
  /** The browser's value, given to it when it has none. */
  ensure(ctx: Context): string
}

/** @param isSecure false only for plain http on a loopback address, where browsers take no `__Host-` cookies */
export function createBrowserCookie(isSecure: boolean): BrowserCookie {
  const name = isSecure ? '__Host-aegis_browser' : 'aegis_browser'
  const find = (ctx: Context): string | undefined => {
    const value = ctx.cookies.get(name)
    return value !== undefined && VALUE.test(value) ? value : undefined
  }
  return {
    find,
    ensure: (ctx) => {
      const value = find(ctx) ?? createToken()
      // written by hand: behind a proxy Koa takes the connection for an insecure one and would refuse
      ctx.append(
        'Set-Cookie',
        `${name}=${value}; Path=/; Max-Age=${(2 * HOUR) / SECOND}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`,
      )
      return value
    },
  }
}
