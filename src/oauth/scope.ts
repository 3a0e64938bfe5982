/** What a token of ours may be good for. `write:repository` includes `read:repository`. */
export const SCOPES = ['read:repository', 'write:repository'] as const
export type Scope = (typeof SCOPES)[number]

/** How a person narrowed a client when they agreed to it. */
export interface Grant {
  readonly readOnly: boolean
  /** `owner/name`, lower case; null means every repository the person can reach. */
  readonly repositories: readonly string[] | null
  /** Epoch milliseconds; null means until revoked. */
  readonly expiresAt: number | null
}

/** Whether `granted` covers `needed`; write includes read. */
export function hasScope(granted: ReadonlySet<Scope>, needed: Scope): boolean {
  return granted.has(needed) || (needed === 'read:repository' && granted.has('write:repository'))
}
