import { z } from 'zod'
import { type DiffFile, parseDiff, pathsOf } from '../gitea/diff.js'
import type { DiffText } from '../gitea/git.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { count, cutLines, describeCut, describeHidden, toText } from './lines.js'
import { textLines } from './params.js'

/*
 * The files of a diff that this caller may see, and the diff itself as one text that can be cut and continued. A
 * renamed file shows only when both its names may be seen.
 */

export const ChangedFile = z.object({
  path: z.string(),
  old_path: z.string().optional(),
  status: z.enum(['added', 'deleted', 'modified', 'renamed', 'copied']),
  additions: z.number(),
  deletions: z.number(),
  binary: z.boolean(),
  /** Why its lines were not compared. */
  uncompared: z.string().optional(),
})
export type ChangedFile = z.output<typeof ChangedFile>

export const Changes = z.object({
  files: z.array(ChangedFile),
  /** How many of them the text lists; a diff shown in whole names its files itself. */
  listed: z.number(),
  additions: z.number(),
  deletions: z.number(),
  hidden: z.number(),
  complete: z.boolean(),
})
export type Changes = z.output<typeof Changes>

export interface ShownFile {
  readonly file: ChangedFile
  /** Lines from the first `@@` on. */
  readonly hunks: readonly string[]
}

export interface VisibleDiff {
  readonly parts: readonly ShownFile[]
  readonly changes: Changes
}

/** @param diff.truncated the last file shows as far as it was read, and not at all when only its name was */
export function toVisibleDiff(diff: DiffText, mayReadPath: (path: string) => boolean): VisibleDiff {
  const all = diff.truncated ? toWhole(parseDiff(diff.text)) : parseDiff(diff.text)
  const parts = all.flatMap((file) => {
    const paths = pathsOf(file)
    return paths === undefined || file.path === undefined || !paths.every(mayReadPath)
      ? []
      : [{ file: toChangedFile(file, file.path), hunks: file.hunks }]
  })
  return toDiff(parts, all.length - parts.length, !diff.truncated)
}

/** @param hidden files that are not among `parts` because the policy hides them */
export function toDiff(parts: readonly ShownFile[], hidden: number, isComplete: boolean): VisibleDiff {
  const sum = (pick: (file: ChangedFile) => number) => parts.reduce((total, { file }) => total + pick(file), 0)
  return {
    parts,
    changes: {
      files: parts.map(({ file }) => file),
      listed: 0,
      additions: sum((file) => file.additions),
      deletions: sum((file) => file.deletions),
      hidden,
      complete: isComplete,
    },
  }
}

/** The last line was cut somewhere, and a header without hunks may have lost half a name. */
function toWhole(files: readonly DiffFile[]): DiffFile[] {
  const last = files.at(-1)
  if (last === undefined || last.hunks.length < 2) return files.slice(0, -1)
  return [...files.slice(0, -1), { ...last, hunks: last.hunks.slice(0, -1) }]
}

function toChangedFile({ oldPath, status, additions, deletions, isBinary }: DiffFile, path: string): ChangedFile {
  const file = { path, status, additions, deletions, binary: isBinary }
  return oldPath === undefined ? file : { ...file, old_path: oldPath }
}

export const DiffPart = z.object({ text: z.string(), lines: textLines, continues: z.string().optional() })
export type DiffPart = z.output<typeof DiffPart>

/**
 * The changes themselves, all of them or those under `path`, from a line of that text on.
 *
 * @throws NotFound when nothing under `path` changed, InvalidInput when `startLine` is past the end
 */
export function toDiffPart(
  diff: VisibleDiff,
  path: string | undefined,
  startLine: number,
  maxChars: number,
  maskSecrets: (text: string) => string,
): DiffPart {
  const isWanted = (name: string | undefined) => path === undefined || name === path || name?.startsWith(`${path}/`)
  const parts = diff.parts.filter(({ file }) => isWanted(file.path) || isWanted(file.old_path))
  if (path !== undefined && parts.length === 0) {
    throw new NotFound(`Nothing under ${path} changed there. Leave path out to see which files did.`)
  }
  const all = parts.flatMap(({ file, hunks }) => [`=== ${describeFile(file)}`, ...hunks])
  const { text, ...lines } = cutLines(all.join('\n'), startLine, Number.POSITIVE_INFINITY, maxChars, maskSecrets)
  if (startLine > Math.max(1, lines.totalLines)) {
    throw new InvalidInput(`The diff has ${lines.totalLines} lines; start_line=${startLine} is past its end.`)
  }
  // lines of a diff begin with a blank, + - \ or @, so === is always ours
  const head = all.slice(0, startLine).findLast((line) => line.startsWith('=== '))
  const isInside = startLine > 1 && head !== all[startLine - 1]
  return isInside && head !== undefined ? { text, lines, continues: head.slice(4) } : { text, lines }
}

/** A diff that does not fit gets its list of files, so that the reader can choose. */
export function toShownDiff(
  visible: VisibleDiff,
  path: string | undefined,
  startLine: number,
  budget: number,
  maskSecrets: (text: string) => string,
) {
  const whole = toDiffPart(visible, path, startLine, budget, maskSecrets)
  const isWhole = whole.lines.endLine === whole.lines.totalLines
  if (isWhole || path !== undefined || startLine > 1) return { changes: visible.changes, diff: whole }
  const listBudget = Math.floor(budget / 3)
  const changes = toListedChanges(visible.changes, listBudget)
  return { changes, diff: toDiffPart(visible, path, startLine, budget - listBudget, maskSecrets) }
}

export function describeDiff({ text, lines, continues }: DiffPart): string {
  if (text === '') return 'No changes to show.'
  const within = continues === undefined ? '' : `, in ${continues}`
  return `Diff${describeCut({ ...lines, text: '' })}${within}:\n${text}`
}

/** `src/app.ts +2 -1`, with what is special about it. */
export function describeFile(file: ChangedFile): string {
  const from = file.old_path === undefined ? '' : ` from ${quoteOdd(file.old_path)}`
  const status = file.status === 'modified' ? '' : ` (${file.status}${from})`
  const lines = file.binary
    ? ' binary'
    : file.uncompared !== undefined
      ? ` (not compared: ${file.uncompared})`
      : file.additions + file.deletions === 0
        ? ''
        : ` +${file.additions} -${file.deletions}`
  return `${quoteOdd(file.path)}${status}${lines}`
}

/** Names with line breaks must not make lines of their own. */
function quoteOdd(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  return /[\u0000-\u001f\u007f"]/.test(path) ? JSON.stringify(path) : path
}

/** Lists as many files as fit into `maxChars`. */
export function toListedChanges(changes: Changes, maxChars: number): Changes {
  if (changes.files.length === 0) return changes
  const { endLine } = cutLines(changes.files.map(describeFile).join('\n'), 1, Number.POSITIVE_INFINITY, maxChars)
  return { ...changes, listed: endLine }
}

/** How much changed, the listed files, and what is not shown. */
export function describeChanges({ files, listed, additions, deletions, hidden, complete }: Changes): string {
  const left = files.length - listed
  const counts = `${complete ? '' : 'at least '}${count(files.length, 'file')} changed, +${additions} -${deletions}`
  return toText([
    `${counts}${listed === 0 ? '.' : ':'}`,
    ...files.slice(0, listed).map(describeFile),
    listed > 0 && left > 0 ? `and ${count(left, 'more file')}; pass a folder as path to see its part.` : '',
    complete ? '' : 'The diff is larger than this server reads; what comes later is missing here.',
    describeHidden(hidden, 'file'),
  ])
}
