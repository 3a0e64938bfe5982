/**
 * The documents clients discover this server by: RFC 8414 for the authorization server, RFC 9728 for the resource.
 * Only what is really offered; there is no OpenID Connect here, so no openid-configuration either.
 */

import type { Config } from '../config/config.js'
import { TOKEN_AUTH_METHODS } from './client-metadata.js'
import { toCanonicalResource } from './resource.js'
import { SCOPES } from './scope.js'

interface MetadataOptions {
  /** The issuer, without trailing slash: clients compare it byte for byte. */
  readonly publicBaseUrl: string
  readonly isRegistrationOpen: boolean
  readonly issParameter: boolean
}

export function toAuthorizationServerMetadata(options: MetadataOptions): Readonly<Record<string, unknown>> {
  const { publicBaseUrl, isRegistrationOpen, issParameter } = options
  return {
    issuer: publicBaseUrl,
    authorization_endpoint: `${publicBaseUrl}/authorize`,
    token_endpoint: `${publicBaseUrl}/token`,
    ...(isRegistrationOpen ? { registration_endpoint: `${publicBaseUrl}/register` } : {}),
    revocation_endpoint: `${publicBaseUrl}/revoke`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: TOKEN_AUTH_METHODS,
    revocation_endpoint_auth_methods_supported: TOKEN_AUTH_METHODS,
    scopes_supported: SCOPES,
    service_documentation: `${publicBaseUrl}/`,
    client_id_metadata_document_supported: true,
    // advertised exactly when it is sent: clients refuse either half alone
    ...(issParameter ? { authorization_response_iss_parameter_supported: true } : {}),
  }
}

/**
 * The resource's own document.
 *
 * @param authorizationServers most clients know only the first
 * @param resource the exact URL people type, `/mcp` or the deprecated `/mcp/sse`
 */
export function toProtectedResourceMetadata(
  publicBaseUrl: string,
  authorizationServers: readonly string[],
  resource = toCanonicalResource(publicBaseUrl),
): Readonly<Record<string, unknown>> {
  return {
    resource,
    authorization_servers: authorizationServers,
    // the baseline: clients that ask for everything listed should not ask to write
    scopes_supported: ['read:repository'],
    bearer_methods_supported: ['header'],
    resource_name: 'AegisGitea MCP',
    resource_documentation: `${publicBaseUrl}/`,
  }
}

/** Everyone whose tokens are taken and whom a client can find by discovery, the one it should sign in at first. */
export function toAuthorizationServers({
  publicBaseUrl,
  gitea,
  foreignTokens: { issuers, ofGitea },
}: Pick<Config, 'publicBaseUrl' | 'gitea' | 'foreignTokens'>): readonly string[] {
  const toNames = (isPrimary: boolean) => issuers.filter((one) => one.isPrimary === isPrimary).map((one) => one.issuer)
  return [...toNames(true), publicBaseUrl, ...toNames(false), ...(ofGitea ? [gitea.url] : [])]
}
