/*
 * A policy ready to decide with: every name looked up and every glob compiled when the file was loaded.
 */

export interface Rule {
  /** Where it stands: `repositories.acme/web.tools.deny[0]`. */
  readonly name: string
  /** As the operator wrote it. */
  readonly text: string
  /** Line in the file, from 1. */
  readonly line: number
}

/** What one `tools` section says about one tool: the first entry of each list that matches it. */
export interface ToolHits {
  readonly deny?: Rule
  readonly approve?: Rule
  /** An entry that is the tool's own name where there is one, else the first glob. */
  readonly allow?: Rule & { readonly isByName: boolean }
}

export interface ToolRules {
  /** `tools` or `repositories.<key>.tools`. */
  readonly name: string
  readonly line: number
  /** A repository's allow list is the full list of tools there; the global one only opens. */
  readonly isClosed: boolean
  readonly byTool: ReadonlyMap<string, ToolHits>
}

export interface PathRules {
  /** `repositories.<key>.paths`. */
  readonly name: string
  readonly line: number
  /** Undefined where there is no allow list; an empty list allows nothing. */
  readonly allow: readonly (Rule & { readonly matcher: RegExp })[] | undefined
  readonly deny: readonly (Rule & { readonly matchers: readonly RegExp[] })[]
}

export interface RepositoryRules {
  /** `owner/name` or a glob, as written. */
  readonly key: string
  readonly line: number
  readonly matcher: RegExp
  readonly tools: ToolRules | undefined
  readonly paths: PathRules | undefined
  /** By job. */
  readonly automation: ReadonlyMap<string, JobEntry>
}

/** What one section says about one job. */
export interface JobEntry {
  readonly schedule: string | undefined
  readonly parameters: Readonly<Record<string, unknown>>
}

export interface QuietHours {
  /** `22:00` */
  readonly from: string
  readonly to: string
  /** IANA name. */
  readonly timezone: string
}

export interface Policy {
  /** The name of the file it came from, for people. */
  readonly file: string
  readonly defaults: { readonly read: 'allow' | 'deny'; readonly write: 'allow' | 'deny' | 'approve' }
  /** Lower case. A tool that is not among them is denied. */
  readonly knownTools: ReadonlySet<string>
  readonly tools: ToolRules
  readonly repositories: readonly RepositoryRules[]
  readonly automation: { readonly quietHours: QuietHours | undefined; readonly jobs: ReadonlyMap<string, JobEntry> }
  /** What happens when a client that read a private repository within the time writes to a public one. */
  readonly privateToPublic: { readonly mode: 'off' | 'warn' | 'block'; readonly windowMs: number }
}
