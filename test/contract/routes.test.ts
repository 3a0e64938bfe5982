import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createDoorRoutes,
  createMcpRoute,
  createOAuthRoutes,
  createProbeRoutes,
  createRootRoute,
  createWebhookRoute,
} from '../../src/http/core-routes.js'
import { createMetrics } from '../../src/http/metrics.js'
import type { Route } from '../../src/http/routes.js'
import { startOAuthApp } from '../oauth/oauth-app.js'
import { type Browser, createBrowser } from '../support/browser.js'
import type { GiteaSandbox } from '../support/gitea-sandbox/start.js'
import { startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { listFiles } from './source-files.js'

/** Open to everyone. What comes here needs a reason that a stranger may use it. */
const PUBLIC = [
  // a page that says what this is
  'GET /',
  // probes and figures: no person, repository or token in them
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  // how a client finds its way in
  ...[
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-protected-resource/mcp/sse',
  ].flatMap((path) => [`GET ${path}`, `OPTIONS ${path}`]),
  // a client that nobody knows yet; then a code, a token or a secret is what proves it
  // which tools there are at all, as policy and settings leave them to anybody
  'GET /mcp/tools',
  'OPTIONS /mcp/tools',
  ...['/register', '/token', '/oauth/token', '/revoke'].flatMap((path) => [`POST ${path}`, `OPTIONS ${path}`]),
]

let stack: Stack<GiteaSandbox>
/** Where automation is on. */
let signing: Stack<GiteaSandbox>

beforeAll(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }))
  signing = await startStack(stack.gitea, {
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await stack.gitea.createToken('alice', ['read:user']),
      AUTOMATION_WEBHOOK_SECRETS: 'a-secret-of-the-contract',
    },
  })
})

afterAll(async () => {
  await signing.close()
  await stack.close()
  await stack.gitea.close()
})

test('only these routes are public', async () => {
  const open = (await listRoutes()).filter(({ access }) => access === 'public')

  expect(open.map(toName).sort()).toEqual([...PUBLIC].sort())
})

test('every route for clients refuses a request without a token, and says where to get one', async () => {
  const routes = (await listRoutes()).filter(({ access }) => access === 'bearer')
  expect(routes.map(toName)).toEqual([
    'ALL /mcp',
    'ALL /mcp/sse',
    'ALL /mcp/tool/call',
    'ALL /automation/jobs/:id',
    'ALL /automation/jobs/run',
    'GET /api/v1/stats',
  ])

  for (const { path, method } of routes) {
    for (const asked of method === 'ALL' ? ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'] : [method]) {
      const answer = await fetch(stack.url + path, { method: asked })
      expect([asked, path, answer.status]).toEqual([asked, path, 401])
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer resource_metadata="http[^"]+\/\.well-known\/oauth-protected-resource\/mcp(?:\/sse)?", scope="read:repository"$/,
      )
    }
  }
})

test('every route for signed messages refuses one without a signature, and every other method', async () => {
  const routes = (await listRoutes()).filter(({ access }) => access === 'signed')
  expect(routes.map(toName)).toEqual(['ALL /automation/webhook'])

  const ask = (method: string, headers: Record<string, string> = {}) =>
    fetch(`${signing.url}/automation/webhook`, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) })
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    expect([method, (await ask(method)).status]).toEqual([method, 405])
  }
  expect((await ask('POST')).status).toBe(401)
  expect((await ask('POST', { 'x-gitea-signature': '', 'x-hub-signature-256': 'sha256=' })).status).toBe(401)
  expect((await ask('POST', { 'x-gitea-signature': '0'.repeat(64) })).status).toBe(415)
})

test('every route for people refuses a browser that did not begin there, also with the address of a sign-in under way', async () => {
  const owner = createBrowser()
  const uid = await beginSignIn(owner)
  const routes = (await listRoutes()).filter(({ access }) => access === 'browser')
  expect(routes.length).toBeGreaterThan(5)

  for (const { path, method } of routes) {
    const answer = await fetch(stack.url + path.replace(':uid', uid), {
      method,
      redirect: 'manual',
      ...(method === 'POST' ? { body: new URLSearchParams({ decision: 'allow' }) } : {}),
    })
    expect([method, path, answer.status]).toEqual([method, path, 400])
    expect(answer.headers.get('location')).toBeNull()
  }
  expect((await owner.get(`${stack.url}/interaction/${uid}`)).status).toBe(303)
})

test('no route is declared anywhere else', () => {
  const files = listFiles('src/**/*.ts', 'src/**/*.tsx', 'src/*.ts')
  const sources = files.map((file) => [file, readFileSync(file, 'utf8')] as const)
  const filesWith = (pattern: RegExp) => sources.filter(([, source]) => pattern.test(source)).map(([file]) => file)

  expect(filesWith(/\baccess: '(?:public|bearer|browser|signed)'/)).toEqual(['src/http/core-routes.ts'])
  expect(filesWith(/from '@koa\/router'/)).toEqual(['src/http/routes.ts'])
  const mounted = readFileSync('src/app.ts', 'utf8').matchAll(/(?<=[\s.[])create\w+Routes?(?=\()/g)
  expect([...mounted].map(([name]) => name).sort()).toEqual(
    [createDoorRoutes, createMcpRoute, createOAuthRoutes, createProbeRoutes, createRootRoute, createWebhookRoute]
      .map(({ name }) => name)
      .sort(),
  )
})

/** The routes as the program declares them; only their handlers are for show. */
async function listRoutes(): Promise<readonly Route[]> {
  const { oauth, url } = await startOAuthApp()
  const core = {
    publicBaseUrl: url,
    oauth,
    metrics: createMetrics({
      audit: { health: () => ({ ok: true }), head: () => ({ seq: 0, hash: '' }) },
      panicLevel: () => undefined,
    }),
    metricsEnabled: true,
    readHealth: async () => ({ status: 'healthy', version: '0', panic: { level: 'off' }, checks: {} }) as const,
  }
  const endpoint = { handle: async () => {}, notifyListsChanged: () => {}, close: async () => {} }
  return [
    ...createProbeRoutes(core),
    createRootRoute(core),
    createMcpRoute(endpoint, () => false),
    ...createDoorRoutes({
      direct: { list: async () => {}, call: async () => {}, runJob: async () => {}, getJob: async () => {} },
      sse: { handle: async () => {} },
      stats: async () => {},
      isAllowedOrigin: () => false,
    }),
    ...createOAuthRoutes(oauth, { current: () => undefined }),
    createWebhookRoute({ handle: async () => {} }),
  ]
}

function toName({ method, path }: Route): string {
  return `${method} ${path}`
}

/** A client's request in `browser`, up to where it would go to Gitea. */
async function beginSignIn(browser: Browser): Promise<string> {
  const redirectUri = 'https://client.example/callback'
  const registered = await fetch(`${stack.url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
  })
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: Object(await registered.json()).client_id,
    redirect_uri: redirectUri,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  const page = await browser.get(`${stack.url}/authorize?${query}`)
  return /\/interaction\/([\w-]+)$/.exec(page.location ?? '')?.[1] ?? ''
}
