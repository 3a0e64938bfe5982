/**
 * The request oidc-provider gets to see. It is built anew from what is needed: host and scheme come from the
 * configured issuer and never from the network, parameters are brought into the forms the provider compares, and its
 * errors on JSON endpoints are JSON whatever the client accepts.
 */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider'
import { readBody } from '../lib/read-body.js'
import { KIB } from '../lib/units.js'
import { parseScopes } from './grants.js'
import { findCanonicalResource, toCanonicalResource } from './resource.js'

const MAX_BODY_BYTES = 32 * KIB

const PASSED_HEADERS = [
  'authorization',
  'cookie',
  'content-type',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
] as const

/** Parameters of an authorization request that mean something here; the others are dropped. */
const AUTHORIZATION_PARAMETERS = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'resource',
  'code_challenge',
  'code_challenge_method',
  'prompt',
  // kept so that the provider refuses them instead of ignoring what the client relies on
  'request',
  'request_uri',
])

interface ProviderRequest {
  /** Path and query as the provider knows them. */
  readonly url: string
  readonly accept: 'text/html' | 'application/json'
  readonly body?: string
}

/** Lets the provider answer `ctx` as if `request` had been sent to the issuer. */
export async function answerWithProvider(provider: Provider, ctx: Context, request: ProviderRequest): Promise<void> {
  const issuer = new URL(provider.issuer)
  // a socket of its own: whatever the provider does with this request cannot touch the real connection
  const copy = new IncomingMessage(new Socket())
  copy.method = ctx.method
  copy.url = request.url
  for (const name of PASSED_HEADERS) {
    const value = ctx.headers[name]
    if (value !== undefined) {
      copy.headers[name] = value
    }
  }
  copy.headers.host = issuer.host
  copy.headers.accept = request.accept
  // the provider runs with `proxy`, and this is the only place that can set these headers
  copy.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1)
  if (request.body !== undefined) {
    copy.headers['content-length'] = String(Buffer.byteLength(request.body))
    copy.push(request.body)
  }
  copy.push(null)
  copy.complete = true

  ctx.respond = false
  await provider.callback()(copy, ctx.res)
}

/** @throws BodyTooLarge */
export async function readForm(ctx: Context): Promise<string> {
  return (await readBody(ctx.req, MAX_BODY_BYTES)).toString('utf8')
}

/**
 * The parameters of an authorization request in the provider's terms: only scopes that exist (at least reading), the
 * canonical resource, the answer in the query.
 */
export function toAuthorizationQuery(search: string, publicBaseUrl: string): string {
  const query = new URLSearchParams()
  for (const [name, value] of new URLSearchParams(search)) {
    if (AUTHORIZATION_PARAMETERS.has(name) && name !== 'scope' && name !== 'prompt' && name !== 'resource') {
      query.append(name, value)
    }
  }
  const asked = new URLSearchParams(search)
  query.set('scope', toScopeParameter(asked.getAll('scope').join(' ')))
  const prompts = asked
    .getAll('prompt')
    .flatMap((value) => value.split(' '))
    // select_account is what happens anyway: the page names the person and offers another
    .filter((prompt) => ['none', 'login', 'consent'].includes(prompt))
  if (prompts.length > 0) {
    query.set('prompt', [...new Set(prompts)].join(' '))
  }
  if (query.has('response_mode') && query.get('response_mode') !== 'query') {
    // the provider also knows modes that need a page with a script
    query.set('response_mode', 'unsupported')
  }
  for (const resource of toResources(asked.getAll('resource'), publicBaseUrl)) {
    query.append('resource', resource)
  }
  return query.toString()
}

/** The form of a token or revocation request, with scopes and resource in the provider's terms. */
export function toTokenForm(body: string, publicBaseUrl: string): string {
  const form = new URLSearchParams(body)
  const scopes = form.get('scope')
  if (scopes !== null) {
    const known = parseScopes(scopes)
    if (known.length > 0) {
      form.set('scope', known.join(' '))
    } else {
      // RFC 6749 §6: without the parameter the scope stays what was granted
      form.delete('scope')
    }
  }
  const resources = form.getAll('resource')
  form.delete('resource')
  for (const resource of toResources(resources, publicBaseUrl)) {
    form.append('resource', resource)
  }
  return form.toString()
}

function toScopeParameter(asked: string): string {
  const scopes = parseScopes(asked)
  // writing includes reading; with both named a person can grant the lesser
  return scopes.includes('write:repository') ? 'read:repository write:repository' : 'read:repository'
}

function toResources(asked: readonly string[], publicBaseUrl: string): readonly string[] {
  const named = asked.filter((resource) => resource !== '')
  if (named.length === 0) {
    return [toCanonicalResource(publicBaseUrl)]
  }
  // a foreign resource is passed on as it is, for the provider to refuse as invalid_target
  return [...new Set(named.map((resource) => findCanonicalResource(resource, publicBaseUrl) ?? resource))]
}
