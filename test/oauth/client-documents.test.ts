import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/lib/clock.js'
import { type ClientDocuments, createClientDocuments } from '../../src/oauth/client-documents.js'
import { createBrowser } from '../support/browser.js'
import { startOAuthApp, WEB_REDIRECT } from './oauth-app.js'
import { callMcp, decide, exchange, openConsent, postForm, refresh, toAuthorizeUrl } from './oauth-client.js'

const CLIENT_ID = 'https://client.example/oauth/client.json'

interface Web {
  readonly documents: ClientDocuments
  createDocuments(): ClientDocuments
  readonly requests: string[]
  answer(handler: (req: IncomingMessage, res: ServerResponse) => void): void
  answerJson(document: unknown, headers?: Record<string, string>): void
}

/** A web in which every https host is one local server: real HTTP, without the certificates. */
async function createWeb(): Promise<Web> {
  const requests: string[] = []
  let handler = (_req: IncomingMessage, res: ServerResponse) => {
    res.writeHead(404).end()
  }
  const server = createServer((req, res) => {
    requests.push(`${req.headers.host}${req.url}`)
    handler(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
  const createDocuments = () =>
    createClientDocuments({
      clock: systemClock,
      allowlist: new Set(),
      dispatcher: new Agent({
        connect: (_options, callback) => {
          const socket = connectSocket(port, '127.0.0.1')
          socket.once('connect', () => callback(null, socket))
          socket.once('error', (error) => callback(error, null))
        },
      }),
    })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    documents: createDocuments(),
    createDocuments,
    requests,
    answer: (next) => {
      handler = next
    },
    answerJson: (document, headers = {}) => {
      handler = (_req, res) =>
        res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document))
    },
  }
}

const DOCUMENT = { client_id: CLIENT_ID, client_name: 'Example client', redirect_uris: [WEB_REDIRECT] }

describe('a client that is known by its document', () => {
  it('signs people in without registering, and is named by its address', async () => {
    const web = await createWeb()
    web.answerJson(DOCUMENT)
    const app = await startOAuthApp({ documents: web.documents })
    const browser = createBrowser()

    const page = await openConsent(app, browser, toAuthorizeUrl(app, CLIENT_ID))
    const tokens = await exchange(app, CLIENT_ID, await decide(app, browser, page))

    expect(page.text).toContain('Identified by client.example')
    expect(page.text).not.toContain('Nobody vouches')
    expect(await callMcp(app, tokens.body.access_token)).toMatchObject({
      status: 200,
      body: { clientId: CLIENT_ID, clientName: 'Example client' },
    })
    expect(web.requests).toEqual(['client.example/oauth/client.json'])
  })

  it('names the resource by an address that leaves tools out, and gets a token for the one there is', async () => {
    const web = await createWeb()
    web.answerJson(DOCUMENT)
    const app = await startOAuthApp({ documents: web.documents })
    const resource = `${app.resource}?toolsets=issues&readonly=1`
    const browser = createBrowser()

    const page = await openConsent(app, browser, toAuthorizeUrl(app, CLIENT_ID, { resource }))
    const tokens = await exchange(app, CLIENT_ID, await decide(app, browser, page), { resource })
    const again = await postForm(`${app.url}/token`, {
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      refresh_token: tokens.body.refresh_token,
      resource,
    })

    for (const { body } of [tokens, again]) {
      expect(await callMcp(app, body.access_token)).toMatchObject({ status: 200, body: { clientId: CLIENT_ID } })
    }
  })

  it('may list loopback redirects without a port, as Claude Code does, and is warned about', async () => {
    const web = await createWeb()
    const clientId = 'https://claude.ai/oauth/claude-code-client-metadata'
    web.answerJson({
      client_id: clientId,
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    })
    const app = await startOAuthApp({ documents: web.documents })
    const browser = createBrowser()
    const redirect_uri = 'http://localhost:54545/callback'

    const page = await openConsent(
      app,
      browser,
      toAuthorizeUrl(app, clientId, { redirect_uri, scope: 'offline_access' }),
    )

    expect(page.text).toContain('Any program here could use this name.')
    expect(page.text).toContain('Identified by claude.ai')
    expect((await exchange(app, clientId, await decide(app, browser, page))).status).toBe(200)
  })

  it('may offer a list of authentication methods, as ChatGPT does', async () => {
    const web = await createWeb()
    web.answerJson({
      ...DOCUMENT,
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      jwks_uri: 'https://client.example/jwks.json',
    })
    const app = await startOAuthApp({ documents: web.documents })
    const browser = createBrowser()

    const page = await openConsent(app, browser, toAuthorizeUrl(app, CLIENT_ID))

    expect((await exchange(app, CLIENT_ID, await decide(app, browser, page))).status).toBe(200)
    expect(web.requests).toEqual(['client.example/oauth/client.json'])
  })

  it('is warned about when the answer goes to another host', async () => {
    const web = await createWeb()
    web.answerJson({ ...DOCUMENT, redirect_uris: ['https://elsewhere.example/cb'] })
    const app = await startOAuthApp({ documents: web.documents })

    const page = await openConsent(
      app,
      createBrowser(),
      toAuthorizeUrl(app, CLIENT_ID, { redirect_uri: 'https://elsewhere.example/cb' }),
    )

    expect(page.text).toContain('another address than the one that identifies it')
  })

  it('keeps its tokens while its host is away, and starts nothing new', async () => {
    const web = await createWeb()
    web.answerJson(DOCUMENT)
    const app = await startOAuthApp({ documents: web.documents })
    const browser = createBrowser()
    const page = await openConsent(app, browser, toAuthorizeUrl(app, CLIENT_ID))
    const tokens = await exchange(app, CLIENT_ID, await decide(app, browser, page))
    web.answer((_req, res) => res.destroy())
    // another process with the same state, so nothing is in memory
    const restarted = await startOAuthApp({ documents: web.createDocuments() })
    app.store.sqlite.exec(`ATTACH '${restarted.databasePath}' AS other`)
    app.store.sqlite.exec('INSERT INTO other.oauth_client SELECT * FROM oauth_client')

    const answer = await refresh(restarted, CLIENT_ID, tokens.body.refresh_token)
    // the copy itself is used for a second
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const fresh = await createBrowser().get(toAuthorizeUrl(restarted, CLIENT_ID))

    // known client, unknown token: the client was found without its host
    expect(answer.body.error).toBe('invalid_grant')
    expect(fresh.status).toBe(400)
    expect(fresh.text).toContain('could not read the document that describes it')
  })

  it('may forbid keeping its document: it is read once for a sign-in all the same', async () => {
    const web = await createWeb()
    web.answerJson(DOCUMENT, { 'cache-control': 'no-store, max-age=0' })
    const app = await startOAuthApp({ documents: web.documents })
    const browser = createBrowser()

    const page = await openConsent(app, browser, toAuthorizeUrl(app, CLIENT_ID))
    const answer = await exchange(app, CLIENT_ID, await decide(app, browser, page))

    expect(answer.status).toBe(200)
    expect(web.requests).toHaveLength(1)
  })

  it('cannot be used at the token endpoint to make the server fetch things', async () => {
    const web = await createWeb()
    web.answerJson(DOCUMENT)
    const app = await startOAuthApp({ documents: web.documents })

    const answer = await refresh(app, CLIENT_ID, 'agm_rt_x')

    expect(answer.body.error).toBe('invalid_client')
    expect(web.requests).toEqual([])
  })
})

