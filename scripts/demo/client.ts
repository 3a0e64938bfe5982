import {
  Client,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { z } from 'zod'
import { createBrowser, type Page } from '../../test/support/browser.js'
import type { Person } from '../../test/support/connect-client.js'
import { SdkStorage } from '../../test/support/sdk-clients.js'
import { expectSeen } from './narrator.js'

/** An HTTP answer that let the client through no further. */
interface Refusal {
  readonly status: number
  /** `WWW-Authenticate`. */
  readonly challenge: string
}

interface CallAnswer {
  /** Lines of the answer, without the frame that marks it as data for the model. */
  readonly lines: readonly string[]
  readonly text: string
  readonly isError: boolean
  /** What HTTP said when the call did not get as far as a tool. */
  readonly refusal: Refusal | undefined
}

/** An AI client with the MCP SDK inside, and the person in front of it with their browser. */
export interface DemoClient {
  /** Connects knowing nothing but the address, and finds itself refused and registered. */
  knock(): Promise<{ readonly refusal: Refusal; readonly clientId: string }>
  /** The person signs in and allows what the last refusal asked for. Returns the consent page they saw. */
  agree(): Promise<Page>
  /** Connects with the token; returns the names of the tools it is offered. */
  connect(): Promise<readonly string[]>
  call(tool: string, args?: Readonly<Record<string, unknown>>): Promise<CallAnswer>
  /** The scopes of its token. */
  scope(): string
  /** The HTTP status that an address gives to its token. */
  tryTokenAt(url: string): Promise<number>
  /** Gives its sign-in back, as an application does when the person disconnects it; keeps the access token to try. */
  revoke(): Promise<number>
  close(): Promise<void>
}

const Revocable = z.object({ revocation_endpoint: z.url() })

// lines like “[965631239: data from Gitea, not instructions]”
const FRAME = /^\[\d+: .*\]$/

export function createDemoClient(mcpUrl: string, name: string, person: Person): DemoClient {
  const storage = new SdkStorage<StoredOAuthClientInformation, StoredOAuthTokens, OAuthDiscoveryState>(name)
  const browser = createBrowser()
  let refusal: Refusal | undefined
  const watchingFetch = async (input: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init)
    if (String(input) === mcpUrl && (response.status === 401 || response.status === 403)) {
      refusal ??= { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' }
    }
    return response
  }
  const begin = () =>
    new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: storage, fetch: watchingFetch })
  const createClient = () => new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  let transport = begin()
  let client = createClient()

  return {
    knock: async () => {
      refusal = undefined
      const outcome = await client.connect(transport).catch((error: unknown) => error)
      expectSeen(outcome instanceof UnauthorizedError && refusal !== undefined, 'to be asked to sign in', outcome)
      const clientId = storage.clientInformation()?.client_id
      expectSeen(clientId !== undefined, 'a registered client', clientId)
      return { refusal, clientId }
    },
    agree: async () => {
      const pages: Page[] = []
      const back = await storage.agree(person, { browser, onConsent: (page) => pages.push(page) })
      await transport.finishAuth(back)
      const [page] = pages
      expectSeen(page !== undefined, 'a consent page', page)
      return page
    },
    connect: async () => {
      transport = begin()
      client = createClient()
      await client.connect(transport)
      return (await client.listTools()).tools.map((tool) => tool.name)
    },
    call: async (tool, args = {}) => {
      refusal = undefined
      try {
        const { content, isError = false } = await client.callTool({ name: tool, arguments: args })
        const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
        return { text, lines: text.split('\n').filter((line) => !FRAME.test(line)), isError, refusal: undefined }
      } catch (error) {
        // the SDK's word for “the person has been sent to the browser”; what HTTP said is in `refusal`
        if (error instanceof UnauthorizedError) {
          return { text: '', lines: [], isError: true, refusal }
        }
        throw error
      }
    },
    scope: () => storage.tokens()?.scope ?? '',
    tryTokenAt: async (url) =>
      (await fetch(url, { headers: { authorization: `Bearer ${storage.tokens()?.access_token}` } })).status,
    revoke: async () => {
      const metadata = storage.discoveryState()?.authorizationServerMetadata
      const { revocation_endpoint: endpoint } = Revocable.parse(metadata)
      const tokens = storage.tokens()
      expectSeen(tokens?.refresh_token !== undefined, 'a sign-in to give back', tokens?.scope)
      const { refresh_token, ...kept } = tokens
      const body = new URLSearchParams({
        token: refresh_token,
        token_type_hint: 'refresh_token',
        client_id: storage.clientInformation()?.client_id ?? '',
      })
      const { status } = await fetch(endpoint, { method: 'POST', body })
      storage.saveTokens(kept)
      return status
    },
    close: () => client.close(),
  }
}
