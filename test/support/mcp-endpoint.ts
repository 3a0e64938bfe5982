/**
 * `/mcp` over real HTTP with a real gate behind it: policy, limits, audit and database are the product's own. Only who
 * the caller is and what the tools do is up to the test.
 */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { createCheckpointSigner } from '../../src/audit/checkpoint.js'
import { openAuditLog } from '../../src/audit/log.js'
import { openStore } from '../../src/db/open.js'
import { createApprovals } from '../../src/gate/approvals.js'
import type { Gate } from '../../src/gate/call.js'
import { createLimits } from '../../src/gate/limits.js'
import { createPanicSwitch } from '../../src/gate/panic.js'
import { createPolicySource } from '../../src/gate/policy-source.js'
import { createRecentReads } from '../../src/gate/recent-reads.js'
import { createRepeats } from '../../src/gate/repeats.js'
import { createGiteaTransport } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import type { Caller } from '../../src/identity/caller.js'
import { systemClock } from '../../src/lib/clock.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { MIB, MINUTE, SECOND } from '../../src/lib/units.js'
import { createChallenges } from '../../src/mcp/challenges.js'
import { createMcpEndpoint, type McpEndpoint } from '../../src/mcp/http-endpoint.js'
import { createOriginCheck } from '../../src/mcp/origins.js'
import type { Fixtures, McpDeps } from '../../src/mcp/server.js'
import type { HttpRefusal } from '../../src/mcp/thin-exchange.js'
import { toListedTools } from '../../src/mcp/tool-list.js'
import { createObjectStore } from '../../src/objects/store.js'
import { parsePolicy } from '../../src/policy/load.js'
import { createCodeSearch } from '../../src/search/code-search.js'
import type { Tool } from '../../src/tools/define-tool.js'
import { buildCaller } from './build-caller.js'

const POLICY = 'defaults: { read: allow, write: allow }\n'

interface EndpointOptions {
  readonly tools: readonly Tool[]
  readonly callsPerMinute?: number
  readonly fixtures?: Fixtures
  /** What this Gitea does not have. */
  missing?(): ReadonlySet<OperationName>
  admit?(req: IncomingMessage): Caller | HttpRefusal
  prove?(): Promise<void>
  /** Another way to answer a request, beside `/mcp`. */
  readonly beside?: { readonly path: string; create(deps: McpDeps): RawHandler }
}

export type RawHandler = (req: IncomingMessage, res: ServerResponse, body: string) => Promise<void>

export interface EndpointUnderTest {
  /** Address of `/mcp`. */
  readonly url: string
  readonly origin: string
  readonly gate: Gate
  readonly endpoint: McpEndpoint
  close(): Promise<void>
}

export async function startMcpEndpoint(options: EndpointOptions): Promise<EndpointUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-mcp-'))
  const store = openStore({ path: join(folder, 'aegis.db'), migrationsPath: join(process.cwd(), 'migrations') })
  const log = createSilentLogger()
  const audit = openAuditLog(store, {
    clock: systemClock,
    signer: createCheckpointSigner(generateKeyPairSync('ed25519').privateKey),
    logger: log,
    checkpointEvery: 1000,
    checkpointIntervalMs: MINUTE,
  })
  const gitea = createGiteaTransport({ baseUrl: 'http://127.0.0.1:9', timeoutMs: SECOND, maxResponseBytes: 1000 })
  const limitSettings = {
    perAddressPerMinute: 1_000_000,
    perTokenPerMinute: options.callsPerMinute ?? 1_000_000,
    authFailures: 5,
    authFailureWindowMs: MINUTE,
  }
  const gate: Gate = {
    narrowing: [],
    capabilities: { version: () => '1.26.0', missing: () => options.missing?.() ?? new Set() },
    tools: new Map(options.tools.map((tool) => [tool.name, tool])),
    gitea,
    automation: () => undefined,
    objects: createObjectStore({ path: join(folder, 'objects.db'), maxBytes: 0, clock: systemClock }),
    search: createCodeSearch({ path: join(folder, 'search.db'), maxBytes: 16 * MIB, clock: systemClock }),
    panic: createPanicSwitch(store, systemClock),
    policy: createPolicySource(
      () => parsePolicy(POLICY, { file: 'policy.yaml', toolNames: options.tools.map(({ name }) => name) }),
      log,
      () => {},
    ),
    limits: createLimits(store.sqlite, limitSettings, systemClock),
    approvals: createApprovals(store, systemClock),
    repeats: createRepeats(systemClock),
    recentReads: createRecentReads(store, systemClock),
    audit,
    // the marks around an answer are random, and answers are compared here
    outbound: {
      prepare: ({ text, data }) => ({ text, data, masked: 0 }),
      mask: (text) => ({ text, masked: 0 }),
      summarize: (args) => args,
    },
    write: { enabled: true, allRepositories: true, repositories: new Set() },
    authorTrust: 'all',
    toolLimits: { maxItems: 100, maxChars: 10_000, maxFileBytes: 10_000 },
    deadlineMs: 10 * SECOND,
    metrics: { observeCall: () => {} },
    clock: systemClock,
    log,
  }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const deps = {
    gate,
    listed: toListedTools(options.tools),
    challenges: createChallenges(origin),
    ...(options.fixtures === undefined ? {} : { fixtures: options.fixtures }),
  }
  const endpoint = createMcpEndpoint({
    ...deps,
    admission: {
      admit: async (req) => options.admit?.(req) ?? buildCaller(),
      prove: async () => options.prove?.(),
    },
    isAllowedOrigin: createOriginCheck(origin, []),
  })
  const app = new Koa<{ requestId: string; address: string }>()
  app.use(async (ctx, next) => {
    ctx.state.requestId = 'request-1'
    ctx.state.address = '127.0.0.1'
    if (ctx.path === '/mcp') {
      await endpoint.handle(ctx, next)
    }
  })
  const koa = app.callback()
  const beside = options.beside?.create(deps)
  server.on('request', (req, res) => {
    if (beside !== undefined && req.url === options.beside?.path) {
      void readText(req).then((body) => beside(req, res, body))
    } else {
      void koa(req, res)
    }
  })
  return {
    url: `${origin}/mcp`,
    origin,
    gate,
    endpoint,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await endpoint.close()
      await audit.close()
      await gitea.close()
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
