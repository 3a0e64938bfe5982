/* A repository to search, people who may and may not, and a search of their own for each test. */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createGiteaTransport, type GiteaTransport } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import { systemClock } from '../../src/lib/clock.js'
import { MIB } from '../../src/lib/units.js'
import { RESOLVE_OPERATIONS, resolveCommit } from '../../src/objects/resolve-commit.js'
import { createObjectStore, type ObjectStore } from '../../src/objects/store.js'
import {
  type CodeFindings,
  type CodeSearch,
  type CodeSearchRequest,
  createCodeSearch,
} from '../../src/search/code-search.js'
import { FILL_OPERATIONS } from '../../src/search/fill.js'
import { createMatcher } from '../../src/search/matcher.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'

export const many = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [
    `src/f${at}.ts`,
    `export const value${at} = ${at}\nconst shared = 'needle'\n`,
  ]),
)

interface FindOptions extends Partial<CodeSearchRequest> {
  readonly login?: string
  readonly ref?: string
  readonly repo?: string
  readonly isRegex?: boolean
  readonly sent?: OperationName[]
}

export interface SearchGround {
  readonly gitea: GiteaUnderTest
  readonly path: string
  /** Searches alice/haystack as alice unless told otherwise. */
  find(text: string, options?: FindOptions): Promise<CodeFindings>
  /** Closes the search of this test; the next use is one with a file of at most `maxBytes`. */
  reopen(maxBytes?: number): void
}

/** Sets up and takes down with the tests of a file. */
export function useSearchGround(): SearchGround {
  let gitea: GiteaUnderTest
  let transport: GiteaTransport
  let search: CodeSearch
  let store: ObjectStore
  let path: string
  const tokens: Record<string, string> = {}

  beforeAll(async () => {
    gitea = await startGitea()
    transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 16 * MIB })
    for (const login of ['alice', 'bob', 'mallory']) {
      tokens[login] = await gitea.createToken(login, ['read:repository', 'read:user'])
    }
    await gitea.addRepository({
      owner: 'alice',
      name: 'haystack',
      private: true,
      files: {
        ...many,
        'README.md': 'The needle is here.\n',
        'notes.txt': 'line one\nline two\nthe Needle itself\nline four\nline five\n',
        'picture.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]),
        'huge.txt': 'needle\n'.repeat(100_000),
        'vendor/lib.go': 'needle\n',
        'gen.ts': '// @generated\nneedle\n',
        'link.md': { symlink: 'README.md' },
        '.gitattributes': 'hidden.txt export-ignore\nversion.txt export-subst\n',
        'hidden.txt': 'not in the archive: anchorage\n',
        'version.txt': 'built from $Format:%H$ anchorage\n',
      },
      commits: [{ message: 'on a branch', branch: 'other', files: { 'only-here.txt': 'branchword\n' } }],
    })
  })

  afterAll(async () => {
    await transport.close()
    await gitea.close()
  })

  beforeEach(() => {
    const folder = createTempFolder()
    path = join(folder, 'search.db')
    store = createObjectStore({ path: join(folder, 'objects.db'), maxBytes: 64 * MIB, clock: systemClock })
    search = createCodeSearch({ path, maxBytes: 64 * MIB, clock: systemClock })
    return () => {
      search.close()
      store.close()
    }
  })

  async function find(text: string, options: FindOptions = {}): Promise<CodeFindings> {
    const { login = 'alice', ref, repo = 'haystack', isRegex = false, sent = [], ...more } = options
    const signal = options.signal ?? new AbortController().signal
    const token = tokens[login] ?? ''
    const client = transport.as(
      { token: async () => token, renew: async () => token },
      {
        operations: [...RESOLVE_OPERATIONS, ...FILL_OPERATIONS],
        signal,
        requestId: 'test',
        onRequest: (operation) => sent.push(operation),
      },
    )
    const commit = await resolveCommit(client, store, { owner: 'alice', repo, ref })
    return search.search({
      client,
      store,
      commit,
      signal,
      budgetMs: 20_000,
      onProgress: () => {},
      matcher: createMatcher({ text, isRegex, isWord: false, isCaseSensitive: false }),
      filters: [],
      hasAside: false,
      mayReadPath: () => true,
      maskSecrets: (shown) => shown,
      skip: 0,
      take: 100,
      matchesAFile: 10,
      contextLines: 0,
      scanBudgetMs: 10_000,
      ...more,
    })
  }

  return {
    get gitea() {
      return gitea
    },
    get path() {
      return path
    },
    find,
    reopen(maxBytes = 64 * MIB) {
      search.close()
      search = createCodeSearch({ path, maxBytes, clock: systemClock })
    },
  }
}

export const pathsOf = ({ files }: CodeFindings) => files.map((file) => file.path)
