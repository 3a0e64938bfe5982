/** What is being asked of the policy. Names are compared without case, as Gitea does. */
export interface PolicyRequest {
  readonly tool: string
  readonly effect: 'read' | 'write'
  readonly repository?: { readonly owner: string; readonly name: string }
  /** Repository path, `/`-separated, as the caller wrote it. */
  readonly path?: string
}

/** A decision is a value; nothing is thrown for a refusal. */
export interface Decision {
  readonly effect: 'allow' | 'deny' | 'approve'
  /** Which line decided, for example `repositories.acme/web.tools.deny[0]` or `defaults.write`. */
  readonly rule: string
  /** One sentence for people and models. */
  readonly reason: string
}
