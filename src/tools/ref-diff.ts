import type { TreeEntry } from '../gitea/git-data.js'
import { decodeText } from '../lib/file-text.js'
import { MIB } from '../lib/units.js'
import { loadBlob } from '../objects/files.js'
import { compareLines } from '../objects/line-changes.js'
import type { ResolvedCommit } from '../objects/resolve-commit.js'
import type { TreeChange, TreeChanges } from '../objects/tree-changes.js'
import { type ChangedFile, type ShownFile, toDiff, type VisibleDiff } from './changed-files.js'
import type { ToolContext } from './define-tool.js'
import { toSize } from './lines.js'

/*
 * The diff between two commits, made here because Gitea has none: of the files that this caller may see, with bounds on
 * what is read and how long it is compared. What was not compared is listed and says why.
 */

const MAX_FILES = 300
const MAX_BYTES = 16 * MIB
const MAX_MS = 2000
const MAX_FILE_MS = 250
/** Files read at a time. */
const PARALLEL = 4

export interface DiffSides {
  readonly base: ResolvedCommit
  readonly head: ResolvedCommit
}

interface Spent {
  files: number
  bytes: number
  ms: number
}

/** @param path only what is there or below it */
export async function toRefDiff(
  { changes, isComplete }: TreeChanges,
  path: string | undefined,
  sides: DiffSides,
  context: ToolContext,
): Promise<VisibleDiff> {
  const isWanted = (name: string) => path === undefined || name === path || name.startsWith(`${path}/`)
  const wanted = changes.filter((change) => pathsOf(change).some(isWanted))
  const visible = wanted.filter((change) => pathsOf(change).every(context.mayReadPath))
  const spent: Spent = { files: 0, bytes: 0, ms: 0 }
  const parts: ShownFile[] = []
  for (let at = 0; at < visible.length; at += PARALLEL) {
    const some = visible.slice(at, at + PARALLEL)
    parts.push(...(await Promise.all(some.map((change) => compareFile(change, sides, spent, context)))))
  }
  return toDiff(parts, wanted.length - visible.length, isComplete)
}

function pathsOf({ path, oldPath }: TreeChange): readonly string[] {
  return oldPath === undefined ? [path] : [oldPath, path]
}

async function compareFile(
  change: TreeChange,
  { base, head }: DiffSides,
  spent: Spent,
  context: ToolContext,
): Promise<ShownFile> {
  const { before, after } = change
  if (before?.id === after?.id) return toShown(change)
  const bytes = (before?.sizeBytes ?? 0) + (after?.sizeBytes ?? 0)
  spent.files += 1
  spent.bytes += bytes
  if (Math.max(before?.sizeBytes ?? 0, after?.sizeBytes ?? 0) > context.limits.maxFileBytes) {
    spent.bytes -= bytes
    return toShown(change, { uncompared: `${toSize(bytes)} is more than this server reads` })
  }
  if (spent.files > MAX_FILES || spent.bytes > MAX_BYTES || spent.ms > MAX_MS) {
    return toShown(change, { uncompared: 'too much at once, pass it as path' })
  }
  const [old, now] = await Promise.all([readSide(base, before, context), readSide(head, after, context)])
  if (old === undefined || now === undefined) return toShown(change, { binary: true })
  const startedAt = performance.now()
  const lines = compareLines(old, now, MAX_FILE_MS)
  spent.ms += performance.now() - startedAt
  if (lines === undefined) return toShown(change, { uncompared: 'nearly all of it is different' })
  const { hunks, additions, deletions } = lines
  return { ...toShown(change, { additions, deletions }), hunks }
}

/** A file's text, empty when it is not there, undefined when it is none. */
async function readSide(
  commit: ResolvedCommit,
  entry: TreeEntry | undefined,
  { gitea, objects, limits }: ToolContext,
): Promise<string | undefined> {
  if (entry === undefined) return ''
  // the commit of another repository, in git's own words
  if (entry.type === 'submodule') return `Subproject commit ${entry.id}\n`
  const bytes = await loadBlob(gitea, objects, commit, { id: entry.id, maxBytes: limits.maxFileBytes })
  return bytes && decodeText(bytes)?.text
}

function toShown(change: TreeChange, more: Partial<ChangedFile> = {}): ShownFile {
  const { path, oldPath } = change
  const file = { path, status: toStatus(change), additions: 0, deletions: 0, binary: false, ...more }
  return { file: oldPath === undefined ? file : { ...file, old_path: oldPath }, hunks: [] }
}

function toStatus({ oldPath, before, after }: TreeChange): ChangedFile['status'] {
  if (oldPath !== undefined) return 'renamed'
  if (before === undefined) return 'added'
  return after === undefined ? 'deleted' : 'modified'
}
