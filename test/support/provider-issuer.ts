/** A certified OpenID provider on its own port, which issues JWT access tokens for one API to a machine client. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

const CLIENT = { id: 'build-bot', secret: 'a-secret-of-the-build-bot' }

export interface ProviderIssuer {
  readonly issuer: string
  /** An access token for `resource`, with this scope. */
  requestToken(resource: string, scope: string): Promise<string>
  close(): Promise<void>
}

/** @param login what its tokens say in their claim `gitea_login` */
export async function startProviderIssuer(login: string): Promise<ProviderIssuer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // an address of a server that listens on TCP is never a string
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'mcp:execute mcp:write',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
        }),
      },
    },
    extraTokenClaims: () => ({ gitea_login: login }),
  })
  server.on('request', provider.callback())

  return {
    issuer,
    requestToken: async (resource, scope) => {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
      })
      const body: unknown = await answer.json()
      if (typeof body !== 'object' || body === null || !('access_token' in body)) {
        throw new Error(`the provider answered ${answer.status}: ${JSON.stringify(body)}`)
      }
      return String(body.access_token)
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
