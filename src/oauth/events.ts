/** What happens in the authorization server, for the audit log. No event carries a token, a code or a secret. */
import type { TokenReplay } from './adapter.js'
import type { SignInOutcome } from './gitea-sign-in.js'
import type { Consent } from './grants.js'

/** Why everything a person's clients held was taken back. */
export type RevocationReason =
  /** Gitea no longer renews the sign-in: its permission was removed, or the account is gone. */
  | 'gitea_refused_refresh'
  /** Gitea answers that the account is disabled. */
  | 'gitea_account_disabled'
  /** An operator did it. */
  | 'operator'

export type OAuthEvent =
  | { readonly type: 'client_registered'; readonly clientId: string; readonly clientName: string }
  | { readonly type: 'signed_in'; readonly accountId: string; readonly login: string }
  /** `detail` may hold Gitea's words: for the log only. */
  | { readonly type: 'sign_in_failed'; readonly outcome: SignInOutcome; readonly detail: unknown }
  | ({ readonly type: 'client_allowed' } & Consent)
  | { readonly type: 'client_denied'; readonly accountId: string; readonly clientId: string }
  /** A code or refresh token came twice: its whole family was ended. */
  | ({ readonly type: 'token_reused' } & TokenReplay)
  | {
      readonly type: 'account_revoked'
      readonly accountId: string
      readonly reason: RevocationReason
      readonly grants: number
    }
  /** `detail` may hold the provider's words: for the log only. */
  | { readonly type: 'request_refused'; readonly code: string; readonly detail: string }
