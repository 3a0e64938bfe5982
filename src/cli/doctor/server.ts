/** Our own server, asked where AI clients ask it: at PUBLIC_BASE_URL, in the order in which they connect. */
import { z } from 'zod'
import type { Config } from '../../config/config.js'
import { toTerminalText } from '../command.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, skipped, warning } from './check.js'

const PASS_ALL = 'The proxy must pass every path of this host to the server, unchanged.'

const Health = z.object({
  status: z.string(),
  panic: z.object({ level: z.string(), since: z.string().optional() }).optional(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), reason: z.string().optional() })),
})
const ResourceMetadata = z.object({ resource: z.string(), authorization_servers: z.array(z.string()).min(1) })
const ServerMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  registration_endpoint: z.string().optional(),
  code_challenge_methods_supported: z.array(z.string()).default([]),
})
export type ServerMetadata = z.infer<typeof ServerMetadata>

/** Whether the server runs, and whether its public address leads to it. */
export async function checkReachable(config: Config): Promise<Check> {
  const step = 'server answers'
  const { publicBaseUrl: url } = config
  const result = await probe(`${url}/health/live`)
  if ('answer' in result && result.answer.status === 200) {
    return ok(step, `at ${url}`)
  }
  const inside = toListenUrl(config)
  const isRunning = inside === url ? false : await isLive(inside)
  if ('failure' in result) {
    return isRunning
      ? failed(
          step,
          `It runs at ${inside}, but ${url} cannot be reached: ${result.failure}.`,
          'Look at DNS, the firewall and the proxy.',
        )
      : failed(
          step,
          `It is not running: ${url} cannot be reached (${result.failure}).`,
          'Start it with aegis serve (Docker: docker compose --profile prod up -d), then run aegis doctor again.',
        )
  }
  const { status, headers } = result.answer
  const location = headers.get('location')
  if (location !== null) {
    return failed(
      step,
      `${url} sends on to ${toTerminalText(location)}.`,
      'Set PUBLIC_BASE_URL to the address that answers itself.',
    )
  }
  if (isRunning) {
    return failed(step, `It runs at ${inside}, but ${url} answers ${status}.`, PASS_ALL)
  }
  return failed(
    step,
    `Something else answers at ${url} (status ${status}), or it is not running.`,
    'Start it with aegis serve; if it runs, the proxy in front must pass this host to it.',
  )
}

function toListenUrl({ listen }: Config): string {
  const host = ['0.0.0.0', '::', '*'].includes(listen.host) ? '127.0.0.1' : listen.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`
}

async function isLive(url: string): Promise<boolean> {
  const result = await probe(`${url}/health/live`)
  return 'answer' in result && result.answer.status === 200
}

/** Whether it says of itself that it can work. */
export async function checkReady({ publicBaseUrl }: Config): Promise<Check[]> {
  const step = 'server is ready'
  const health = await ask(`${publicBaseUrl}/health`, Health, [200, 503])
  if ('why' in health) {
    return [failed(step, `/health ${health.why}.`, PASS_ALL)]
  }
  const { status, checks, panic } = health.document
  const parts = Object.entries(checks).map(([name, { ok: isOk, reason }]) => ({
    isOk,
    text: toTerminalText(`${name}: ${reason ?? (isOk ? 'fine' : 'not in order')}`),
    isWorthTelling: reason !== undefined || !isOk,
  }))
  const told = parts.filter(({ isWorthTelling }) => isWorthTelling)
  const own =
    told.length === 0
      ? [ok(step, toTerminalText(status))]
      : told.map(({ isOk, text }) =>
          isOk
            ? warning(step, text, 'The server’s log says more.')
            : failed(step, text, 'The server’s log says more; calls are refused until this is mended.'),
        )
  return [...own, ...toPanicChecks(panic)]
}

const PANIC: Readonly<Record<string, string>> = {
  read_only: 'An admin has made it read-only: nothing can be changed.',
  stop: 'An admin has stopped it: no tool runs, and nobody can sign in.',
}

function toPanicChecks(panic: z.infer<typeof Health>['panic']): Check[] {
  const found = PANIC[panic?.level ?? '']
  return found === undefined ? [] : [warning('panic', found, 'aegis panic status says why; aegis panic off ends it.')]
}

/** The two documents that clients find everything else by (RFC 9728, RFC 8414). */
export async function checkDiscovery(
  config: Config,
): Promise<{ readonly checks: readonly Check[]; readonly metadata: ServerMetadata | undefined }> {
  const { publicBaseUrl: url } = config
  const path = '/.well-known/oauth-authorization-server'
  const step = 'discovery of sign-in'
  const resource = await checkResource(url)
  const found = await ask(`${url}${path}`, ServerMetadata)
  if ('why' in found) {
    return { checks: [resource, failed(step, `${path} ${found.why}.`, found.fix ?? PASS_ALL)], metadata: undefined }
  }
  const { issuer, code_challenge_methods_supported: methods } = found.document
  if (issuer !== url) {
    const check = failed(
      step,
      `Its issuer is ${toTerminalText(issuer)}, and PUBLIC_BASE_URL is ${url}.`,
      'Clients compare them letter by letter. Restart the server with these settings.',
    )
    return { checks: [resource, check], metadata: undefined }
  }
  const check = methods.includes('S256')
    ? ok(step, `issuer ${url}`)
    : failed(
        step,
        'It does not offer PKCE with S256.',
        'That document is not from this version. Look at the proxy’s cache.',
      )
  return { checks: [resource, check], metadata: found.document }
}

async function checkResource(url: string): Promise<Check> {
  const step = 'discovery of the resource'
  const path = '/.well-known/oauth-protected-resource/mcp'
  const found = await ask(`${url}${path}`, ResourceMetadata)
  if ('why' in found) {
    return failed(step, `${path} ${found.why}.`, found.fix ?? PASS_ALL)
  }
  const { resource, authorization_servers: servers } = found.document
  return resource === `${url}/mcp` && servers.includes(url)
    ? ok(step, resource)
    : failed(
        step,
        `It names ${toTerminalText(resource)}, and clients are given ${url}/mcp.`,
        'The running server has another PUBLIC_BASE_URL. Restart it with these settings.',
      )
}

/** What makes a client start signing in: 401, with the address of the metadata (RFC 9728 §5.1). */
export async function checkChallenge({ publicBaseUrl }: Config): Promise<Check> {
  const step = 'a call without sign-in'
  const result = await probe(`${publicBaseUrl}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  })
  if ('failure' in result) {
    return failed(step, `/mcp cannot be reached: ${result.failure}.`, PASS_ALL)
  }
  const challenge = result.answer.headers.get('www-authenticate') ?? ''
  const expected = `resource_metadata="${publicBaseUrl}/.well-known/oauth-protected-resource/mcp"`
  if (result.answer.status !== 401) {
    return failed(step, `/mcp answers ${result.answer.status} instead of 401.`, PASS_ALL)
  }
  return challenge.includes(expected)
    ? ok(step, 'is sent to sign in')
    : failed(
        step,
        'The challenge does not name the metadata.',
        'The proxy must pass the WWW-Authenticate header, and add no sign-in of its own.',
      )
}

