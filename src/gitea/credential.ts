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
}
