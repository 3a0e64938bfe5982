/**
 * What we take from a client's description of itself, whether it registers (RFC 7591) or publishes a document
 * (Client ID Metadata Document). Everything else it says is ignored: logos and links are never loaded or shown.
 */
import { z } from 'zod'
import { findRedirectKind } from './redirect-uri.js'

export const TOKEN_AUTH_METHODS = ['none', 'client_secret_post', 'client_secret_basic'] as const
type TokenAuthMethod = (typeof TOKEN_AUTH_METHODS)[number]

/** The description in the form the provider is given. */
export interface ClientMetadata {
  readonly client_name: string
  readonly redirect_uris: readonly string[]
  readonly token_endpoint_auth_method: TokenAuthMethod
  readonly application_type: 'native' | 'web'
  readonly grant_types: readonly ['authorization_code', 'refresh_token']
  readonly response_types: readonly ['code']
  readonly response_modes: readonly ['query']
}

type ClientMetadataError = {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata'
  /** Our own words, may be sent to the client. */
  readonly description: string
}

export type ClientMetadataResult =
  | { readonly ok: true; readonly metadata: ClientMetadata }
  | ({ readonly ok: false } & ClientMetadataError)

const MAX_NAME_CHARS = 200
const MAX_REDIRECT_URIS = 20

const Described = z.object({
  client_name: z.string().trim().optional(),
  redirect_uris: z.array(z.string()).optional(),
  grant_types: z.array(z.string()).optional(),
  response_types: z.array(z.string()).optional(),
  token_endpoint_auth_method: z.string().optional(),
  // ChatGPT's document offers a list
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
})

interface ParseOptions {
  readonly source: 'registration' | 'document'
  /** Further redirect URIs the operator allows. */
  readonly allowlist: ReadonlySet<string>
}

/**
 * Reads a description, keeps what is supported and says what cannot be used.
 *
 * @param input parsed JSON
 */
export function readClientMetadata(input: unknown, { source, allowlist }: ParseOptions): ClientMetadataResult {
  const parsed = Described.safeParse(input)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path[0]
    return refuse(
      field === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata',
      field === undefined ? 'The client description must be a JSON object.' : `${String(field)} has the wrong type.`,
    )
  }
  const described = parsed.data

  const redirectUris = [...new Set(described.redirect_uris)]
  if (redirectUris.length === 0 || redirectUris.length > MAX_REDIRECT_URIS) {
    return refuse('invalid_redirect_uri', `redirect_uris must hold 1 to ${MAX_REDIRECT_URIS} addresses.`)
  }
  const kinds = redirectUris.map((uri) => findRedirectKind(uri, allowlist))
  if (kinds.includes(undefined)) {
    return refuse(
      'invalid_redirect_uri',
      'Each of redirect_uris must be https, http on a loopback address, or an app scheme, without fragment or wildcard.',
    )
  }
  if (described.response_types !== undefined && !described.response_types.includes('code')) {
    return refuse('invalid_client_metadata', 'response_types must include "code".')
  }
  if (described.grant_types !== undefined && !described.grant_types.includes('authorization_code')) {
    return refuse('invalid_client_metadata', 'grant_types must include "authorization_code".')
  }
  const method = findAuthMethod(described, source)
  if (method === undefined) {
    return refuse(
      'invalid_client_metadata',
      source === 'document'
        ? 'A client identified by a document authenticates with "none".'
        : `token_endpoint_auth_method must be one of ${TOKEN_AUTH_METHODS.join(', ')}.`,
    )
  }
  if (source === 'document' && !described.client_name) {
    return refuse('invalid_client_metadata', 'client_name is missing.')
  }

  return {
    ok: true,
    metadata: {
      client_name: [...(described.client_name || 'Unnamed client')].slice(0, MAX_NAME_CHARS).join(''),
      redirect_uris: redirectUris,
      token_endpoint_auth_method: method,
      // the provider frees the port of loopback redirects, and takes app schemes, for native clients only
      application_type: redirectUris.some((uri) => allowlist.has(uri) && uri.startsWith('http:')) ? 'web' : 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      response_modes: ['query'],
    },
  }
}

function findAuthMethod(
  described: z.infer<typeof Described>,
  source: ParseOptions['source'],
): TokenAuthMethod | undefined {
  const offered = described.token_endpoint_auth_methods_supported
  if (source === 'document') {
    // a document is public, so it cannot agree on a secret; an absent method means none
    const methods = offered ?? [described.token_endpoint_auth_method ?? 'none']
    return methods.includes('none') ? 'none' : undefined
  }
  // RFC 7591 §2: an absent method means client_secret_basic
  const asked = described.token_endpoint_auth_method ?? 'client_secret_basic'
  return TOKEN_AUTH_METHODS.find((method) => method === asked)
}

function refuse(error: ClientMetadataError['error'], description: string): ClientMetadataResult {
  return { ok: false, error, description }
}

const Stored = z.object({
  client_name: z.string(),
  redirect_uris: z.array(z.string()),
  token_endpoint_auth_method: z.enum(TOKEN_AUTH_METHODS),
  application_type: z.enum(['native', 'web']),
})

/** The part of a client's checked metadata that is kept, from the provider's copy of it. */
export function toStoredMetadata(metadata: unknown): ClientMetadata {
  return {
    ...Stored.parse(metadata),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
  }
}
