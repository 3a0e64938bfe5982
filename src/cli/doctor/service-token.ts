/** GITEA_TOKEN: whether Gitea takes it, whether it can act as people, and whether it may do more than it needs. */
import { z } from 'zod'
import type { Config } from '../../config/config.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, warning } from './check.js'

const STEP = 'service token'
const User = z.object({ login: z.string().regex(/^[\w.-]+$/), is_admin: z.boolean().default(false) })
const Tokens = z.array(z.object({ token_last_eight: z.string(), scopes: z.array(z.string()).nullable() }))
const SCOPE = /^(?:all|public-only|(?:read|write):[a-z]+)$/

/** Nothing where no service token is set. */
export async function checkServiceToken({ gitea, write }: Config): Promise<Check[]> {
  const token = gitea.serviceToken?.reveal()
  if (token === undefined) {
    return []
  }
  const ask = (sudo?: string) =>
    probe(`${gitea.url}/api/v1/user`, {
      headers: { authorization: `Bearer ${token}`, ...(sudo === undefined ? {} : { sudo }) },
    })
  const result = await ask()
  if ('failure' in result) {
    return [failed(STEP, `Gitea cannot be asked about it: ${result.failure}.`, 'Try again when it is steady.')]
  }
  const user = User.safeParse(findJson(result.answer))
  if (result.answer.status !== 200 || !user.success) {
    return [judgeRefusal(result.answer)]
  }
  const { login, is_admin: isAdmin } = user.data
  const scopes = await findScopes(gitea.url, login, token)
  return [
    ok(STEP, `Gitea takes GITEA_TOKEN as ${login}`),
    isAdmin ? judgeSudo(await ask(login)) : judgeOutsider(login),
    judgeScopes(scopes, write.enabled),
  ]
}

function judgeRefusal({ status, text }: Answer): Check {
  if (status === 401) {
    return failed(STEP, 'Gitea does not know GITEA_TOKEN, or it was revoked.', 'Make a new one in Gitea.')
  }
  if (/required scope/.test(text)) {
    return failed(STEP, 'GITEA_TOKEN may not read users.', 'Give it the scope read:user.')
  }
  return failed(STEP, `Gitea refuses GITEA_TOKEN (status ${status}).`, 'Look whether its account is disabled in Gitea.')
}

function judgeSudo(result: Awaited<ReturnType<typeof probe>>): Check {
  const step = 'acting as people'
  return 'answer' in result && result.answer.status === 200
    ? ok(step, 'Gitea itself decides every request as the person’s (Sudo)')
    : failed(step, 'Gitea does not let it act as people (Sudo).', 'A proxy must pass the header Sudo to Gitea.')
}

function judgeOutsider(login: string): Check {
  return warning(
    'acting as people',
    `${login} is no site administrator, so rights are put together from Gitea’s permission endpoint and teams: repositories that ${login} does not administer are closed, lists are refused to people without a sign-in of their own, and whoever was disabled in Gitea is noticed only by it.`,
    'Use a token of a site administrator, with few scopes, for exact rights.',
  )
}

function judgeScopes(scopes: readonly string[] | undefined, writes: boolean): Check {
  const step = 'service token’s power'
  if (scopes === undefined) {
    return warning(step, 'Gitea does not tell what GITEA_TOKEN may do.', 'Look in Gitea that it has few scopes.')
  }
  const level = writes ? 'write' : 'read'
  const needed = ['read:user', 'read:organization', `${level}:repository`, `${level}:issue`, `${level}:notification`]
  const held = new Set(scopes)
  const covers = (scope: string) => held.has('all') || held.has(scope) || held.has(scope.replace('read:', 'write:'))
  const missing = needed.filter((scope) => !covers(scope))
  if (missing.length > 0) {
    return failed(step, `GITEA_TOKEN lacks ${missing.join(', ')}.`, 'Make one with these scopes.')
  }
  const spare = scopes.filter((scope) => scope !== 'public-only' && !needed.includes(scope))
  return spare.length === 0
    ? ok(step, `no more than it needs (${needed.join(', ')})`)
    : warning(
        step,
        `GITEA_TOKEN may do more than it needs: ${spare.join(', ')}.`,
        `Make one with ${needed.join(', ')} only.`,
      )
}

/** Gitea lists a person's tokens to themselves, by their last characters, and only over Basic. */
async function findScopes(giteaUrl: string, login: string, token: string): Promise<readonly string[] | undefined> {
  const result = await probe(`${giteaUrl}/api/v1/users/${login}/tokens?page=1&limit=50`, {
    headers: { authorization: `Basic ${Buffer.from(`${login}:${token}`).toString('base64')}` },
  })
  const listed = Tokens.safeParse('answer' in result ? findJson(result.answer) : undefined)
  const own = listed.success ? listed.data.find((each) => token.endsWith(each.token_last_eight)) : undefined
  return own?.scopes?.filter((scope) => SCOPE.test(scope))
}
