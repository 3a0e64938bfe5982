import { existsSync } from 'node:fs'
import { z } from 'zod'
import { automation } from './env-automation.js'
import { flag, list, oneOf, text, webUrl, whole } from './env-fields.js'

/*
 * The only reader of process.env. One described line per variable; `npm run gen` turns them into `.env.example` and
 * `docs/configuration.md`. Rules that look at several settings at once are in config.ts.
 */

const gitea = {
  GITEA_URL: webUrl.describe('Address of your Gitea, as people type it into a browser.'),
  GITEA_OAUTH_CLIENT_ID: text.describe('Client ID of the OAuth2 application in Gitea (`aegis setup` creates it).'),
  GITEA_OAUTH_CLIENT_SECRET: text.describe('Its client secret.'),
  GITEA_TOKEN: text
    .optional()
    .describe(
      'Access token of a service account. With it calls go out with this token, after the person’s own right was checked; a site administrator’s token checks it exactly.',
    ),
  REPO_AUTHZ_CACHE_TTL_SECONDS: whole(0, 3600)
    .default(60)
    .describe('With GITEA_TOKEN: how long a person’s right on a repository is remembered; 0 asks before every call.'),
  REQUEST_TIMEOUT_SECONDS: whole(1, 600).default(30).describe('How long one request to Gitea may take.'),
  STARTUP_VALIDATE_GITEA: flag.default(true).describe('Check at start that Gitea answers; a warning, not a refusal.'),
}

