/* A transport and clients of it against a scripted server, as one person whose first token can be renewed once. */
import { createGiteaTransport, type GiteaClient } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import { type ScriptedServer, startScriptedServer } from './scripted-server.js'

export const TOKEN = 'eyJhbGciOi.first-token.sig'
export const FRESH = 'eyJhbGciOi.second-token.sig'
export const MAX_BYTES = 200_000
export const getRepository = { path: { owner: 'acme', repo: 'web' }, subject: 'repository acme/web' }
export const createIssue = { ...getRepository, body: { title: 'x' }, subject: 'a new issue in acme/web' }

interface ClientOverrides {
  readonly signal?: AbortSignal
  readonly onRequest?: (name: OperationName) => void
}

export interface ScriptedGitea {
  readonly server: ScriptedServer
  /** Tokens that were given back as refused. */
  readonly renewed: readonly string[]
  client(overrides?: ClientOverrides): GiteaClient
  close(): Promise<void>
}

export async function startScriptedGitea(): Promise<ScriptedGitea> {
  const server = await startScriptedServer()
  const transport = createGiteaTransport({ baseUrl: `${server.url}/git/`, timeoutMs: 400, maxResponseBytes: MAX_BYTES })
  const renewed: string[] = []
  const credential = {
    token: async () => TOKEN,
    renew: async (refused: string) => {
      renewed.push(refused)
      return FRESH
    },
  }
  return {
    server,
    renewed,
    client: (overrides = {}) =>
      transport.as(credential, {
        operations: ['getRepository', 'createIssue', 'getCommitDiff', 'listIssues', 'getArchive'],
        signal: new AbortController().signal,
        requestId: 'req-7',
        ...overrides,
      }),
    async close() {
      await transport.close()
      await server.close()
    },
  }
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  return outcome as Error & Record<string, unknown> // what a test looks at is checked by that test
}
