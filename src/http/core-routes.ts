import cors from '@koa/cors'
import type Koa from 'koa'
import type { PanicSwitch } from '../gate/panic.js'
import { VERSION } from '../lib/version.js'
import type { DirectDoor } from '../mcp/direct.js'
import type { McpEndpoint } from '../mcp/http-endpoint.js'
import type { SseDoor } from '../mcp/sse.js'
import type { StatsHandler } from '../mcp/stats.js'
import type { OAuthServer } from '../oauth/server.js'
import type { WebhookReceiver } from '../webhooks/receive.js'
import type { HttpContext } from './context.js'
import type { HealthReport } from './health.js'
import type { Metrics } from './metrics.js'
import { refuseWhileStopped } from './refuse-while-stopped.js'
import type { Route } from './routes.js'

interface CoreDeps {
  readonly publicBaseUrl: string
  readonly oauth: OAuthServer
  readonly metrics: Metrics
  readonly metricsEnabled: boolean
  readHealth(): Promise<HealthReport>
}

/** Probes: answered for any host name, never rate limited. */
export function createProbeRoutes({ metrics, metricsEnabled, readHealth }: CoreDeps): readonly Route[] {
  const answerHealth = async (ctx: HttpContext) => {
    const report = await readHealth()
    ctx.status = report.status === 'healthy' ? 200 : 503
    ctx.body = report
  }
  const live = async (ctx: HttpContext) => {
    ctx.body = { status: 'live', version: VERSION }
  }
  const render = async (ctx: HttpContext) => {
    const { contentType, text } = await metrics.render()
    ctx.set('Content-Type', contentType)
    ctx.body = text
  }
  return [
    { method: 'GET', path: '/health', access: 'public', handle: answerHealth },
    { method: 'GET', path: '/health/live', access: 'public', handle: live },
    { method: 'GET', path: '/health/ready', access: 'public', handle: answerHealth },
    ...(metricsEnabled ? [{ method: 'GET', path: '/metrics', access: 'public', handle: render } as const] : []),
  ]
}

/** `/`: a page for people, facts for machines. */
export function createRootRoute({ publicBaseUrl, oauth }: CoreDeps): Route {
  return {
    method: 'GET',
    path: '/',
    access: 'public',
    handle: async (ctx) => {
      ctx.vary('Accept')
      if (ctx.accepts('json', 'html') === 'html') {
        const { html, headers } = oauth.renderHome()
        ctx.set({ ...headers })
        ctx.type = 'html'
        ctx.body = html
        return
      }
      ctx.body = {
        name: 'AegisGitea MCP',
        version: VERSION,
        status: 'running',
        mcp_endpoint: `${publicBaseUrl}/mcp`,
        authorization_server: `${publicBaseUrl}/.well-known/oauth-authorization-server`,
        protected_resource: `${publicBaseUrl}/.well-known/oauth-protected-resource`,
        health: `${publicBaseUrl}/health`,
      }
    },
  }
}

/** The authorization server's routes, as routes of the stack. Pages prove themselves by cookie and form token. */
export function createOAuthRoutes(oauth: OAuthServer, panic: Pick<PanicSwitch, 'current'>): readonly Route[] {
  return oauth.routes
    .map((route) => refuseWhileStopped(route, oauth, panic))
    .map(({ method, path, kind, handle }) => ({
      method,
      path,
      access: kind === 'page' ? 'browser' : 'public',
      handle: async (ctx) => handle(ctx),
    }))
}

interface DoorRoutesDeps {
  readonly direct: DirectDoor
  readonly sse: Pick<SseDoor, 'handle'>
  readonly stats: StatsHandler
  isAllowedOrigin(origin: string): boolean
}

/** `/mcp`, with CORS for the web origins that may call it; every method reaches the endpoint, which says what it takes. */
export function createMcpRoute(endpoint: McpEndpoint, isAllowedOrigin: (origin: string) => boolean): Route {
  const allow = allowOrigins(isAllowedOrigin)
  return {
    method: 'ALL',
    path: '/mcp',
    access: 'bearer',
    handle: (ctx, next) => allow(ctx, () => endpoint.handle(ctx, next)),
  }
}

/** The doors beside `/mcp`: HTTP+SSE, plain JSON, and what came of the calls. Which tools there are at all is public. */
export function createDoorRoutes({ direct, sse, stats, isAllowedOrigin }: DoorRoutesDeps): readonly Route[] {
  const allow = allowOrigins(isAllowedOrigin)
  const list: Route['handle'] = (ctx) => allow(ctx, () => direct.list(ctx))
  return [
    {
      method: 'ALL',
      path: '/mcp/sse',
      access: 'bearer',
      handle: (ctx, next) => allow(ctx, () => sse.handle(ctx, next)),
    },
    { method: 'ALL', path: '/mcp/tool/call', access: 'bearer', handle: (ctx) => allow(ctx, () => direct.call(ctx)) },
    {
      method: 'ALL',
      path: '/automation/jobs/:id',
      access: 'bearer',
      handle: (ctx) => allow(ctx, () => direct.getJob(ctx, ctx.path.slice(JOBS.length))),
    },
    // behind the pattern, because of several that match the router takes the last
    {
      method: 'ALL',
      path: '/automation/jobs/run',
      access: 'bearer',
      handle: (ctx) => allow(ctx, () => direct.runJob(ctx)),
    },
    { method: 'GET', path: '/api/v1/stats', access: 'bearer', handle: (ctx) => stats(ctx) },
    { method: 'GET', path: '/mcp/tools', access: 'public', handle: list },
    { method: 'OPTIONS', path: '/mcp/tools', access: 'public', handle: list },
  ]
}

/** Where Gitea's webhooks come in. Each delivery proves itself; those that do not are counted by the receiver itself. */
export function createWebhookRoute(receiver: WebhookReceiver): Route {
  return { method: 'ALL', path: '/automation/webhook', access: 'signed', handle: (ctx) => receiver.handle(ctx) }
}

const JOBS = '/automation/jobs/'

function allowOrigins(isAllowedOrigin: (origin: string) => boolean): Koa.Middleware {
  return cors({
    origin: (ctx) => {
      const origin = ctx.get('Origin')
      return isAllowedOrigin(origin) ? origin : ''
    },
    allowMethods: 'GET, POST, OPTIONS',
    allowHeaders:
      'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID, X-MCP-Toolsets, X-MCP-Tools, X-MCP-Readonly',
    exposeHeaders: 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, X-Request-ID, Retry-After',
    maxAge: 3600,
  })
}