const server = {
  MCP_HOST: text.default('127.0.0.1').describe('Address to listen on.'),
  MCP_PORT: whole(0, 65535).default(8080).describe('Port to listen on.'),
  PUBLIC_BASE_URL: webUrl
    .optional()
    .describe('Address that AI clients and browsers use, https except on this computer. Default: the listen address.'),
  ALLOW_INSECURE_BIND: flag
    .default(false)
    .describe('Allow listening on every interface (0.0.0.0 or ::). Only behind a TLS proxy.'),
  TRUSTED_PROXIES: list
    .default([])
    .describe('Proxies whose X-Forwarded-For is believed: addresses or CIDR ranges, comma separated.'),
  ALLOWED_HOSTS: list
    .default([])
    .describe('Further Host names to answer to, besides the one in PUBLIC_BASE_URL, comma separated.'),
  CORS_ORIGINS: list
    .default([])
    .describe('Web origins whose pages may call /mcp from a browser, comma separated, e.g. https://inspector.example.'),
  LOG_LEVEL: text
    .toUpperCase()
    .pipe(oneOf(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']))
    .default('INFO')
    .describe('How much is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.'),
  TOOLSETS: list
    .default(['all'])
    .describe(
      'Groups of tools to offer, comma separated: repositories, files, search, issues, pulls, releases, actions, wiki, notifications, people.',
    ),
  ADMIN_USERS: list
    .default([])
    .describe('Admins besides Gitea’s own, who see everyone’s figures: logins, or account ids like `gitea:7`.'),
  METRICS_ENABLED: flag.default(true).describe('Serve Prometheus metrics at /metrics.'),
  ENVIRONMENT: text.default('development').describe('`production` refuses everything that is meant for tests.'),
}

const storage = {
  DATABASE_PATH: text.default('./data/aegis.db').describe('The SQLite file that holds all state.'),
  OBJECT_STORE_PATH: text
    .optional()
    .describe(
      'Git objects that were read before; may be deleted at any time. Default: objects.db beside the database.',
    ),
  OBJECT_STORE_MAX_MB: whole(0, 1_000_000).default(512).describe('Largest size of that file in MB; 0 keeps nothing.'),
  SEARCH_INDEX_PATH: text
    .optional()
    .describe('Index of code search; may be deleted at any time. Default: search.db beside the database.'),
  SEARCH_INDEX_MAX_MB: whole(16, 1_000_000).default(1024).describe('Largest size of that file in MB.'),
  POLICY_FILE_PATH: text.default('./policy/policy.yaml').describe('The policy file.'),
  TOKEN_ENCRYPTION_KEYS: list
    .optional()
    .describe(
      'Keys for tokens at rest as `id:base64 of 32 bytes`, current one first. Default: generated beside the database.',
    ),
  AUDIT_SIGNING_KEY_PATH: text
    .optional()
    .describe('Ed25519 private key (PEM) that signs audit checkpoints. Default: generated beside the database.'),
  AUDIT_CHECKPOINT_ENTRIES: whole(1, 1_000_000)
    .default(1000)
    .describe('Sign a checkpoint after so many audit entries.'),
  AUDIT_CHECKPOINT_SECONDS: whole(1, 86_400).default(300).describe('And at the latest after so many seconds.'),
}

const oauth = {
  OAUTH_STATE_SECRET: text
    .min(32, { error: 'must be at least 32 characters (for example: openssl rand -hex 32)' })
    .describe('Signs the sign-in state and our cookies. At least 32 characters, e.g. `openssl rand -hex 32`.'),
  OAUTH_CACHE_TTL_SECONDS: whole(1, 86_400)
    .default(300)
    .describe('How long OpenID discovery and keys are kept, and what was found out about a token made elsewhere.'),
  OAUTH_MODE: flag
    .default(false)
    .describe('Also take Gitea’s own OAuth tokens, from clients that are registered as applications in Gitea itself.'),
  OAUTH_EXPECTED_AUDIENCE: list
    .default([])
    .describe('With OAUTH_MODE: client IDs of further applications in Gitea whose tokens are taken, comma separated.'),
  OIDC_ISSUERS_PATH: text
    .optional()
    .describe('YAML file of other identity providers whose tokens are taken (docs/identity-providers.md).'),
  OAUTH_REDIRECT_ALLOWLIST: list
    .default([])
    .describe('Redirect addresses to accept besides https, loopback and known app schemes, comma separated, exact.'),
  OAUTH_ISS_PARAMETER: flag
    .default(true)
    .describe('Send and advertise `iss` (RFC 9207). Off only for a client that cannot take it.'),
  DCR_ENABLED: flag.default(true).describe('Let AI clients register themselves at /register.'),
  DCR_STORAGE_PATH: text
    .default('/var/lib/aegis-mcp/dcr_clients.json')
    .describe('Clients that registered with the Python original; read once, at the first start that finds the file.'),
}

const apiKeys = {
  MCP_API_KEYS: list
    .default([])
    .describe(
      'API keys as `login:key`, comma separated, each of 32 or more characters; the login is the person’s in Gitea. Better: `aegis keys generate`, which keeps them hashed.',
    ),
  MCP_API_KEY_USER: text
    .optional()
    .describe('Login in Gitea of the person for whom keys in MCP_API_KEYS without a login stand.'),
  ALLOW_QUERY_API_KEY: flag
    .default(false)
    .describe(
      'Also take an API key as `?api_key=` in the address, for clients without headers. Addresses are logged by everything they pass.',
    ),
  AUTH_ENABLED: flag
    .default(true)
    .describe('`false` lets everyone on this computer in as MCP_API_KEY_USER, for tests; needs GITEA_TOKEN.'),
}

const limits = {
  MAX_AUTH_FAILURES: whole(1, 1000).default(5).describe('Failed sign-ins from one address before it has to wait.'),
  AUTH_FAILURE_WINDOW: whole(1, 86_400).default(300).describe('Seconds in which they are counted, and waited.'),
  RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).default(60).describe('Requests a minute from one address.'),
  TOKEN_RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).default(120).describe('Tool calls a minute with one token.'),
  SESSION_IDLE_TIMEOUT_MINUTES: whole(1, 1440)
    .default(30)
    .describe('After how many minutes without a message a session of /mcp/sse ends.'),
  MAX_SESSIONS_PER_USER: whole(1, 1000).default(5).describe('Open sessions of /mcp/sse that one person may have.'),
  MAX_FILE_SIZE_BYTES: whole(1, 1_073_741_824).default(1_048_576).describe('Largest file a tool reads.'),
  MAX_TOOL_RESPONSE_ITEMS: whole(1, 10_000).default(200).describe('Most rows in one answer.'),
  MAX_TOOL_RESPONSE_CHARS: whole(200, 1_000_000).default(20_000).describe('Most characters in one answer.'),
  SECRET_DETECTION_MODE: text
    .toLowerCase()
    .pipe(oneOf(['mask', 'block', 'off']))
    .default('mask')
    .describe('What happens to secrets in answers: mask them, block the text, or off.'),
  AUTHOR_TRUST: text
    .toLowerCase()
    .pipe(oneOf(['all', 'writers']))
    .default('all')
    .describe('Whose issues, comments and reviews models read: all, or only of writers, people who may write there.'),
}

