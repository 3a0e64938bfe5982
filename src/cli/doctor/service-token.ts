/** GITEA_TOKEN: whether Gitea takes it, whether it can act as people, and whether it may do more than it needs. */
import { z } from 'zod'
import type { Config } from '../../config/config.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, warning } from './check.js'
import { findScopes, judgeScopes } from './token-scopes.js'

const STEP = 'service token'
const User = z.object({ login: z.string().regex(/^[\w.-]+$/), is_admin: z.boolean().default(false) })

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
  const level = write.enabled ? 'write' : 'read'
  const needed = ['read:user', 'read:organization', `${level}:repository`, `${level}:issue`, `${level}:notification`]
  return [
    ok(STEP, `Gitea takes GITEA_TOKEN as ${login}`),
    isAdmin ? judgeSudo(await ask(login)) : judgeOutsider(login),
    judgeScopes('service token’s power', 'GITEA_TOKEN', scopes, needed),
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
