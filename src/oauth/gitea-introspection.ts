/** What Gitea says about a token that somebody presents: introspection, userinfo, and whether its API takes the token. */
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { UpstreamFailed } from '../lib/errors.js'
import type { Secret } from '../lib/secret.js'
import { ask, readJson } from './gitea-http.js'

/** This server as an application in Gitea. */
export interface GiteaApplication {
  readonly clientId: string
  readonly clientSecret: Secret
}

const Introspection = z.union([
  z.object({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    scope: z.string().default(''),
    username: z.string().default(''),
    sub: z.string(),
    aud: z.union([z.string(), z.array(z.string())]).transform((aud) => [aud].flat()),
  }),
])
type Introspection = z.output<typeof Introspection>

/**
 * Asks Gitea about a token of any of its applications; `aud` tells of which. Refresh tokens count as active too, and
 * so do tokens of people who may not sign in any more.
 *
 * @throws UpstreamFailed or UpstreamTimeout
 */
export async function introspect(
  endpoint: string,
  { clientId, clientSecret }: GiteaApplication,
  token: string,
): Promise<Introspection> {
  const response = await ask(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret.reveal()}`).toString('base64')}`,
    },
    // as a form field Gitea would take `token` for a login and prefer it to the Authorization header
    body: JSON.stringify({ token }),
  })
  if (response.status !== 200) {
    throw new UpstreamFailed('Gitea refused to describe the sign-in. Check GITEA_OAUTH_CLIENT_SECRET.', {
      detail: `introspection answered ${response.status}`,
    })
  }
  return readJson(response, Introspection, 'introspection')
}

/**
 * Gitea names itself by ROOT_URL; behind a proxy this server reaches it by GITEA_URL, which the operator set.
 *
 * @param rootUrl without trailing slash
 */
export function toReachable(url: string, rootUrl: string, giteaUrl: string): string {
  return url.startsWith(`${rootUrl}/`) ? giteaUrl + url.slice(rootUrl.length) : url
}

export interface DescribedToken {
  readonly id: number
  readonly login: string
  /** As Gitea words it; undefined when this Gitea cannot tell. */
  readonly scope: string | undefined
  /** The applications it was made for; undefined when this Gitea cannot tell. */
  readonly audience: readonly string[] | undefined
}

/** What the API says to a token: `prohibited` people may not sign in. */
export type ApiProbe = 'pass' | 'dead' | 'prohibited' | 'must_change_password'

/** Both methods throw UpstreamFailed or UpstreamTimeout while Gitea does not answer. */
export interface GiteaTokenFacts {
  /** Undefined when Gitea does not know the token, or not any more. */
  describe(token: string): Promise<DescribedToken | undefined>
  /** Introspection and userinfo notice neither refresh tokens nor disabled people; the API does. */
  probe(token: string): Promise<ApiProbe>
}

interface GiteaTokenFactsOptions {
  /** Without trailing slash. */
  readonly giteaUrl: string
  readonly application: GiteaApplication
  readonly clock: Clock
  /** How long a discovery document is used. */
  readonly discoveryTtlMs: number
}

const address = z.url({ protocol: /^https?$/ })
const Discovery = z.object({
  issuer: address,
  introspection_endpoint: address.optional(),
  userinfo_endpoint: address,
})
const Userinfo = z.object({ sub: z.string(), preferred_username: z.string() })
const AccountId = z.coerce.number().int().positive()

export function createGiteaTokenFacts(options: GiteaTokenFactsOptions): GiteaTokenFacts {
  const { giteaUrl, application, clock, discoveryTtlMs } = options
  let known: { readonly document: z.output<typeof Discovery>; readonly until: number } | undefined

  const discover = async (): Promise<z.output<typeof Discovery>> => {
    if (known !== undefined && clock.now() < known.until) {
      return known.document
    }
    const response = await ask(`${giteaUrl}/.well-known/openid-configuration`)
    if (response.status !== 200) {
      throw new UpstreamFailed('Gitea does not offer sign-in for applications. Is [oauth2] ENABLED in its app.ini?', {
        detail: `discovery answered ${response.status}`,
      })
    }
    const document = await readJson(response, Discovery, 'discovery')
    known = { document, until: clock.now() + discoveryTtlMs }
    return document
  }

  const askUserinfo = async (endpoint: string, token: string): Promise<DescribedToken | undefined> => {
    const response = await ask(endpoint, { redirect: 'manual', headers: { authorization: `Bearer ${token}` } })
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    // a page or a redirect is for people who may not sign in
    if (response.status !== 200 || !isJson) {
      await response.body?.cancel()
      if (response.status >= 500) {
        throw new UpstreamFailed('Gitea did not say whose token it is.', {
          detail: `userinfo answered ${response.status}`,
        })
      }
      return undefined
    }
    const { sub, preferred_username: login } = await readJson(response, Userinfo, 'userinfo')
    return { id: AccountId.parse(sub), login, scope: undefined, audience: undefined }
  }

  return {
    describe: async (token) => {
      const { issuer, introspection_endpoint: introspection, userinfo_endpoint: userinfo } = await discover()
      const reach = (url: string) => toReachable(url, issuer.replace(/\/+$/, ''), giteaUrl)
      if (introspection === undefined) {
        return askUserinfo(reach(userinfo), token)
      }
      const found = await introspect(reach(introspection), application, token)
      return found.active
        ? { id: AccountId.parse(found.sub), login: found.username, scope: found.scope, audience: found.aud }
        : undefined
    },
    probe: async (token) => {
      const response = await ask(`${giteaUrl}/api/v1/user`, { headers: { authorization: `Bearer ${token}` } })
      const text = await response.text()
      // a token without read:user is stopped only after the person was found good
      if (response.status === 200 || (response.status === 403 && /required scope/i.test(text))) {
        return 'pass'
      }
      if (response.status === 401) {
        return 'dead'
      }
      if (response.status === 403) {
        return /change your password/i.test(text) ? 'must_change_password' : 'prohibited'
      }
      throw new UpstreamFailed('Gitea did not say whether it takes the token.', {
        detail: `user answered ${response.status}`,
      })
    },
  }
}
