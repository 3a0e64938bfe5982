import type { ResolvedCommit } from '../objects/resolve-commit.js'
import {
  type CodeIndex,
  type CodeIndexOptions,
  createCodeIndex,
  type OpenedCommit,
  type OpenRequest,
} from './code-index.js'
import { IndexLost } from './guarded-file.js'
import { type Findings, type ScanRequest, scan } from './scan.js'

export interface CodeSearchRequest extends OpenRequest, Omit<ScanRequest, 'budgetMs' | 'signal'> {
  /** How long the search itself may take once the files are there. */
  readonly scanBudgetMs: number
}

export interface CodeFindings extends Findings {
  readonly commit: ResolvedCommit
  /** Files that can be searched, and how many of them are not in the index yet. */
  readonly total: number
  readonly missing: number
  /** Too large to be searched. */
  readonly large: number
  readonly isListingCut: boolean
  readonly isFull: boolean
}

export interface CodeSearch {
  /**
   * Searches a commit that Gitea named for this caller in this call, after making it searchable.
   *
   * @throws AppError for what Gitea says, or when the caller leaves; Unavailable when the index cannot be used
   */
  search(request: CodeSearchRequest): Promise<CodeFindings>
  close(): void
}

/** Owns the index file until `close()`; the file may be deleted at any time. */
export function createCodeSearch(options: CodeIndexOptions): CodeSearch {
  const index = createCodeIndex(options)
  return {
    async search(request) {
      // a file that was lost under the search is filled once more, here and now
      try {
        return await searchOnce(index, request)
      } catch (error) {
        if (!(error instanceof IndexLost)) throw error
        return await searchOnce(index, request)
      }
    },
    close: () => index.close(),
  }
}

async function searchOnce(index: CodeIndex, request: CodeSearchRequest): Promise<CodeFindings> {
  const opened: OpenedCommit = await index.open(request)
  const { snapshot, missing, isListingCut, isFull } = opened
  const findings = await scan(snapshot, index.use, { ...request, budgetMs: request.scanBudgetMs })
  return {
    ...findings,
    commit: request.commit,
    total: snapshot.paths.length + missing,
    missing,
    large: snapshot.large,
    isListingCut,
    isFull,
  }
}
