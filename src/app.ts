import { startAutomation } from './app-automation.js'
import { createCheckpointSigner } from './audit/checkpoint.js'
import { openAuditLog } from './audit/log.js'
import type { Config } from './config/config.js'
import { loadKeys } from './config/key-files.js'
import { openStore } from './db/open.js'
import { createApprovals } from './gate/approvals.js'
import type { Gate } from './gate/call.js'
import { createLimits } from './gate/limits.js'
import { narrowToSettings } from './gate/narrowing.js'
import { createOutbound } from './gate/outbound.js'
import { createPanicSwitch } from './gate/panic.js'
import { createPolicySource } from './gate/policy-source.js'
import { createRecentReads } from './gate/recent-reads.js'
import { createRepeats } from './gate/repeats.js'
import { createSwitchWatch } from './gate/watch-switches.js'
import { createCapabilityWatch } from './gitea/capabilities.js'
import { createGiteaTransport } from './gitea/client.js'
import {
  createDoorRoutes,
  createMcpRoute,
  createOAuthRoutes,
  createProbeRoutes,
  createRootRoute,
  createWebhookRoute,
} from './http/core-routes.js'
import { checkHealth } from './http/health.js'
import { createListener } from './http/listener.js'
import { createMetrics } from './http/metrics.js'
import { createReachabilityProbe } from './http/reachability.js'
import { recordOAuthEvent } from './http/record-oauth-event.js'
import { reportImport } from './http/report-import.js'
import { reportOpenings } from './http/report-openings.js'
import { createStack } from './http/stack.js'
import { createAdmins } from './identity/admins.js'
import { createApiKeys } from './identity/api-keys.js'
import { createEntrance } from './identity/entrance.js'
import { createForeignReaders } from './identity/foreign-readers.js'
import { createOwnTokenReader } from './identity/own-tokens.js'
import { createPersonAccess } from './identity/person-access.js'
import { createServiceAccess } from './identity/service-access.js'
import type { Automation } from './jobs/automation.js'
import { createJobs, DEFAULT_JOB_SETTINGS } from './jobs/catalog.js'
import { type Job, toPseudoTool } from './jobs/define-job.js'
import { createJobChecks } from './jobs/policy-checks.js'
import { type Clock, systemClock } from './lib/clock.js'
import type { Logger } from './lib/logger.js'
import { HOUR, MIB, MINUTE } from './lib/units.js'
import { createAdmission } from './mcp/admission.js'
import { createCallFigures } from './mcp/call-figures.js'
import { createChallenges } from './mcp/challenges.js'
import { loadFixtures } from './mcp/conformance/load-fixtures.js'
import { createDirectDoor } from './mcp/direct.js'
import { createMcpEndpoint } from './mcp/http-endpoint.js'
import { createOriginCheck } from './mcp/origins.js'
import { createSseDoor } from './mcp/sse.js'
import { createStatsHandler } from './mcp/stats.js'
import { toListedTools } from './mcp/tool-list.js'
import type { ClientDocuments } from './oauth/client-documents.js'
import { toAuthorizationServers } from './oauth/metadata.js'
import { createOAuthServer } from './oauth/server.js'
import { createObjectStore } from './objects/store.js'
import { loadPolicy } from './policy/load.js'
import { createCodeSearch } from './search/code-search.js'
import { catalog } from './tools/catalog.gen.js'

/** Files are capped by their own setting; lists and diffs may be larger, and are read in bounded pieces of this. */
const MAX_UPSTREAM_BYTES = 16 * MIB

interface AppOverrides {
  readonly clock?: Clock
  readonly migrationsPath: string
  /** Client documents for tests: without it they are fetched from public addresses only. */
  readonly documents?: ClientDocuments
  /** Other jobs than the product's, for tests. */
  readonly jobs?: readonly Job[]
}

export interface App {
  readonly store: ReturnType<typeof openStore>
  readonly gate: Gate
  /** Undefined while automation is switched off. */
  readonly automation: Automation | undefined
  /** Starts to listen; resolves to where. */
  listen(): Promise<{ host: string; port: number }>
  /** Whether anything answers at GITEA_URL. */
  isGiteaReachable(): Promise<boolean>
  /** Reads the policy file again; the old one stays when it is broken. */
  reloadPolicy(): boolean
  /** Looks whether Gitea is another version than before; done every few minutes anyway. */
  checkGitea(): Promise<void>
  /** Finishes what is under way, writes what is waiting, closes. */
  close(): Promise<void>
}

