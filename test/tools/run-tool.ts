/* Runs one tool against a Gitea as one person, the way the gate does: strict arguments, declared operations. */
import { createGiteaTransport } from '../../src/gitea/client.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import type { Tool, ToolAnswer, ToolContext, ToolLimits } from '../../src/tools/define-tool.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'

export interface ToolRunner {
  /** The text for models, with what differs from run to run replaced. */
  text(tool: Tool, args: Record<string, unknown>, overrides?: RunOverrides): Promise<string>
  run(tool: Tool, args: Record<string, unknown>, overrides?: RunOverrides): Promise<ToolAnswer>
  close(): Promise<void>
}

interface RunOverrides {
  readonly limits?: Partial<ToolLimits>
  readonly signal?: AbortSignal
  readonly mayReadPath?: (path: string) => boolean
  /** Whose text may be shown; everyone's unless given. */
  readonly trusts?: (login: string) => boolean
  readonly mayUseRepository?: (owner: string, name: string) => boolean
}

/** The scopes that sign-in asks Gitea for. */
const SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']

export async function createToolRunner(gitea: GiteaUnderTest, login = 'alice', scopes = SCOPES): Promise<ToolRunner> {
  const token = await gitea.createToken(login, scopes)
  const transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 16 * 1024 * 1024 })
  const credential = { token: async () => token, renew: async () => token }
  const run = async (tool: Tool, args: Record<string, unknown>, overrides: RunOverrides = {}) => {
    const signal = overrides.signal ?? new AbortController().signal
    const context: ToolContext = {
      gitea: transport.as(credential, { operations: tool.operations, signal, requestId: 'test' }),
      login,
      limits: { maxItems: 200, maxChars: 20_000, maxFileBytes: 1_048_576, ...overrides.limits },
      signal,
      log: createSilentLogger(),
      mayReadPath: overrides.mayReadPath ?? (() => true),
      mayUseRepository: overrides.mayUseRepository ?? (() => true),
      maskSecrets: (text) => text,
      trustAuthors: async () => overrides.trusts ?? (() => true),
      progress: () => {},
    }
    const answer = await tool.call(tool.input.parse(args), context)
    tool.output.parse(answer.data)
    return answer
  }
  return {
    run,
    text: async (tool, args, overrides) => toStable((await run(tool, args, overrides)).text, gitea.url),
    close: () => transport.close(),
  }
}

/** Ids, today and the address of the Gitea are different on every run. */
function toStable(text: string, url: string): string {
  const today = new Date().toISOString().slice(0, 10)
  return text
    .replaceAll(url, 'https://gitea.example')
    .replaceAll(/\b(?:[0-9a-f]{8}|[0-9a-f]{40})\b/g, '<id>')
    .replaceAll(/comment \d+ by/g, 'comment <n> by')
    .replaceAll(new RegExp(`${today}( \\d\\d:\\d\\d)?|\\b${today.slice(5)}\\b`, 'g'), '<today>')
}
