/** The first half of a sign-in, as a browser that a client opened would walk it, up to the door of Gitea. */
import { createHash } from 'node:crypto'
import type { Config } from '../../config/config.js'
import { createToken } from '../../lib/ids.js'
import { toTerminalText } from '../command.js'
import { probe } from '../http-probe.js'
import { type Check, failed, ok, skipped } from './check.js'
import type { GiteaEndpoints } from './gitea.js'
import { DOCTOR_REDIRECT, type ServerMetadata } from './server.js'

const MAX_HOPS = 5

export async function checkSignIn(
  config: Config,
  metadata: ServerMetadata | undefined,
  clientId: string | undefined,
  gitea: GiteaEndpoints | undefined,
): Promise<Check> {
  const step = 'way to sign in'
  if (metadata === undefined || clientId === undefined || gitea === undefined) {
    return skipped(step, 'not walked, because a step before it failed or was left out')
  }
  const end = await walk(toAuthorizationRequest(config, metadata, clientId), config.publicBaseUrl)
  if ('why' in end) {
    return failed(step, end.why, 'The server’s log says more; if it is a proxy’s page, the proxy must pass every path.')
  }
  const target = new URL(end.leavesTo)
  const expected = new URL(gitea.authorization)
  if (target.origin !== expected.origin || target.pathname !== expected.pathname) {
    return failed(
      step,
      `Browsers are sent to ${toTerminalText(target.origin + target.pathname)} instead of ${expected.href}.`,
      'The running server has another GITEA_URL. Restart it with these settings.',
    )
  }
  return target.searchParams.get('redirect_uri') === `${config.publicBaseUrl}/oauth/callback`
    ? ok(step, `leads to ${expected.origin}`)
    : failed(step, 'Gitea would send browsers back to another address.', 'Restart the server with these settings.')
}

function toAuthorizationRequest(config: Config, metadata: ServerMetadata, clientId: string): string {
  const url = new URL(metadata.authorization_endpoint)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: DOCTOR_REDIRECT,
    scope: 'read:repository',
    resource: `${config.publicBaseUrl}/mcp`,
    state: createToken(16),
    code_challenge: createHash('sha256').update(createToken()).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  return url.href
}

/** Follows redirects of our own server, with its cookies, until one leads away. */
async function walk(start: string, origin: string): Promise<{ readonly leavesTo: string } | { readonly why: string }> {
  const cookies = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const result = await probe(url, { headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) } })
    if ('failure' in result) {
      return { why: `${new URL(url).pathname} cannot be reached: ${result.failure}.` }
    }
    const { status, headers } = result.answer
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) {
        cookies.set(name, value)
      }
    }
    const location = headers.get('location')
    if (location === null) {
      return { why: `${new URL(url).pathname} answers ${status} instead of leading to Gitea.` }
    }
    url = new URL(location, url).href
    if (url.startsWith(DOCTOR_REDIRECT)) {
      const reason = new URL(url).searchParams
      return { why: toTerminalText(`Sign-in is refused: ${reason.get('error_description') ?? reason.get('error')}.`) }
    }
    if (new URL(url).origin !== origin) {
      return { leavesTo: url }
    }
  }
  return { why: `It goes in circles, last at ${new URL(url).pathname}.` }
}
