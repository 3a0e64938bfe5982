/* Runs one tool against a Gitea as one person, the way the gate does: strict arguments, declared operations. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGiteaTransport } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import { systemClock } from '../../src/lib/clock.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { MIB } from '../../src/lib/units.js'
import { createObjectStore, type ObjectStore } from '../../src/objects/store.js'
import { createCodeSearch } from '../../src/search/code-search.js'
import type { AutomationPort } from '../../src/tools/automation-port.js'
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
  readonly automation?: AutomationPort
  /** Called for each request to Gitea. */
  readonly onRequest?: (operation: OperationName) => void
  readonly mayReadPath?: (path: string) => boolean
  /** What `mayReadPath` says of every repository, unless given. */
  readonly mayReadPathIn?: (owner: string, name: string, path: string) => boolean
  /** Whose text may be shown; everyone's unless given. */
  readonly trusts?: (login: string) => boolean
  readonly mayUseRepository?: (owner: string, name: string) => boolean
  readonly maskSecrets?: (text: string) => string
  /** How much of one answer of Gitea's is read; 64 KiB at least. */
  readonly maxResponseBytes?: number
  readonly progress?: ToolContext['progress']
}

/** The scopes that sign-in asks Gitea for. */
const SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']

/** @param objects what people share; an own, empty one unless given */
export async function createToolRunner(
  gitea: GiteaUnderTest,
  login = 'alice',
  scopes = SCOPES,
  objects?: ObjectStore,
): Promise<ToolRunner> {
  const token = await gitea.createToken(login, scopes)
  const transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 16 * 1024 * 1024 })
  const credential = { token: async () => token, renew: async () => token }
  const folder = mkdtempSync(join(tmpdir(), 'aegis-objects-'))
  const store =
    objects ?? createObjectStore({ path: join(folder, 'objects.db'), maxBytes: 64 * MIB, clock: systemClock })
  const search = createCodeSearch({ path: join(folder, 'search.db'), maxBytes: 64 * MIB, clock: systemClock })
  const run = async (tool: Tool, args: Record<string, unknown>, overrides: RunOverrides = {}) => {
    const signal = overrides.signal ?? new AbortController().signal
    const watched = overrides.onRequest === undefined ? {} : { onRequest: overrides.onRequest }
    const client = transport.as(credential, { operations: tool.operations, signal, requestId: 'test', ...watched })
    const { maxResponseBytes: maxBytes } = overrides
    const context: ToolContext = {
      gitea:
        maxBytes === undefined
          ? client
          : { ...client, request: (name, request) => client.request(name, { ...request, maxBytes }) },
      objects: store,
      search,
      automation: overrides.automation,
      login,
      limits: { maxItems: 200, maxChars: 20_000, maxFileBytes: 1_048_576, ...overrides.limits },
      signal,
      log: createSilentLogger(),
      mayReadPath: overrides.mayReadPath ?? (() => true),
      mayReadPathIn: overrides.mayReadPathIn ?? ((_owner, _name, path) => overrides.mayReadPath?.(path) ?? true),
      mayUseRepository: overrides.mayUseRepository ?? (() => true),
      mayChangeRepository: async () => true,
      maskSecrets: overrides.maskSecrets ?? ((text) => text),
      trustAuthors: async () => overrides.trusts ?? (() => true),
      progress: overrides.progress ?? (() => {}),
    }
    const answer = await tool.call(tool.input.parse(args), context)
    tool.output.parse(answer.data)
    return answer
  }
  return {
    run,
    text: async (tool, args, overrides) => toStable((await run(tool, args, overrides)).text, gitea.url),
    close: async () => {
      await transport.close()
      if (objects === undefined) store.close()
      search.close()
      rmSync(folder, { recursive: true, force: true })
    },
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
