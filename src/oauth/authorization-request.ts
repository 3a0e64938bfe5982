/** The authorization request a page of ours is about, read from the interaction whose cookie the browser sent. */
import type { Context } from 'koa'
import { errors, type Interaction, type Provider } from 'oidc-provider'
import { type ClientMetadata, toStoredMetadata } from './client-metadata.js'
import { parseScopes } from './grants.js'
import { findRedirectKind, type RedirectKind } from './redirect-uri.js'
import type { Scope } from './scope.js'

export interface AuthorizationRequest {
  /** Of the interaction. */
  readonly uid: string
  readonly clientId: string
  /** Untrusted text; may be empty. */
  readonly clientName: string
  /** What the client's document says; undefined for a client that registered itself. */
  readonly document: ClientMetadata | undefined
  readonly redirect: { readonly uri: string; readonly kind: RedirectKind }
  readonly scopes: readonly Scope[]
  /** An earlier yes does not count. */
  readonly mustAsk: boolean
}

/**
 * The request of the interaction in the path.
 *
 * @returns undefined when it is over, unknown, or another browser's; an OAuth error code when its client is not known
 * any more
 */
export async function findAuthorizationRequest(
  provider: Provider,
  ctx: Context,
  allowlist: ReadonlySet<string>,
): Promise<AuthorizationRequest | { readonly refused: string } | undefined> {
  const interaction = await findInteraction(provider, ctx)
  if (interaction === undefined) {
    return undefined
  }
  const { client_id: clientId, redirect_uri: uri, scope, prompt } = interaction.params
  const client = await findClient(provider, clientId)
  const kind = typeof uri === 'string' ? findRedirectKind(uri, allowlist) : undefined
  if (client === undefined || typeof uri !== 'string' || kind === undefined) {
    return { refused: client === undefined ? 'invalid_client' : 'invalid_redirect_uri' }
  }
  return {
    uid: interaction.uid,
    clientId: client.clientId,
    clientName: client.clientName ?? '',
    document: client.clientId.startsWith('https:') ? toStoredMetadata(client.metadata()) : undefined,
    redirect: { uri, kind },
    scopes: parseScopes(String(scope ?? '')),
    // any program on the computer can stand behind a loopback address or an app's scheme
    mustAsk: kind !== 'web' || String(prompt ?? '').includes('consent'),
  }
}

async function findInteraction(provider: Provider, ctx: Context): Promise<Interaction | undefined> {
  const [, uid] = /^\/interaction\/([\w-]{1,100})(?:\/|$)/.exec(ctx.path) ?? []
  // the provider throws for a missing or foreign cookie and for an interaction that is over: all the same page
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    return interaction.uid === uid ? interaction : undefined
  } catch (error) {
    if (error instanceof errors.SessionNotFound) {
      return undefined
    }
    throw error
  }
}

async function findClient(provider: Provider, clientId: unknown) {
  if (typeof clientId !== 'string') {
    return undefined
  }
  // a document that can no longer be read is thrown as one of these two
  try {
    return await provider.Client.find(clientId)
  } catch (error) {
    if (error instanceof errors.InvalidClient || error instanceof errors.InvalidClientMetadata) {
      return undefined
    }
    throw error
  }
}