describe('a client document is refused', () => {
  it.each<[string, (res: ServerResponse) => void]>([
    ['that is missing', (res) => res.writeHead(404).end()],
    ['behind a redirect', (res) => res.writeHead(302, { location: 'https://client.example/other.json' }).end()],
    ['that is no JSON', (res) => res.end('<html>')],
    ['that is a list', (res) => res.end('[]')],
    ['larger than 5 KB', (res) => res.end(JSON.stringify({ ...DOCUMENT, padding: 'x'.repeat(5200) }))],
    ['that names another client', (res) => res.end(JSON.stringify({ ...DOCUMENT, client_id: `${CLIENT_ID}x` }))],
    ['that names no client', (res) => res.end(JSON.stringify({ ...DOCUMENT, client_id: undefined }))],
    ['with a secret', (res) => res.end(JSON.stringify({ ...DOCUMENT, client_secret: 'x' }))],
    ['without a name', (res) => res.end(JSON.stringify({ ...DOCUMENT, client_name: undefined }))],
    [
      'with a redirect that runs code',
      (res) => res.end(JSON.stringify({ ...DOCUMENT, redirect_uris: ['javascript:alert(1)'] })),
    ],
    [
      'that wants a secret',
      (res) => res.end(JSON.stringify({ ...DOCUMENT, token_endpoint_auth_method: 'client_secret_post' })),
    ],
    [
      'that wants a key',
      (res) => res.end(JSON.stringify({ ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' })),
    ],
    ['that is cut off', (res) => res.writeHead(200, { 'content-length': '900' }).write('{', () => res.destroy())],
  ])('%s', async (_name, handler) => {
    const web = await createWeb()
    web.answer((_req, res) => handler(res))
    const app = await startOAuthApp({ documents: web.documents })

    const page = await createBrowser().get(toAuthorizeUrl(app, CLIENT_ID))

    expect(page.status).toBe(400)
    expect(page.location).toBeUndefined()
    expect(page.text).toContain('This request was refused')
    expect(web.requests).toHaveLength(1)
    expect(app.faults).toEqual([])
  })

  it('that is slow', async () => {
    const web = await createWeb()
    web.answer((_req, res) => {
      res.writeHead(200).write('{')
    })
    const app = await startOAuthApp({ documents: web.documents })
    const startedAt = Date.now()

    const page = await createBrowser().get(toAuthorizeUrl(app, CLIENT_ID))

    expect(page.status).toBe(400)
    expect(Date.now() - startedAt).toBeLessThan(6000)
  })

  it.each([
    'http://client.example/client.json',
    'https://client.example/',
    'https://client.example',
    'https://client.example/a/../client.json',
    'https://client.example/%2e%2e/client.json',
    'https://user@client.example/client.json',
    'https://client.example/client.json#x',
  ])('at an address that is no client id: %s', async (clientId) => {
    const web = await createWeb()
    web.answerJson({ ...DOCUMENT, client_id: clientId })
    const app = await startOAuthApp({ documents: web.documents })

    expect((await createBrowser().get(toAuthorizeUrl(app, clientId))).status).toBe(400)
    expect(web.requests).toEqual([])
  })

  it('again for half a minute without asking its host', async () => {
    const web = await createWeb()
    const app = await startOAuthApp({ documents: web.documents })

    for (let count = 0; count < 5; count += 1) {
      await createBrowser().get(toAuthorizeUrl(app, CLIENT_ID))
    }

    expect(web.requests).toHaveLength(1)
  })

  it('when one host is asked for too many', async () => {
    const web = await createWeb()
    const app = await startOAuthApp({ documents: web.documents })

    for (let count = 0; count < 25; count += 1) {
      await createBrowser().get(toAuthorizeUrl(app, `${CLIENT_ID}?${count}`))
    }

    expect(web.requests).toHaveLength(20)
  })
})
