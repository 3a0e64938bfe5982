import { z } from 'zod'
import { findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, warning } from './check.js'

const Tokens = z.array(z.object({ token_last_eight: z.string(), scopes: z.array(z.string()).nullable() }))
const SCOPE = /^(?:all|public-only|(?:read|write):[a-z]+)$/

/**
 * What an access token may do, as Gitea says. Gitea lists a person's tokens to themselves, by their last characters, and
 * only over Basic; undefined where it does not.
 */
export async function findScopes(
  giteaUrl: string,
  login: string,
  token: string,
): Promise<readonly string[] | undefined> {
  const result = await probe(`${giteaUrl}/api/v1/users/${login}/tokens?page=1&limit=50`, {
    headers: { authorization: `Basic ${Buffer.from(`${login}:${token}`).toString('base64')}` },
  })
  const listed = Tokens.safeParse('answer' in result ? findJson(result.answer) : undefined)
  const own = listed.success ? listed.data.find((each) => token.endsWith(each.token_last_eight)) : undefined
  return own?.scopes?.filter((scope) => SCOPE.test(scope))
}

/** @param name of the setting that the token is in */
export function judgeScopes(
  step: string,
  name: string,
  scopes: readonly string[] | undefined,
  needed: readonly string[],
): Check {
  if (scopes === undefined) {
    return warning(step, `Gitea does not tell what ${name} may do.`, 'Look in Gitea that it has few scopes.')
  }
  const held = new Set(scopes)
  const covers = (scope: string) => held.has('all') || held.has(scope) || held.has(scope.replace('read:', 'write:'))
  const missing = needed.filter((scope) => !covers(scope))
  if (missing.length > 0) {
    return failed(step, `${name} lacks ${missing.join(', ')}.`, 'Make one with these scopes.')
  }
  const spare = scopes.filter((scope) => scope !== 'public-only' && !needed.includes(scope))
  return spare.length === 0
    ? ok(step, `no more than it needs (${needed.join(', ')})`)
    : warning(
        step,
        `${name} may do more than it needs: ${spare.join(', ')}.`,
        `Make one with ${needed.join(', ')} only.`,
      )
}
