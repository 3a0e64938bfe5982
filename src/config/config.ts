import { BlockList, isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { InvalidInput } from '../lib/errors.js'
import type { LogLevel } from '../lib/logger.js'
import { Secret } from '../lib/secret.js'
import { MIB, MINUTE, SECOND } from '../lib/units.js'
import { type ApiKeySettings, toApiKeySettings } from './api-keys.js'
import { type AutomationSettings, toAutomationSettings } from './automation-settings.js'
import { type Env, parseEnv, toSettingsMessage } from './env.js'
import { type IssuerSettings, toIssuers } from './issuers-file.js'

/** What the rest of the program is told: parsed, defaulted and checked against each other. */
export interface Config {
  readonly gitea: {
    /** Without trailing slash. */
    readonly url: string
    readonly clientId: string
    readonly clientSecret: Secret
    /** Of the service account, where one makes the calls. */
    readonly serviceToken: Secret | undefined
    readonly repositoryRightsTtlMs: number
    readonly timeoutMs: number
    readonly checkAtStart: boolean
  }
  readonly listen: { readonly host: string; readonly port: number }
  /** Origin of everything we serve, and our issuer. Without trailing slash. */
  readonly publicBaseUrl: string
  readonly trustedProxies: BlockList
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
  readonly logLevel: LogLevel
  readonly metricsEnabled: boolean
  /** Logins and account ids, lower case. */
  readonly admins: ReadonlySet<string>
  readonly databasePath: string
  readonly objects: { readonly path: string; readonly maxBytes: number }
  readonly searchIndex: { readonly path: string; readonly maxBytes: number }
  readonly policyPath: string
  readonly keys: {
    readonly tokenEncryption: readonly string[] | undefined
    readonly auditSigningPath: string | undefined
  }
  readonly audit: { readonly checkpointEntries: number; readonly checkpointMs: number }
  readonly oauth: {
    readonly stateSecret: Secret
    readonly discoveryTtlMs: number
    readonly redirectAllowlist: readonly string[]
    readonly issParameter: boolean
    readonly registration: boolean
    /** Where the Python original kept its clients. */
    readonly earlierClientsPath: string
  }
  readonly apiKeys: ApiKeySettings
  /** Tokens that were made elsewhere. */
  readonly foreignTokens: {
    /** Whether Gitea's own are taken. */
    readonly ofGitea: boolean
    /** Client ids in Gitea besides ours. */
    readonly audiences: readonly string[]
    readonly issuers: readonly IssuerSettings[]
  }
  readonly limits: {
    readonly authFailures: number
    readonly authFailureWindowMs: number
    readonly perAddressPerMinute: number
    readonly perTokenPerMinute: number
    readonly maxFileBytes: number
    readonly maxItems: number
    readonly maxChars: number
  }
  /** Of the deprecated HTTP+SSE door, the only one that keeps any. */
  readonly sessions: { readonly idleMs: number; readonly perPerson: number }
  readonly secretMode: 'mask' | 'block' | 'off'
  readonly authorTrust: 'all' | 'writers'
  readonly write: WriteRules
  /** Names of the tool groups to offer, as given; `all` is every one. */
  readonly toolsets: readonly string[]
  readonly automation: AutomationSettings | undefined
  readonly conformanceFixtures: boolean
}

/** The write gates that stand outside the policy. */
export interface WriteRules {
  readonly enabled: boolean
  /** Lower case `owner/name`. */
  readonly repositories: ReadonlySet<string>
  readonly allRepositories: boolean
}

const ANY_INTERFACE = new Set(['0.0.0.0', '::', '[::]', '*'])

/**
 * Settings → Config.
 *
 * @throws InvalidInput with every problem in one message
 */
export function loadConfig(source: NodeJS.ProcessEnv): Config {
  const { env, problems: ownProblems, wrong } = parseEnv(source)
  const { config, problems } = toConfig(env)
  // what follows from a setting that is wrong by itself would only confuse
  const further = problems.filter((problem) => !wrong.some((name) => problem.includes(name)))
  if (ownProblems.length + further.length > 0) {
    throw new InvalidInput(toSettingsMessage([...ownProblems, ...further]))
  }
  return config
}

function toConfig(env: Env): { readonly config: Config; readonly problems: readonly string[] } {
  const problems: string[] = []
  const trustedProxies = toBlockList(env.TRUSTED_PROXIES, problems)
  const publicBaseUrl = toPublicBaseUrl(env, problems)
  checkBind(env, problems)
  checkWrites(env, problems)
  for (const origin of env.CORS_ORIGINS) {
    if (URL.parse(origin)?.origin !== origin) {
      problems.push(`CORS_ORIGINS has “${origin}”, which is not an origin like https://app.example.org.`)
    }
  }
  if (env.AEGIS_CONFORMANCE_FIXTURES && (env.ENVIRONMENT === 'production' || !isLoopbackHost(env.MCP_HOST))) {
    problems.push('AEGIS_CONFORMANCE_FIXTURES is for tests on this computer only. Remove it.')
  }
  const config: Config = {
    gitea: {
      url: env.GITEA_URL.replace(/\/+$/, ''),
      clientId: env.GITEA_OAUTH_CLIENT_ID,
      clientSecret: new Secret(env.GITEA_OAUTH_CLIENT_SECRET),
      serviceToken: env.GITEA_TOKEN === undefined ? undefined : new Secret(env.GITEA_TOKEN),
      repositoryRightsTtlMs: env.REPO_AUTHZ_CACHE_TTL_SECONDS * SECOND,
      timeoutMs: env.REQUEST_TIMEOUT_SECONDS * SECOND,
      checkAtStart: env.STARTUP_VALIDATE_GITEA,
    },
    listen: { host: env.MCP_HOST, port: env.MCP_PORT },
    publicBaseUrl,
    trustedProxies,
    allowedHosts: env.ALLOWED_HOSTS.map((host) => host.toLowerCase()),
    corsOrigins: env.CORS_ORIGINS,
    logLevel: env.LOG_LEVEL,
    metricsEnabled: env.METRICS_ENABLED,
    admins: new Set(env.ADMIN_USERS.map((name) => name.toLowerCase())),
    databasePath: env.DATABASE_PATH,
    ...toDisposable(env, problems),
    policyPath: env.POLICY_FILE_PATH,
    keys: { tokenEncryption: env.TOKEN_ENCRYPTION_KEYS, auditSigningPath: env.AUDIT_SIGNING_KEY_PATH },
    audit: {
      checkpointEntries: env.AUDIT_CHECKPOINT_ENTRIES,
      checkpointMs: env.AUDIT_CHECKPOINT_SECONDS * SECOND,
    },
    oauth: {
      stateSecret: new Secret(env.OAUTH_STATE_SECRET),
      discoveryTtlMs: env.OAUTH_CACHE_TTL_SECONDS * SECOND,
      redirectAllowlist: env.OAUTH_REDIRECT_ALLOWLIST,
      issParameter: env.OAUTH_ISS_PARAMETER,
      registration: env.DCR_ENABLED,
      earlierClientsPath: env.DCR_STORAGE_PATH,
    },
    apiKeys: toApiKeySettings(env, { publicBaseUrl, isLoopback: isLoopbackHost }, problems),
    foreignTokens: {
      ofGitea: env.OAUTH_MODE,
      audiences: env.OAUTH_EXPECTED_AUDIENCE,
      issuers: toIssuers(env, publicBaseUrl, problems),
    },
    limits: {
      authFailures: env.MAX_AUTH_FAILURES,
      authFailureWindowMs: env.AUTH_FAILURE_WINDOW * SECOND,
      perAddressPerMinute: env.RATE_LIMIT_PER_MINUTE,
      perTokenPerMinute: env.TOKEN_RATE_LIMIT_PER_MINUTE,
      maxFileBytes: env.MAX_FILE_SIZE_BYTES,
      maxItems: env.MAX_TOOL_RESPONSE_ITEMS,
      maxChars: env.MAX_TOOL_RESPONSE_CHARS,
    },
    sessions: { idleMs: env.SESSION_IDLE_TIMEOUT_MINUTES * MINUTE, perPerson: env.MAX_SESSIONS_PER_USER },
    secretMode: env.SECRET_DETECTION_MODE,
    authorTrust: env.AUTHOR_TRUST,
    write: {
      enabled: env.WRITE_MODE,
      repositories: new Set(env.WRITE_REPOSITORY_WHITELIST.map((name) => name.toLowerCase())),
      allRepositories: env.WRITE_ALLOW_ALL_TOKEN_REPOS,
    },
    toolsets: env.TOOLSETS,
    automation: toAutomationSettings(env, { isLoopback: isLoopbackHost }, problems),
    conformanceFixtures: env.AEGIS_CONFORMANCE_FIXTURES,
  }
  return { config, problems }
}

/** Files that are thrown away when something is wrong with them: none may be another's. */
function toDisposable(env: Env, problems: string[]) {
  const toPath = (given: string | undefined, name: string) => given ?? join(dirname(env.DATABASE_PATH), name)
  const paths = {
    DATABASE_PATH: env.DATABASE_PATH,
    OBJECT_STORE_PATH: toPath(env.OBJECT_STORE_PATH, 'objects.db'),
    SEARCH_INDEX_PATH: toPath(env.SEARCH_INDEX_PATH, 'search.db'),
  }
  const seen = new Map<string, string>()
  for (const [setting, path] of Object.entries(paths)) {
    const other = seen.get(resolve(path))
    if (other !== undefined) problems.push(`${setting} is the same file as ${other}. It needs a file of its own.`)
    seen.set(resolve(path), setting)
  }
  return {
    objects: { path: paths.OBJECT_STORE_PATH, maxBytes: env.OBJECT_STORE_MAX_MB * MIB },
    searchIndex: { path: paths.SEARCH_INDEX_PATH, maxBytes: env.SEARCH_INDEX_MAX_MB * MIB },
  }
}

function toPublicBaseUrl(env: Env, problems: string[]): string {
  const host = ANY_INTERFACE.has(env.MCP_HOST) ? '127.0.0.1' : env.MCP_HOST
  const given = env.PUBLIC_BASE_URL ?? `http://${isIP(host) === 6 ? `[${host}]` : host}:${env.MCP_PORT}`
  const url = URL.parse(given)
  if (url === null) {
    problems.push(`MCP_HOST is “${env.MCP_HOST}”, which is neither a host name nor an address.`)
    return given
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    problems.push(`PUBLIC_BASE_URL must be scheme, host and port only, like https://mcp.example.org; it is ${given}.`)
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    problems.push(
      `PUBLIC_BASE_URL must start with https:// (it is ${given}): tokens would cross the network in the clear, and AI clients refuse it.`,
    )
  }
  return url.origin
}

function checkBind(env: Env, problems: string[]): void {
  if (ANY_INTERFACE.has(env.MCP_HOST) && !env.ALLOW_INSECURE_BIND) {
    problems.push(
      `MCP_HOST=${env.MCP_HOST} listens on every interface. Use 127.0.0.1, or set ALLOW_INSECURE_BIND=true when a TLS proxy or a container network stands in front.`,
    )
  }
}

function checkWrites(env: Env, problems: string[]): void {
  for (const name of env.WRITE_REPOSITORY_WHITELIST) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
      problems.push(`WRITE_REPOSITORY_WHITELIST has “${name}”; write repositories as owner/name.`)
    }
  }
  if (env.WRITE_MODE && !env.WRITE_ALLOW_ALL_TOKEN_REPOS && env.WRITE_REPOSITORY_WHITELIST.length === 0) {
    problems.push(
      'WRITE_MODE=true needs WRITE_REPOSITORY_WHITELIST=owner/name,… (or WRITE_ALLOW_ALL_TOKEN_REPOS=true).',
    )
  }
}

function toBlockList(ranges: readonly string[], problems: string[]): BlockList {
  const block = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address)
    const bits = Number(prefix ?? (family === 6 ? 128 : 32))
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32)) {
      problems.push(`TRUSTED_PROXIES has “${range}”, which is not an address or a CIDR range like 172.16.0.0/12.`)
      continue
    }
    block.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return block
}

/** Whether a host name or address means this computer. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}