/** Constructs every service, once. Nothing else in the program does. */
export async function createApp(config: Config, log: Logger, overrides: AppOverrides): Promise<App> {
  const clock = overrides.clock ?? systemClock
  const knownJobs = overrides.jobs ?? createJobs(config.automation ?? DEFAULT_JOB_SETTINGS)
  const toolNames = [...catalog.map((tool) => tool.name), ...knownJobs.map((job) => toPseudoTool(job.name))]
  const keys = loadKeys(config)
  const store = openStore({ path: config.databasePath, migrationsPath: overrides.migrationsPath })
  const audit = openAuditLog(store, {
    clock,
    signer: createCheckpointSigner(keys.auditSigning.privateKey),
    logger: log,
    checkpointEvery: config.audit.checkpointEntries,
    checkpointIntervalMs: config.audit.checkpointMs,
  })
  const panic = createPanicSwitch(store, clock)
  const switches = createSwitchWatch({ store, audit, panic, log, onPanicChange: () => mcp.notifyListsChanged() })
  const metrics = createMetrics({ audit, panicLevel: switches.panicLevel })
  const policy = createPolicySource(
    () => loadPolicy(config.policyPath, { toolNames, jobs: createJobChecks(knownJobs) }),
    log,
    (taken) => {
      metrics.countPolicyReload(taken ? 'loaded' : 'kept_old')
      audit.recordSoon({ type: 'security_event', reason: taken ? 'policy_reloaded' : 'policy_reload_refused' })
      if (taken) {
        mcp.notifyListsChanged()
      }
    },
  )
  const limits = createLimits(store.sqlite, config.limits, clock)
  const gitea = createGiteaTransport({
    baseUrl: config.gitea.url,
    timeoutMs: config.gitea.timeoutMs,
    maxResponseBytes: MAX_UPSTREAM_BYTES,
    observe: metrics.countUpstream,
  })
  const capabilities = createCapabilityWatch({
    giteaUrl: config.gitea.url,
    clock,
    log,
    onChange: () => mcp.notifyListsChanged(),
  })
  const objects = createObjectStore({
    ...config.objects,
    clock,
    onFault: (error) => log.warn({ err: error, path: config.objects.path }, 'object_store_fault'),
  })
  const search = createCodeSearch({
    ...config.searchIndex,
    clock,
    onFault: (error) => log.warn({ err: error, path: config.searchIndex.path }, 'search_index_fault'),
  })
  const figures = createCallFigures()
  const gate: Gate = {
    narrowing: narrowToSettings(config),
    capabilities,
    tools: new Map(catalog.map((tool) => [tool.name, tool])),
    gitea,
    objects,
    search,
    automation: () => automation?.port,
    panic,
    policy,
    limits,
    approvals: createApprovals(store, clock),
    repeats: createRepeats(clock),
    recentReads: createRecentReads(store, clock),
    audit,
    outbound: createOutbound({ mode: config.secretMode, maxChars: config.limits.maxChars }),
    write: config.write,
    toolLimits: config.limits,
    authorTrust: config.authorTrust,
    deadlineMs: 2 * config.gitea.timeoutMs,
    metrics: {
      observeCall: (tool, status, seconds, accountId) => {
        metrics.observeCall(tool, status, seconds, accountId)
        figures.observe(accountId, tool, status, seconds)
      },
    },
    clock,
    log,
  }
  const oauth = createOAuthServer({
    store,
    clock,
    keyRing: keys.tokenEncryption,
    publicBaseUrl: config.publicBaseUrl,
    gitea: { ...config.gitea, discoveryTtlMs: config.oauth.discoveryTtlMs },
    stateSecret: config.oauth.stateSecret,
    redirectAllowlist: config.oauth.redirectAllowlist,
    issParameter: config.oauth.issParameter,
    authorizationServers: toAuthorizationServers(config),
    registration: { enabled: config.oauth.registration, perHour: 60 },
    clientIp: (ctx) => String(ctx.state.address),
    onEvent: (event) => recordOAuthEvent(event, audit, log),
    onRefresh: metrics.countTokenRefresh,
    onFault: (error) => log.error({ err: error }, 'oauth_fault'),
    ...(overrides.documents === undefined ? {} : { documents: overrides.documents }),
  })
  // secrets sealed by an earlier key move under the current one; a rotation needs no other step
  oauth.reencrypt()
  oauth.sweep()
  const earlier = config.oauth.earlierClientsPath
  reportImport(oauth.importClients(earlier), earlier, audit, log)
  const { serviceToken: token, repositoryRightsTtlMs: ttlMs } = config.gitea
  const service = token === undefined ? undefined : createServiceAccess({ gitea, token, store, clock, ttlMs, log })
  const admins = createAdmins({ named: config.admins, gitea, vault: oauth.vault, clock })
  const access = createPersonAccess(oauth.vault, service, gitea)
  const apiKeys = createApiKeys(store, clock, log)
  reportOpenings(config.apiKeys, log)
  const challenges = createChallenges(config.publicBaseUrl)
  const isAllowedOrigin = createOriginCheck(config.publicBaseUrl, config.corsOrigins)
  const doors = {
    gate,
    listed: toListedTools(catalog),
    challenges,
    isAllowedOrigin,
    admission: createAdmission({
      ...createEntrance({ settings: config.apiKeys, keys: apiKeys, access, clock, log }, [
        createOwnTokenReader(oauth.tokens, oauth.vault, service),
        ...createForeignReaders(config, { access, clock, log }),
      ]),
      limits,
      challenges,
      audit,
      gitea,
      clock,
      log,
      countAuthFailure: metrics.countAuthFailure,
    }),
    ...(await loadFixtures(config.conformanceFixtures)),
  }
  const mcp = createMcpEndpoint(doors)
  await switches.look()
  const sse = createSseDoor({ ...doors, endpoint: mcp, sessions: config.sessions })
  const { automation, webhooks } = startAutomation({ config, gate, store, metrics, service, jobs: knownJobs })
  const isGiteaReachable = createReachabilityProbe(config.gitea.url, clock)
  const core = {
    publicBaseUrl: config.publicBaseUrl,
    oauth,
    metrics,
    metricsEnabled: config.metricsEnabled,
    readHealth: () =>
      checkHealth({ store, audit, policy, panic, isOpen: config.apiKeys.openAs !== undefined, isGiteaReachable }),
  }
  const koa = createStack({
    config,
    log,
    metrics,
    limits,
    audit,
    probes: createProbeRoutes(core),
    signed: [createWebhookRoute(webhooks)],
    routes: [
      createRootRoute(core),
      createMcpRoute(mcp, isAllowedOrigin),
      ...createDoorRoutes({
        direct: createDirectDoor(doors),
        sse,
        stats: createStatsHandler({ ...doors, ...admins, figures, countSessions: sse.countSessions }),
        isAllowedOrigin,
      }),
      ...createOAuthRoutes(oauth, panic),
    ],
  })
  const listener = createListener(koa.callback())
  const sweep = setInterval(() => {
    oauth.sweep()
    service?.sweep()
    limits.sweep()
  }, HOUR)
  sweep.unref()
  // in the background: a Gitea that is slow or down does not hold up the start
  void capabilities.check()
  const look = setInterval(() => {
    void capabilities.check()
    apiKeys.flushUses()
  }, MINUTE)
  look.unref()
  return {
    store,
    gate,
    automation,
    listen: () => listener.listen(config.listen),
    isGiteaReachable,
    reloadPolicy: () => policy.reload(),
    checkGitea: () => capabilities.check(),
    close: async () => {
      clearInterval(sweep)
      clearInterval(look)
      capabilities.close()
      // open streams would hold up the listener
      sse.close()
      await listener.stop()
      await automation?.close()
      await mcp.close()
      apiKeys.flushUses()
      await Promise.all([gitea.close(), oauth.close()])
      objects.close()
      search.close()
      await switches.close()
      await audit.close()
      store.close()
    },
  }
}
