import type { PathValues } from './address.js'
import type { OperationName } from './operations.js'

/** The way to Gitea as one person. The token it hands out never leaves the Gitea client. */
export interface GiteaCredential {
  /**
   * A token that Gitea should accept now, refreshed when it is about to expire.
   *
   * @throws Unauthenticated (source `gitea`) when Gitea no longer knows the sign-in
   * @throws UpstreamFailed when a refresh is due and Gitea cannot be reached
   */
  token(): Promise<string>
  /**
   * Gitea answered 401 to `refused`. Resolves to a fresh token to try once.
   *
   * @throws Unauthenticated (source `gitea`) when there is none; the person's sign-in is then revoked here too
   */
  renew(refused: string): Promise<string>
  /**
   * Present only where the token is not the person's own. Asked before each request, with what will be sent.
   *
   * @throws Forbidden when the person may not have it sent; whatever is thrown, nothing is sent
   */
  authorize?(operation: OperationName, path: PathValues, body: unknown): Promise<Authorized>
}

/** How a request goes out. */
export interface Authorized {
  readonly credential: Pick<GiteaCredential, 'token' | 'renew'>
  /** The person as whom Gitea carries the request out, for its `Sudo` header; only site administrators' tokens may. */
  readonly sudo?: string
}
