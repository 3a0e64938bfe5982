/** Gitea as a server: is it there, is it one we can work with, does it offer sign-in. Asks without credentials. */
import { z } from 'zod'
import { MINUTE, SECOND } from '../../lib/units.js'
import { toTerminalText } from '../command.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, warning } from './check.js'

const MAX_SKEW_MS = MINUTE
/** Before it Gitea gave every OAuth token full access (go-gitea/gitea#32573). */
const FIRST_WITH_SCOPES = [1, 23] as const

const Version = z.object({ version: z.string().min(1).max(200) })
const Discovery = z.object({
  issuer: z.url({ protocol: /^https?$/ }),
  authorization_endpoint: z.url({ protocol: /^https?$/ }),
  token_endpoint: z.url({ protocol: /^https?$/ }),
  introspection_endpoint: z.url({ protocol: /^https?$/ }),
})

export interface GiteaEndpoints {
  /** Where browsers are sent to sign in. */
  readonly authorization: string
  readonly token: string
  readonly introspection: string
}

/** Version and clock. The first check tells whether anything else is worth asking. */
export async function checkGiteaVersion(giteaUrl: string): Promise<Check[]> {
  const step = 'Gitea answers'
  const result = await probe(`${giteaUrl}/api/v1/version`)
  if ('failure' in result) {
    return [
      failed(
        step,
        `${giteaUrl} cannot be reached: ${result.failure}.`,
        'Mend that, or set GITEA_URL to where Gitea is.',
      ),
    ]
  }
  const { answer } = result
  const redirect = findRedirect(answer, giteaUrl)
  if (redirect !== undefined) {
    return [
      failed(
        step,
        `${giteaUrl} sends on to ${redirect}.`,
        'Set GITEA_URL to the address that Gitea itself answers at.',
      ),
    ]
  }
  if (answer.status === 403) {
    // REQUIRE_SIGNIN_VIEW closes even the version; sign-in discovery stays open
    return [ok(step, `${giteaUrl} (its version is shown to signed-in people only)`), ...checkClock(answer)]
  }
  const parsed = Version.safeParse(findJson(answer))
  if (answer.status >= 500) {
    return [
      failed(
        step,
        `${giteaUrl} answers with status ${answer.status}.`,
        'Look at Gitea, or at the proxy in front of it.',
      ),
    ]
  }
  if (answer.status !== 200 || !parsed.success) {
    return [
      failed(
        step,
        `Something answers at ${giteaUrl}, but it is not Gitea (status ${answer.status}).`,
        'Set GITEA_URL to the address that opens Gitea in a browser, with its sub-path if it has one.',
      ),
    ]
  }
  return [judgeVersion(step, giteaUrl, parsed.data.version), ...checkClock(answer)]
}

function judgeVersion(step: string, giteaUrl: string, text: string): Check {
  const version = toTerminalText(text)
  // Forgejo counts on its own and names the Gitea it stands for behind a plus sign: 7.0.0+gitea-1.22.0
  if (text.includes('+gitea-')) {
    return warning(
      step,
      `${giteaUrl} is Forgejo ${version}.`,
      'It is not tested with this version. If signing in ends with “full access”, its OAuth scopes are off.',
    )
  }
  const [major = 0, minor = 0] = text.split('.').map((part) => Number.parseInt(part, 10) || 0)
  const isOld = major < FIRST_WITH_SCOPES[0] || (major === FIRST_WITH_SCOPES[0] && minor < FIRST_WITH_SCOPES[1])
  if (isOld && major > 0) {
    return failed(
      step,
      `${giteaUrl} is Gitea ${version}, which gives every application full access.`,
      `Update Gitea to ${FIRST_WITH_SCOPES.join('.')} or newer.`,
    )
  }
  return ok(step, `${giteaUrl}, version ${version}`)
}

function checkClock({ skewMs }: Answer): Check[] {
  const step = 'clocks agree'
  if (skewMs === undefined) {
    return []
  }
  const seconds = Math.round(Math.abs(skewMs) / SECOND)
  if (Math.abs(skewMs) > MAX_SKEW_MS) {
    return [
      failed(
        step,
        `Gitea’s clock is ${seconds} seconds ${skewMs > 0 ? 'ahead of' : 'behind'} this computer’s.`,
        'Set both by NTP: sign-ins would expire too early or too late, and the times in the audit log would be wrong.',
      ),
    ]
  }
  return [ok(step, seconds === 0 ? 'to the second' : `${seconds} s apart`)]
}

/** Sign-in discovery, and whether Gitea calls itself what we call it. */
export async function checkGiteaDiscovery(
  giteaUrl: string,
): Promise<{ readonly checks: readonly Check[]; readonly endpoints: GiteaEndpoints | undefined }> {
  const step = 'Gitea offers sign-in'
  const result = await probe(`${giteaUrl}/.well-known/openid-configuration`)
  if ('failure' in result) {
    const check = failed(step, `${giteaUrl} cannot be reached: ${result.failure}.`, 'Try again when it is steady.')
    return { checks: [check], endpoints: undefined }
  }
  const parsed = Discovery.safeParse(findJson(result.answer))
  if (result.answer.status !== 200 || !parsed.success) {
    const check = failed(
      step,
      `Its sign-in for applications is off (discovery answers ${result.answer.status}).`,
      'Set ENABLED = true under [oauth2] in Gitea’s app.ini and restart Gitea; a proxy must pass /.well-known/openid-configuration.',
    )
    return { checks: [check], endpoints: undefined }
  }
  const { issuer, authorization_endpoint: authorization, token_endpoint, introspection_endpoint } = parsed.data
  const rootUrl = issuer.replace(/\/+$/, '')
  const rebase = (url: string) => (url.startsWith(`${rootUrl}/`) ? giteaUrl + url.slice(rootUrl.length) : url)
  return {
    checks: [ok(step, 'OpenID discovery is on'), judgeIssuer(rootUrl, giteaUrl)],
    endpoints: { authorization, token: rebase(token_endpoint), introspection: rebase(introspection_endpoint) },
  }
}

function judgeIssuer(rootUrl: string, giteaUrl: string): Check {
  const step = 'Gitea’s own address'
  if (rootUrl === giteaUrl) {
    return ok(step, `ROOT_URL is ${rootUrl}/`)
  }
  return warning(
    step,
    `Gitea calls itself ${toTerminalText(rootUrl)}, and GITEA_URL is ${giteaUrl}.`,
    'Browsers are sent to the first to sign in. That is right when they reach Gitea there and this server reaches it by GITEA_URL; otherwise mend ROOT_URL in app.ini or GITEA_URL.',
  )
}

/** Where an answer redirects to, without the path that was asked for, so that it can be used as an address. */
function findRedirect({ status, headers }: Answer, base: string): string | undefined {
  const location = headers.get('location')
  if (status < 300 || status > 399 || location === null) {
    return undefined
  }
  const target = URL.parse(location, base)
  return target === null ? undefined : toTerminalText(target.href.replace(/\/api\/v1\/version\/?$/, ''))
}
