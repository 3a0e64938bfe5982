/** Whether Gitea takes our application: its id, its secret and its redirect address. Needs no person. */
import { z } from 'zod'
import type { Config } from '../../config/config.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, skipped } from './check.js'
import type { GiteaEndpoints } from './gitea.js'

const MAKE_ANEW = 'Run aegis setup --force, which makes a new secret, or enter the right one in .env.'
const TokenError = z.object({ error: z.string(), error_description: z.string().default('') })

export async function checkGiteaClient(config: Config, endpoints: GiteaEndpoints | undefined): Promise<Check[]> {
  if (endpoints === undefined) {
    return [skipped('application in Gitea', 'not asked, because sign-in discovery failed')]
  }
  const client = await checkApplication(config, endpoints)
  const isKnown = client.every(({ status }) => status === 'ok')
  return isKnown ? [...client, await checkIntrospection(config, endpoints)] : client
}

/**
 * Exchanges a code that does not exist. Gitea looks at the application, its secret and the redirect address before
 * the code (routers/web/auth/oauth2_provider.go, handleAuthorizationCode), so the way it refuses tells which is wrong.
 */
async function checkApplication({ gitea, publicBaseUrl }: Config, endpoints: GiteaEndpoints): Promise<Check[]> {
  const step = 'application in Gitea'
  const redirectUri = `${publicBaseUrl}/oauth/callback`
  const result = await probe(endpoints.token, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: gitea.clientId,
      client_secret: gitea.clientSecret.reveal(),
      redirect_uri: redirectUri,
      code: 'aegis-doctor',
      code_verifier: 'aegis-doctor-asks-with-a-code-that-does-not-exist',
    }),
  })
  if ('failure' in result) {
    return [
      failed(step, `Gitea’s token endpoint cannot be reached: ${result.failure}.`, 'Look at Gitea and its proxy.'),
    ]
  }
  const { error, error_description: words } = parseTokenError(result.answer)
  if (error === 'invalid_client' && !/secret/i.test(words)) {
    return [
      failed(
        step,
        `Gitea has no application with the id ${gitea.clientId}.`,
        'Run aegis setup, or copy the client ID from Gitea into GITEA_OAUTH_CLIENT_ID. An application goes away with the account that owns it.',
      ),
    ]
  }
  if (/secret/i.test(words)) {
    return [failed(step, 'Gitea does not accept GITEA_OAUTH_CLIENT_SECRET.', MAKE_ANEW)]
  }
  if (/redirect/i.test(words)) {
    return [
      ok(step, `Gitea knows ${gitea.clientId} and accepts its secret`),
      failed(
        'redirect address',
        `${redirectUri} is not a redirect URI of the application.`,
        'Add exactly this address to the application in Gitea, or set PUBLIC_BASE_URL to the address it was made for.',
      ),
    ]
  }
  if (error === undefined) {
    return [
      failed(
        step,
        `Gitea’s token endpoint answers something unexpected (status ${result.answer.status}).`,
        'Look whether a proxy stands in front of /login/oauth/.',
      ),
    ]
  }
  return [
    ok(step, `Gitea knows ${gitea.clientId} and accepts its secret`),
    ok('redirect address', `${redirectUri} is registered`),
  ]
}

function parseTokenError(answer: Answer): { readonly error?: string; readonly error_description: string } {
  const parsed = TokenError.safeParse(findJson(answer))
  return answer.status === 400 && parsed.success ? parsed.data : { error_description: '' }
}

async function checkIntrospection({ gitea }: Config, { introspection }: GiteaEndpoints): Promise<Check> {
  const step = 'introspection'
  const credentials = Buffer.from(`${gitea.clientId}:${gitea.clientSecret.reveal()}`).toString('base64')
  const result = await probe(introspection, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token: 'aegis-doctor' }),
  })
  if ('failure' in result) {
    return failed(step, `Gitea’s introspection cannot be reached: ${result.failure}.`, 'Look at Gitea and its proxy.')
  }
  const parsed = z.object({ active: z.literal(false) }).safeParse(findJson(result.answer))
  if (result.answer.status === 200 && parsed.success) {
    return ok(step, 'Gitea tells us what a sign-in may do')
  }
  return failed(
    step,
    `Gitea does not describe tokens to us (status ${result.answer.status}), so no sign-in could be accepted.`,
    'A proxy must pass the Authorization header to /login/oauth/introspect.',
  )
}
