/** An identity provider with the shape of a Keycloak realm: its paths, its claims, keys that can be rotated. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Clock } from '../../src/lib/clock.js'

const REALM = '/realms/ferries'
const SECOND = 1000

interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly published: JWK
}

interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Instead of the realm's current key. */
  readonly key?: SigningKey
}

/** How the realm's endpoints answer from now on. */
type Trouble = 'none' | 'down' | 'redirect' | 'huge' | 'no keys' | 'other issuer' | 'page'

export interface KeycloakIssuer {
  readonly issuer: string
  /** How often discovery and keys were asked for. */
  readonly asked: { discovery: number; keys: number }
  /** An access token as Keycloak makes them, for alice and the audience `aegis`, unless overridden. */
  createToken(options?: TokenOptions): Promise<string>
  currentKey(): SigningKey
  /** A new key takes the place of the current one, which is withdrawn. */
  rotate(): Promise<void>
  setTrouble(trouble: Trouble): void
  close(): Promise<void>
}

export async function createSigningKey(kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  return { kid, privateKey, published: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
}

export async function startKeycloakIssuer(clock: Clock): Promise<KeycloakIssuer> {
  let key = await createSigningKey('key-1')
  let keys = 1
  let trouble: Trouble = 'none'
  const asked = { discovery: 0, keys: 0 }
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const [path, moved] = request.url?.split('?') ?? []
    const isDiscovery = path === `${REALM}/.well-known/openid-configuration`
    asked[isDiscovery ? 'discovery' : 'keys'] += 1
    if (trouble === 'down') {
      answer(503, { error: 'down' })
    } else if (trouble === 'page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
    } else if (trouble === 'redirect' && moved === undefined) {
      // whoever follows finds everything in order
      response.writeHead(302, { location: `${path}?moved` }).end()
    } else if (isDiscovery) {
      const name = trouble === 'other issuer' ? 'https://elsewhere.example/realms/ferries' : issuer
      answer(200, { issuer: name, jwks_uri: `${issuer}/protocol/openid-connect/certs` })
    } else if (path === `${REALM}/protocol/openid-connect/certs`) {
      const padding = trouble === 'huge' ? { padding: 'x'.repeat(1024 * 1024) } : {}
      answer(200, { keys: trouble === 'no keys' ? [] : [key.published], ...padding })
    } else {
      answer(404, { error: 'Realm does not exist' })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // an address of a server that listens on TCP is never a string
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}${REALM}`

  return {
    issuer,
    asked,
    createToken: ({ claims, header, key: signer = key } = {}) => {
      const now = Math.floor(clock.now() / SECOND)
      const payload = {
        exp: now + 300,
        iat: now,
        jti: `onrtac:${now}`,
        iss: issuer,
        aud: ['aegis', 'account'],
        sub: 'f3b1a5d2-5a0a-4b35-8a4f-0d6c9d1a7c11',
        typ: 'Bearer',
        azp: 'claude',
        realm_access: { roles: ['offline_access', 'default-roles-ferries'] },
        scope: 'profile email mcp:execute',
        preferred_username: 'alice',
        email: 'alice@ferries.example',
        ...claims,
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: signer.kid, ...header })
        .sign(signer.privateKey)
    },
    currentKey: () => key,
    rotate: async () => {
      keys += 1
      key = await createSigningKey(`key-${keys}`)
    },
    setTrouble: (next) => {
      trouble = next
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
