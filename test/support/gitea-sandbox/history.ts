/** Reading commits: headers, touched files, line counts, diffs. */
import { runGit, tryGit } from './git.js'

interface CommitPerson {
  readonly name: string
  readonly email: string
  /** RFC 3339 as Go prints it: UTC as `Z`, other zones with their offset. */
  readonly date: string
}

export interface Commit {
  readonly id: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: CommitPerson
  readonly committer: CommitPerson
  readonly message: string
}

const fields = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B']

function toGoTime(iso: string): string {
  return iso.replace(/\+00:00$/, 'Z')
}

function parseCommits(output: Buffer): Commit[] {
  return output
    .toString('utf8')
    .split('\x1e')
    .filter((record) => record.trim() !== '')
    .map((record) => {
      const [id = '', tree = '', parents = '', ...rest] = record.replace(/^\n/, '').split('\x1f')
      const [an = '', ae = '', aI = '', cn = '', ce = '', cI = '', body = ''] = rest
      return {
        id,
        tree,
        parents: parents.split(' ').filter((parent) => parent !== ''),
        author: { name: an, email: ae, date: toGoTime(aI) },
        committer: { name: cn, email: ce, date: toGoTime(cI) },
        message: body.replace(/\n*$/, '\n'),
      }
    })
}

/** Runs `git log` with the given arguments; undefined when a revision in them does not exist. */
export async function listCommits(directory: string, args: readonly string[]): Promise<Commit[] | undefined> {
  const { code, stdout } = await tryGit(directory, ['log', `--format=${fields.join('%x1f')}%x1e`, ...args])
  return code === 0 ? parseCommits(stdout) : undefined
}

export async function findCommit(directory: string, revision: string): Promise<Commit | undefined> {
  return (await listCommits(directory, ['-1', '--end-of-options', revision, '--']))?.[0]
}

export async function countCommits(directory: string, args: readonly string[]): Promise<number> {
  const { code, stdout } = await tryGit(directory, ['rev-list', '--count', ...args])
  return code === 0 ? Number(stdout.toString('utf8')) : 0
}

export interface FileChange {
  readonly path: string
  readonly previousPath: string | undefined
  /** A, M, D, R, C, T as git says it. */
  readonly status: string
  readonly additions: number
  readonly deletions: number
  readonly isBinary: boolean
}

function parseRawNumstat(output: string): FileChange[] {
  const parts = output.split('\0')
  const statuses = new Map<string, { status: string; previousPath: string | undefined }>()
  const counts: { path: string; additions: string; deletions: string }[] = []
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? ''
    if (part.startsWith(':')) {
      // :100644 100644 aaaa bbbb M \0 path [\0 new path]
      const status = part.split(' ')[4]?.charAt(0) ?? ''
      const first = parts[at + 1] ?? ''
      const isMove = status === 'R' || status === 'C'
      statuses.set(isMove ? (parts[at + 2] ?? '') : first, { status, previousPath: isMove ? first : undefined })
      at += isMove ? 2 : 1
    } else if (part !== '') {
      // 3 \t 1 \t path, or 3 \t 1 \t \0 old \0 new
      const [additions = '', deletions = '', path = ''] = part.split('\t')
      if (path === '') {
        counts.push({ path: parts[at + 2] ?? '', additions, deletions })
        at += 2
      } else counts.push({ path, additions, deletions })
    }
  }
  return counts.map(({ path, additions, deletions }) => ({
    path,
    previousPath: statuses.get(path)?.previousPath,
    status: statuses.get(path)?.status ?? 'M',
    additions: additions === '-' ? 0 : Number(additions),
    deletions: deletions === '-' ? 0 : Number(deletions),
    isBinary: additions === '-',
  }))
}

/** Changes between two tree-ishes; without `from`, of `to` against its first parent or the empty tree. */
export async function listChanges(
  directory: string,
  from: string | undefined,
  to: string,
  findsRenames: boolean,
): Promise<FileChange[]> {
  const base = from ?? (await firstParentOrEmptyTree(directory, to))
  const args = ['diff-tree', '-r', '-z', '--raw', '--numstat', findsRenames ? '-M' : '--no-renames', base, to]
  return parseRawNumstat((await runGit(directory, args)).toString('utf8'))
}

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function firstParentOrEmptyTree(directory: string, commit: string): Promise<string> {
  const { code, stdout } = await tryGit(directory, ['rev-parse', '--verify', '--quiet', `${commit}^1`])
  return code === 0 ? stdout.toString('utf8').trim() : emptyTree
}

/** `git diff` text of a commit against its first parent; a root commit comes as `git show` with its header. */
export async function readCommitDiff(directory: string, commit: string): Promise<Buffer> {
  const base = await firstParentOrEmptyTree(directory, commit)
  return runGit(directory, base === emptyTree ? ['show', commit] : ['diff', '-M', base, commit])
}

export function readRangeDiff(directory: string, from: string, to: string): Promise<Buffer> {
  return runGit(directory, ['diff', '-p', `${from}...${to}`])
}

/** Patches in mail form. A commit's come unsigned, a pull request's end with git's version. */
export async function readPatches(directory: string, range: string, isSigned: boolean): Promise<Buffer> {
  const signature = isSigned ? [] : ['--no-signature']
  return runGit(directory, ['format-patch', ...signature, '--stdout', '--root', ...range.split(' ')])
}

/** The last commit that touched each path below `prefix`, in one walk of the history. */
export async function findLastCommits(
  directory: string,
  commit: string,
  paths: readonly string[],
): Promise<Map<string, Commit>> {
  const wanted = new Set(paths)
  const found = new Map<string, Commit>()
  if (wanted.size === 0) return found
  const args = [
    '--name-only',
    '-z',
    '--no-renames',
    '-m',
    '--first-parent',
    `--format=%x1d${fields.join('%x1f')}%x1e`,
    commit,
  ]
  const output = await runGit(directory, ['log', ...args])
  for (const record of output.toString('utf8').split('\x1d')) {
    const end = record.indexOf('\x1e')
    if (end < 0) continue
    const [header] = parseCommits(Buffer.from(record.slice(0, end)))
    if (!header) continue
    for (const name of record.slice(end + 1).split('\0')) {
      let path = name.replace(/^\n/, '')
      // A change below a directory is the directory's change too.
      while (path !== '') {
        if (wanted.has(path) && !found.has(path)) found.set(path, header)
        path = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
      }
    }
  }
  return found
}
