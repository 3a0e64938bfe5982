/** The clients of both generations of the MCP TypeScript SDK, signing in and calling as an application would. */
import * as v2 from '@modelcontextprotocol/client'
import { type OAuthDiscoveryState, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClassicClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as ClassicTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type * as classic from '@modelcontextprotocol/sdk/shared/auth.js'
import { agreeInBrowser } from './agree-in-browser.js'
import type { Person } from './connect-client.js'

const REDIRECT = 'http://127.0.0.1:7778/callback'
const IDENTITY = { name: 'sdk-client', version: '1.0.0' }

interface SdkCall {
  readonly name: string
  readonly arguments: Record<string, unknown>
}

interface SdkOutcome {
  readonly protocolVersion: string
  readonly toolNames: readonly string[]
  readonly isError: boolean
  readonly text: string
}

export interface SdkClient {
  readonly name: string
  /** From knowing nothing but the address of `/mcp` to the answer of one call. */
  signInAndCall(mcpUrl: string, person: Person, call: SdkCall): Promise<SdkOutcome>
}

/** What an application keeps for the SDK, in memory. */
export class SdkStorage<Client, Tokens, Discovery> {
  readonly redirectUrl = REDIRECT
  readonly clientMetadata
  authorizeUrl: URL | undefined
  #client: Client | undefined
  #tokens: Tokens | undefined
  #discovery: Discovery | undefined
  #verifier = ''

  constructor(clientName = 'An SDK client') {
    this.clientMetadata = {
      client_name: clientName,
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }

  clientInformation = (): Client | undefined => this.#client
  tokens = (): Tokens | undefined => this.#tokens
  discoveryState = (): Discovery | undefined => this.#discovery
  codeVerifier = (): string => this.#verifier
  saveClientInformation = (client: Client): void => {
    this.#client = client
  }
  saveTokens = (tokens: Tokens): void => {
    this.#tokens = tokens
  }
  saveDiscoveryState = (discovery: Discovery): void => {
    this.#discovery = discovery
  }
  saveCodeVerifier = (verifier: string): void => {
    this.#verifier = verifier
  }
  redirectToAuthorization = (url: URL): void => {
    this.authorizeUrl = url
  }

  /** Where the person came back to, with the code. */
  async agree(person: Person, options?: Parameters<typeof agreeInBrowser>[2]): Promise<URLSearchParams> {
    if (this.authorizeUrl === undefined) {
      throw new Error('the client never asked the person to sign in')
    }
    return (await agreeInBrowser(this.authorizeUrl.href, person, options)).searchParams
  }
}

async function signInWithV1(mcpUrl: string, person: Person, call: SdkCall): Promise<SdkOutcome> {
  const storage = new SdkStorage<classic.OAuthClientInformationMixed, classic.OAuthTokens, OAuthDiscoveryState>()
  const begin = () => new ClassicTransport(new URL(mcpUrl), { authProvider: storage })
  const transport = begin()
  await expectUnauthorized(new ClassicClient(IDENTITY).connect(transport), UnauthorizedError)
  await transport.finishAuth((await storage.agree(person)).get('code') ?? '')
  const client = new ClassicClient(IDENTITY)
  const signedIn = begin()
  await client.connect(signedIn)
  try {
    const { tools } = await client.listTools()
    return toOutcome(signedIn.protocolVersion, tools, await client.callTool(call))
  } finally {
    await client.close()
  }
}

type Mode = 'legacy' | 'auto' | { readonly pin: string }

async function signInWithV2(mode: Mode, mcpUrl: string, person: Person, call: SdkCall): Promise<SdkOutcome> {
  const storage = new SdkStorage<v2.StoredOAuthClientInformation, v2.StoredOAuthTokens, v2.OAuthDiscoveryState>()
  const begin = () => new v2.StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: storage })
  const createClient = () => new v2.Client(IDENTITY, { versionNegotiation: { mode } })
  const transport = begin()
  await expectUnauthorized(createClient().connect(transport), v2.UnauthorizedError)
  await transport.finishAuth(await storage.agree(person))
  const client = createClient()
  await client.connect(begin())
  try {
    const { tools } = await client.listTools()
    return toOutcome(client.getNegotiatedProtocolVersion(), tools, await client.callTool(call))
  } finally {
    await client.close()
  }
}

export const sdkClients: readonly SdkClient[] = [
  { name: '@modelcontextprotocol/sdk 1', signInAndCall: signInWithV1 },
  ...(['legacy', 'auto', { pin: '2026-07-28' }] as const).map(
    (mode): SdkClient => ({
      name: `@modelcontextprotocol/client 2, ${typeof mode === 'string' ? mode : `pinned to ${mode.pin}`}`,
      signInAndCall: (...args) => signInWithV2(mode, ...args),
    }),
  ),
]

/** Both SDKs say by an error of this class that the person has been sent to sign in. */
async function expectUnauthorized(connecting: Promise<void>, expected: new (message?: string) => Error): Promise<void> {
  const outcome = await connecting.catch((error: unknown) => error)
  if (!(outcome instanceof expected)) {
    throw outcome instanceof Error ? outcome : new Error('the server let in a client without a token')
  }
}

function toOutcome(
  protocolVersion: string | undefined,
  tools: readonly { readonly name: string }[],
  result: Record<string, unknown>,
): SdkOutcome {
  const content = Array.isArray(result.content) ? result.content : []
  return {
    protocolVersion: protocolVersion ?? 'unknown',
    toolNames: tools.map(({ name }) => name),
    isError: result.isError === true,
    text: content.flatMap((part) => Object(part).text ?? []).join('\n'),
  }
}
