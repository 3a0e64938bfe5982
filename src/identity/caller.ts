import type { GiteaCredential } from '../gitea/credential.js'
import type { OperationName } from '../gitea/operations.js'
import type { Grant, Scope } from '../oauth/scope.js'
import type { Decision } from '../policy/decision.js'

/** Who is calling, the same whichever door and sign-in mode they came through. */
export interface Caller {
  /** `gitea:<user id>`. */
  readonly accountId: string
  readonly login: string
  readonly clientId: string
  /** Untrusted text: the name the client gave itself. */
  readonly clientName: string
  readonly scopes: ReadonlySet<Scope>
  /** Short digest of the token, for rate limits and the audit log. */
  readonly tokenHint: string
  readonly grant: Grant
  readonly gitea: GiteaCredential
  /**
   * Present only where Gitea does not see the person itself (a service token acts for them): whether Gitea would let
   * this person read or write that repository with these operations. An unknown answer is a deny.
   */
  readonly permits?: (
    repository: Repository,
    effect: 'read' | 'write',
    operations: readonly OperationName[],
  ) => Promise<Decision>
}

interface Repository {
  readonly owner: string
  readonly name: string
}