/** Registers as a client would, once. The registration is never used, so it expires by itself. */
export async function checkRegistration(
  config: Config,
  metadata: ServerMetadata | undefined,
  isWanted: boolean,
): Promise<{ readonly check: Check; readonly clientId: string | undefined }> {
  const step = 'registration of clients'
  const endpoint = metadata?.registration_endpoint
  if (!isWanted || metadata === undefined) {
    return {
      check: skipped(step, isWanted ? 'not asked, because discovery failed' : 'as --no-register says'),
      clientId: undefined,
    }
  }
  if (!config.oauth.registration || endpoint === undefined) {
    const off = warning(step, 'DCR_ENABLED is off.', 'Only clients with a client ID document (CIMD) can connect.')
    return { check: off, clientId: undefined }
  }
  const result = await probe(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'aegis doctor',
      redirect_uris: [DOCTOR_REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }),
  })
  if ('failure' in result) {
    return { check: failed(step, `${endpoint} cannot be reached: ${result.failure}.`, PASS_ALL), clientId: undefined }
  }
  const client = z.object({ client_id: z.string().min(1) }).safeParse(findJson(result.answer))
  if (result.answer.status === 429) {
    const check = warning(step, 'This address has registered too often.', 'Wait a minute, or give --no-register.')
    return { check, clientId: undefined }
  }
  return result.answer.status === 201 && client.success
    ? { check: ok(step, 'works'), clientId: client.data.client_id }
    : {
        check: failed(
          step,
          `Registering a client answers ${result.answer.status}: ${toReason(result.answer)}.`,
          PASS_ALL,
        ),
        clientId: undefined,
      }
}

/** Where the throw-away client would be sent back to; nothing listens there. */
export const DOCTOR_REDIRECT = 'http://127.0.0.1/aegis-doctor'

/** A JSON document of ours. `why` completes the sentence “<path> …”. */
async function ask<Schema extends z.ZodType>(
  url: string,
  schema: Schema,
  statuses: readonly number[] = [200],
): Promise<{ readonly document: z.infer<Schema> } | { readonly why: string; readonly fix?: string }> {
  const result = await probe(url)
  if ('failure' in result) {
    return { why: `cannot be reached: ${result.failure}` }
  }
  const { answer } = result
  const parsed = statuses.includes(answer.status) ? schema.safeParse(findJson(answer)) : undefined
  if (parsed?.success === true) {
    return { document: parsed.data }
  }
  if (answer.status === 403 && answer.text.includes('host name')) {
    return {
      why: 'is refused because of the host name it is asked by',
      fix: 'The proxy must pass the Host header on, or name the one it sends in ALLOWED_HOSTS.',
    }
  }
  return { why: `is not answered by this server (status ${answer.status})` }
}

function toReason(answer: Answer): string {
  const parsed = z.object({ error: z.string(), error_description: z.string().default('') }).safeParse(findJson(answer))
  return parsed.success ? toTerminalText(`${parsed.data.error} ${parsed.data.error_description}`.trim()) : 'not ours'
}