const writing = {
  WRITE_MODE: flag.default(false).describe('Let tools that change something run at all.'),
  WRITE_REPOSITORY_WHITELIST: list
    .default([])
    .describe('Repositories that may be changed, `owner/name`, comma separated.'),
  WRITE_ALLOW_ALL_TOKEN_REPOS: flag
    .default(false)
    .describe('Allow changes in every repository the person may write to, instead of a list.'),
}

const testing = {
  AEGIS_CONFORMANCE_FIXTURES: flag
    .default(false)
    .describe('Add the fixtures of the MCP conformance suite. Never with ENVIRONMENT=production or a public address.'),
}

/** Sections in the order in which documentation shows them. */
export const envSections = {
  Gitea: gitea,
  Server: server,
  Storage: storage,
  Automation: automation,
  'Signing in': oauth,
  'API keys': apiKeys,
  'Security and limits': limits,
  'Write mode': writing,
  Testing: testing,
} as const

const Env = z.object({
  ...gitea,
  ...server,
  ...storage,
  ...oauth,
  ...apiKeys,
  ...automation,
  ...limits,
  ...writing,
  ...testing,
})
export type Env = z.infer<typeof Env>

/** Easily written for a setting that there is. They are named at start so that nobody believes they are in force. */
const UNUSED_NAMES = ['MCP_API_KEY'] as const

/** Names in `source` that look like a setting and mean nothing. */
export function findUnusedSettings(source: NodeJS.ProcessEnv): string[] {
  return UNUSED_NAMES.filter((name) => (source[name] ?? '') !== '')
}

interface ParsedEnv {
  readonly env: Env
  /** One line for each wrong or missing setting; while there are any, `env` is good only for looking for more. */
  readonly problems: readonly string[]
  /** Their names. */
  readonly wrong: readonly string[]
}

/** In place of required settings that are wrong or missing, so that the others can still be looked at together. */
const STAND_INS = {
  GITEA_URL: 'https://gitea.invalid',
  GITEA_OAUTH_CLIENT_ID: 'none',
  GITEA_OAUTH_CLIENT_SECRET: 'none',
  OAUTH_STATE_SECRET: 'none'.repeat(8),
}

/** Parses settings one by one; an empty value counts as not given. */
export function parseEnv(source: NodeJS.ProcessEnv): ParsedEnv {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Env.safeParse(given)
  if (parsed.success) {
    return { env: parsed.data, problems: [], wrong: [] }
  }
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0])
    return name in given ? `${name} ${issue.message}` : `${name} is missing. ${describeSetting(name)}`
  })
  const wrong = parsed.error.issues.map(({ path }) => String(path[0]))
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.includes(name)))
  return { env: Env.parse({ ...STAND_INS, ...rest }), problems, wrong }
}

/** One message for all that is wrong with the settings. */
export function toSettingsMessage(problems: readonly string[]): string {
  return ['The settings need a change before the server can start:', ...problems.map((line) => `  - ${line}`)].join(
    '\n',
  )
}

function describeSetting(name: string): string {
  const shape: Record<string, z.ZodType> = Env.shape
  return shape[name]?.description ?? ''
}

/** The settings of this process: `.env` in the working directory, overridden by the environment. */
export function loadProcessEnv(): NodeJS.ProcessEnv {
  if (existsSync('.env')) {
    process.loadEnvFile('.env')
  }
  return process.env
}
