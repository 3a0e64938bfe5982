import { Secret } from '../lib/secret.js'
import type { Env } from './env.js'

/** Ways in for clients that cannot sign in with OAuth. */
export interface ApiKeySettings {
  /** Of MCP_API_KEYS, each with the login of its person in Gitea. */
  readonly fromSettings: readonly { readonly login: string; readonly key: Secret }[]
  /** Whether `?api_key=` is read at the old doors. */
  readonly allowInAddress: boolean
  /** AUTH_ENABLED=false: everyone who reaches the server is this person. */
  readonly openAs: string | undefined
}

const MIN_KEY_CHARS = 32
const LOGIN = /^[\w.-]{1,255}$/
/** Beginning of all tokens of ours. */
const OWN = 'agm_'
const HOW = 'For example: openssl rand -hex 32.'

/** @param reach what the server is reachable by, besides MCP_HOST */
export function toApiKeySettings(
  env: Env,
  reach: { readonly publicBaseUrl: string; isLoopback(host: string): boolean },
  problems: string[],
): ApiKeySettings {
  if (env.MCP_API_KEY_USER !== undefined && !LOGIN.test(env.MCP_API_KEY_USER)) {
    problems.push('MCP_API_KEY_USER is not the login of a person in Gitea, like alice.')
  }
  const fromSettings = env.MCP_API_KEYS.flatMap((entry, index) => {
    // the entry itself is a secret, so it is named by its place
    const place = `MCP_API_KEYS, key ${index + 1} of ${env.MCP_API_KEYS.length}:`
    const colon = entry.indexOf(':')
    const login = colon === -1 ? env.MCP_API_KEY_USER : entry.slice(0, colon).trim()
    const key = entry.slice(colon + 1).trim()
    if (login === undefined) {
      problems.push(
        `${place} whose key is it? Write it as login:key, or set MCP_API_KEY_USER to the login of the person in Gitea as whom all keys without one work.`,
      )
    } else if (!LOGIN.test(login)) {
      problems.push(`${place} what stands before the colon is not the login of a person in Gitea. Write login:key.`)
    } else if (key.length < MIN_KEY_CHARS) {
      problems.push(`${place} it has ${key.length} characters and needs ${MIN_KEY_CHARS} or more. ${HOW}`)
    } else if (!/^[\x21-\x7e]+$/.test(key)) {
      problems.push(`${place} a key is visible ASCII without spaces. ${HOW}`)
    } else if (key.startsWith(OWN)) {
      problems.push(
        `${place} keys that start with ${OWN} are made by aegis keys generate and kept in the database. Remove it here.`,
      )
    } else {
      return [{ login, key: new Secret(key) }]
    }
    return []
  })
  const values = new Set(fromSettings.map(({ key }) => key.reveal()))
  if (values.size < fromSettings.length) {
    problems.push('MCP_API_KEYS has the same key twice. Give each person a key of their own.')
  }
  if (!env.AUTH_ENABLED) {
    checkOpen(env, reach, problems)
  }
  return {
    fromSettings,
    allowInAddress: env.ALLOW_QUERY_API_KEY,
    openAs: env.AUTH_ENABLED ? undefined : env.MCP_API_KEY_USER,
  }
}

/** Without sign-ins nothing may reach the server but programs of the person at this computer. */
function checkOpen(
  env: Env,
  { publicBaseUrl, isLoopback }: Parameters<typeof toApiKeySettings>[1],
  problems: string[],
): void {
  const because = 'AUTH_ENABLED=false lets everyone in who reaches the server'
  if (env.ENVIRONMENT === 'production') {
    problems.push(`${because}. It is refused with ENVIRONMENT=production: set AUTH_ENABLED=true.`)
  }
  if (!isLoopback(env.MCP_HOST)) {
    problems.push(`${because}, so it needs MCP_HOST=127.0.0.1; it is ${env.MCP_HOST}.`)
  }
  const hosts = [URL.parse(publicBaseUrl)?.hostname ?? env.MCP_HOST, ...env.ALLOWED_HOSTS]
  const open = hosts.find((host) => !isLoopback(host))
  if (open !== undefined || env.TRUSTED_PROXIES.length > 0) {
    problems.push(
      `${because}, and this one is meant to be reached from elsewhere${open === undefined ? '' : ` (${open})`}. Remove PUBLIC_BASE_URL, ALLOWED_HOSTS and TRUSTED_PROXIES, or set AUTH_ENABLED=true.`,
    )
  }
  if (env.MCP_API_KEY_USER === undefined || env.GITEA_TOKEN === undefined) {
    problems.push(
      `${because} as one person: set MCP_API_KEY_USER to their login in Gitea, and GITEA_TOKEN for the calls.`,
    )
  }
}
