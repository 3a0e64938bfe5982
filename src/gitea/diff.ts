/*
 * Takes a unified diff apart by file, so that files the policy hides can be left out. Fails closed: a part whose file
 * name cannot be read has no path, and whoever filters by path must drop it.
 */

type DiffStatus = 'added' | 'deleted' | 'modified' | 'renamed' | 'copied'

export interface DiffFile {
  /** Undefined when the name could not be read: not to be shown. */
  readonly path: string | undefined
  /** Where a renamed or copied file came from. */
  readonly oldPath: string | undefined
  readonly status: DiffStatus
  readonly additions: number
  readonly deletions: number
  readonly isBinary: boolean
  /** The hunks, from the first `@@`; empty for binary files and pure renames. */
  readonly hunks: readonly string[]
}

/** The files of `git diff` output, in its order. What stands before the first file is dropped. */
export function parseDiff(text: string): DiffFile[] {
  const files: DiffFile[] = []
  let part: string[] | undefined
  for (const line of text.split('\n')) {
    // lines inside hunks start with a blank, + - or \, so this cannot be content
    if (line.startsWith('diff --')) {
      if (part) files.push(parseFile(part))
      part = [line]
    } else part?.push(line)
  }
  if (part) {
    if (part.at(-1) === '') part.pop()
    files.push(parseFile(part))
  }
  return files
}

/** The paths a file's part of the diff tells about: all of them must be readable for it to be shown. */
export function pathsOf(file: DiffFile): readonly string[] | undefined {
  if (file.path === undefined) return undefined
  return file.oldPath === undefined ? [file.path] : [file.oldPath, file.path]
}

function parseFile(lines: readonly string[]): DiffFile {
  const firstHunk = lines.findIndex((line) => line.startsWith('@@'))
  const header = firstHunk === -1 ? lines : lines.slice(0, firstHunk)
  const hunks = firstHunk === -1 ? [] : lines.slice(firstHunk)
  const find = (prefix: string) => header.find((line) => line.startsWith(prefix))?.slice(prefix.length)
  const names = parseNames(header, find)
  const isMoved = names !== undefined && names.old !== names.new
  return {
    path: names?.new,
    oldPath: isMoved ? names.old : undefined,
    status: toStatus(find, isMoved),
    ...countLines(hunks),
    isBinary: header.some((line) => line.startsWith('Binary files ') || line.startsWith('GIT binary patch')),
    hunks,
  }
}

type Find = (prefix: string) => string | undefined

function toStatus(find: Find, isMoved: boolean): DiffStatus {
  if (find('new file mode ') !== undefined) return 'added'
  if (find('deleted file mode ') !== undefined) return 'deleted'
  if (find('copy from ') !== undefined) return 'copied'
  return isMoved ? 'renamed' : 'modified'
}

function countLines(hunks: readonly string[]): { additions: number; deletions: number } {
  let additions = 0
  let deletions = 0
  for (const line of hunks) {
    if (line.startsWith('+')) additions += 1
    else if (line.startsWith('-')) deletions += 1
  }
  return { additions, deletions }
}

/** From the plainest source there is: rename lines, then `---`/`+++`, then the first line, whose blanks are ambiguous. */
function parseNames(header: readonly string[], find: Find): { old: string; new: string } | undefined {
  // a combined diff of a merge names its files otherwise, and Gitea sends none
  if (!header[0]?.startsWith('diff --git ')) return undefined
  const from = find('rename from ') ?? find('copy from ')
  const to = find('rename to ') ?? find('copy to ')
  if (from !== undefined && to !== undefined) return toNames(unquote(from), unquote(to))
  const minus = parseSide(find('--- '), 'a/')
  const plus = parseSide(find('+++ '), 'b/')
  if (minus !== undefined || plus !== undefined) return toNames(minus ?? plus, plus ?? minus)
  // neither a rename nor hunks: both sides are the same name
  const [, both = ''] = /^diff --git (.*)$/s.exec(header[0] ?? '') ?? []
  const half = (both.length - 1) / 2
  if (!Number.isInteger(half) || both[half] !== ' ') return undefined
  const left = unquote(both.slice(0, half))
  const right = unquote(both.slice(half + 1))
  const isSame = left?.startsWith('a/') === true && right?.startsWith('b/') === true && left.slice(2) === right.slice(2)
  return isSame ? toNames(left.slice(2), right.slice(2)) : undefined
}

function toNames(old: string | undefined, now: string | undefined): { old: string; new: string } | undefined {
  return old === undefined || now === undefined ? undefined : { old, new: now }
}

function parseSide(side: string | undefined, prefix: 'a/' | 'b/'): string | undefined {
  if (side === undefined) return undefined
  // git ends a name that has blanks with a tab
  const name = unquote(side.replace(/\t$/, ''))
  return name?.startsWith(prefix) ? name.slice(prefix.length) : undefined
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 }

/** A name as git writes it: plain, or C-quoted with octal bytes. Undefined when the quoting is broken. */
function unquote(name: string): string | undefined {
  if (!name.startsWith('"')) return name
  const [whole, inner = ''] = /^"((?:[^"\\]|\\(?:[abtnvfr"\\]|[0-7]{3}))*)"$/s.exec(name) ?? []
  if (whole === undefined) return undefined
  const bytes = [...inner.matchAll(/\\([0-7]{3}|.)|([^\\]+)/gs)].map(([, code, plain]) => {
    if (plain !== undefined) return Buffer.from(plain, 'utf8')
    return Buffer.of(ESCAPES[code ?? ''] ?? Number.parseInt(code ?? '', 8))
  })
  return Buffer.concat(bytes).toString('utf8')
}
