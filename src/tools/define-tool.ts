import type { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import type { OperationName } from '../gitea/operations.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Logger } from '../lib/logger.js'
import type { Scope } from '../oauth/scope.js'
import type { ObjectStore } from '../objects/store.js'
import type { CodeSearch } from '../search/code-search.js'
import type { AutomationPort } from './automation-port.js'

/** What a call does to Gitea. Nothing here deletes: there is no such operation to send. */
type Effect = 'read' | 'create' | 'update'

/** Groups of tools that a setting or a connector's own address can leave out. */
export const TOOLSETS = [
  'repositories',
  'files',
  'search',
  'issues',
  'pulls',
  'releases',
  'actions',
  'wiki',
  'notifications',
  'people',
  'automation',
] as const
export type Toolset = (typeof TOOLSETS)[number]

/** Caps on what one call may fetch and say, from the settings. */
export interface ToolLimits {
  readonly maxItems: number
  readonly maxChars: number
  readonly maxFileBytes: number
}

/** All that a tool can reach. No Koa, no database, no settings. */
export interface ToolContext {
  /** Sends this tool's declared operations, as the caller, and nothing else. */
  readonly gitea: GiteaClient
  /** Git objects fetched before, by anyone. Only `objects/` reads it, behind a check of this caller's right. */
  readonly objects: ObjectStore
  /** Searches commits that Gitea named for this caller in this call. */
  readonly search: CodeSearch
  /** Undefined while the settings switch automation off. */
  readonly automation: AutomationPort | undefined
  readonly login: string
  readonly limits: ToolLimits
  /** Fires when the caller leaves or the deadline passes; reads stop, writes that were sent are finished. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Whether policy lets this caller see `path` in the repository of this call. */
  mayReadPath(path: string): boolean
  /** The same for any repository; a tool that looks into several, or into one it was not given, asks this. */
  mayReadPathIn(owner: string, name: string, path: string): boolean
  /** Whether policy and grant let this caller use this tool on that repository; lists leave out the others. */
  mayUseRepository(owner: string, name: string): boolean
  /**
   * Whether the person may change the repository of this call, as far as this server itself has to know: where Gitea
   * sees a service token instead of the person. Gitea's own word, the `permissions` of a repository, counts besides.
   */
  mayChangeRepository(): Promise<boolean>
  /**
   * Masks the secrets in text of which only a part will be shown. What is shown whole needs no call: every answer is
   * masked on its way out, but half a secret is not recognised any more.
   */
  maskSecrets(text: string): string
  /**
   * Whose text may be shown in a repository: the one of this call unless another is named. Where a setting withholds
   * what people without write access wrote, this asks Gitea once and knows who has it; otherwise it answers yes for
   * everyone, at no cost. See authored-text.ts.
   */
  trustAuthors(repository?: RepositoryName): Promise<(login: string) => boolean>
  /** Reports progress where the client asked for it; values must grow. */
  progress(done: number, total?: number, message?: string): void
}

interface ToolMeta {
  readonly name: string
  readonly title: string
  /** One or two sentences for the model: when to use it, and when not. */
  readonly description: string
  /** Drives the MCP annotations, write mode and the policy defaults. */
  readonly effect: Effect
  readonly toolset: Toolset
  readonly scope: Scope
  /** The Gitea operations it may send; anything else is refused by the client. */
  readonly operations: readonly OperationName[]
  /** Those of them without which it has another way, on a Gitea that lacks them. */
  readonly optionalOperations?: readonly OperationName[]
  /** Name of the argument that is a repository path, for the path rules of the policy. */
  readonly pathArgument?: string
  /** For clients that read the data itself: the answer is its JSON, as structured content and as text. */
  readonly answersJson?: boolean
  /** `jobs`: automations alone may call it; to every client it does not exist. */
  readonly audience?: 'jobs'
}

/** A tool with its types closed over, so that a list of many tools needs no `any`. */
export interface Tool extends ToolMeta {
  readonly input: z.ZodObject
  readonly output: z.ZodObject
  /** Runs with arguments that `input` has already parsed. Returns the data and the lines that show it to a model. */
  call(input: unknown, context: ToolContext): Promise<ToolAnswer>
}

export interface ToolAnswer {
  /** Typed data, returned as JSON by `POST /mcp/tool/call`. */
  readonly data: Record<string, unknown>
  /** The same facts as lines for a model: no JSON objects, no base64. */
  readonly text: string
}

/**
 * Declares a tool. `input` must be a strict object with every field described; `run` must return what `output` says;
 * `render` turns that into lines.
 */
export function defineTool<In, Out extends Record<string, unknown>, const Result extends Out>(
  spec: ToolMeta & {
    readonly input: z.ZodObject & z.ZodType<In>
    readonly output: z.ZodObject & z.ZodType<Out>
    run(input: NoInfer<In>, context: ToolContext): Promise<Result>
    render(output: NoInfer<Out>, input: NoInfer<In>): string
  },
): Tool {
  const { run, render, ...meta } = spec
  return {
    ...meta,
    call: async (input, context) => {
      // the gate has parsed `input` with this very schema; the cast only restores what the list of tools erased
      const parsed = input as In
      const data = await run(parsed, context)
      return { data, text: render(data, parsed) }
    },
  }
}

/** Whether clients are told of the tool, and may call it. */
export function isForClients({ audience }: Pick<Tool, 'audience'>): boolean {
  return audience === undefined
}
