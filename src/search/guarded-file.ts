import { Unavailable } from '../lib/errors.js'
import { deleteIndexFile, findFileId, type IndexFile, openIndexFile } from './index-file.js'

/** The index file was damaged or deleted under a search, which may begin anew. */
export class IndexLost extends Unavailable {}

/** The index file, which anyone may delete or damage at any time: one that does not work is replaced by an empty one. */
export interface GuardedFile {
  /** @throws IndexLost when the file turns out unusable; the next use finds a new one */
  use<Result>(work: (file: IndexFile) => Result): Result
  /** Looks whether the file is still there; call it once for each search. */
  check(): void
  close(): void
}

interface GuardOptions {
  readonly path: string
  /** What was read from the file before means nothing any more. `error` is undefined when someone deleted it. */
  readonly onLost: (error: unknown) => void
}

export function createGuardedFile({ path, onLost }: GuardOptions): GuardedFile {
  let opened: { readonly file: IndexFile; readonly id: string | undefined } | undefined
  const close = () => {
    const last = opened
    opened = undefined
    last?.file.close()
  }
  const open = (): IndexFile => {
    opened ??= { file: openIndexFile(path), id: findFileId(path) }
    return opened.file
  }
  return {
    // the edge to the file: whatever it throws is a reason to start over
    use(work) {
      try {
        return work(open())
      } catch (error) {
        onLost(error)
        discard(close, path)
        throw new IndexLost(
          'The search index cannot be used now and is made anew. Try again; if this stays, tell the admin.',
          {
            cause: error,
          },
        )
      }
    },
    check() {
      if (opened === undefined || findFileId(path) === opened.id) return
      onLost(undefined)
      discard(close, path)
    },
    close,
  }
}

/** A damaged file may not even close, and where it cannot be deleted the next use says so. */
function discard(close: () => void, path: string): void {
  try {
    close()
    deleteIndexFile(path)
  } catch {
    return
  }
}
