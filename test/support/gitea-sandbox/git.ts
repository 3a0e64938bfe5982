/** Real git on bare repositories, through the command line. No hook, no user or system configuration takes part. */
import { spawn } from 'node:child_process'

export interface GitResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

const environment = {
  PATH: process.env.PATH ?? '',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Gitea',
  GIT_AUTHOR_EMAIL: 'gitea@fake.local',
  GIT_COMMITTER_NAME: 'Gitea',
  GIT_COMMITTER_EMAIL: 'gitea@fake.local',
}

/** Runs git and returns whatever happens. Rejects only when git cannot be started. */
export function tryGit(directory: string, args: readonly string[], input?: string | Buffer): Promise<GitResult> {
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>()
  const child = spawn('git', ['-c', 'core.quotePath=false', ...args], { cwd: directory, env: environment })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.on('error', reject)
  child.on('close', (code) =>
    resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }),
  )
  // git may end before it has read all of its input; its exit code tells what happened.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return promise
}

/** Runs git and returns its output. Throws with git's own words when it fails. */
export async function runGit(directory: string, args: readonly string[], input?: string | Buffer): Promise<Buffer> {
  const { code, stdout, stderr } = await tryGit(directory, args, input)
  if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

export async function createBareRepository(directory: string, defaultBranch: string): Promise<void> {
  await runGit('.', ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, directory])
}

interface GitIdentity {
  readonly name: string
  readonly email: string
}

export type FileContent =
  | string
  | Buffer
  | { readonly symlink: string }
  | { readonly executable: string }
  | { readonly submodule: string }
  | null

export interface GitCommit {
  readonly branch: string
  /** Branch or commit a new branch starts from; an existing branch is continued anyway. */
  readonly from?: string
  /** Path to content; null deletes. Paths and their bytes are stored as given. */
  readonly files: Readonly<Record<string, FileContent>>
  readonly message: string
  readonly author: GitIdentity
  /** Epoch milliseconds; git keeps whole seconds. */
  readonly date: number
}

function data(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')])
}

function change(path: string, content: FileContent): Buffer {
  if (content === null) return Buffer.from(`D ${path}\n`)
  if (typeof content === 'string' || Buffer.isBuffer(content)) {
    return Buffer.concat([Buffer.from(`M 100644 inline ${path}\n`), data(content)])
  }
  if ('symlink' in content) return Buffer.concat([Buffer.from(`M 120000 inline ${path}\n`), data(content.symlink)])
  if ('executable' in content)
    return Buffer.concat([Buffer.from(`M 100755 inline ${path}\n`), data(content.executable)])
  return Buffer.from(`M 160000 ${content.submodule} ${path}\n`)
}

/** Adds commits with one fast-import, so that hundreds of files cost one process. Returns the new heads by branch. */
export async function importCommits(directory: string, commits: readonly GitCommit[]): Promise<Map<string, string>> {
  const heads = new Map<string, string>()
  const stream: Buffer[] = []
  for (const [at, commit] of commits.entries()) {
    const known = heads.get(commit.branch)
    const existing = known ?? (await findObject(directory, `refs/heads/${commit.branch}`))
    const start =
      existing ??
      heads.get(commit.from ?? '') ??
      (commit.from && (await findObject(directory, commit.from, '^{commit}')))
    const who = `${commit.author.name} <${commit.author.email}> ${Math.floor(commit.date / 1000)} +0000`
    stream.push(Buffer.from(`commit refs/heads/${commit.branch}\nmark :${at + 1}\nauthor ${who}\ncommitter ${who}\n`))
    const message = commit.message.endsWith('\n') ? commit.message : `${commit.message}\n`
    stream.push(data(message))
    if (start) stream.push(Buffer.from(`from ${start.startsWith(':') ? start : `${start}^0`}\n`))
    for (const [path, content] of Object.entries(commit.files)) stream.push(change(path, content))
    heads.set(commit.branch, `:${at + 1}`)
  }
  await runGit(directory, ['fast-import', '--quiet', '--force'], Buffer.concat(stream))
  const result = new Map<string, string>()
  for (const branch of heads.keys()) {
    result.set(branch, (await runGit(directory, ['rev-parse', `refs/heads/${branch}`])).toString('utf8').trim())
  }
  return result
}

/** The id of what a revision names; undefined when it names nothing. `suffix` as in git, e.g. `^{commit}`. */
export async function findObject(directory: string, revision: string, suffix = ''): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}${suffix}`]
  const { code, stdout } = await tryGit(directory, args)
  return code === 0 ? stdout.toString('utf8').trim() : undefined
}

export interface GitObject {
  readonly id: string
  readonly type: string
  readonly size: number
  readonly bytes: Buffer
}

/** Objects by id or revision, in the order asked for; undefined where there is none. */
export async function readObjects(
  directory: string,
  revisions: readonly string[],
): Promise<readonly (GitObject | undefined)[]> {
  if (revisions.length === 0) return []
  const stdout = await runGit(directory, ['cat-file', '--batch'], `${revisions.join('\n')}\n`)
  let at = 0
  return revisions.map(() => {
    const end = stdout.indexOf(10, at)
    const [id = '', type = '', size = ''] = stdout.subarray(at, end).toString('utf8').split(' ')
    at = end + 1
    if (!/^[0-9a-f]{40}$/.test(id) || !/^\d+$/.test(size)) return undefined
    const length = Number(size)
    const bytes = stdout.subarray(at, at + length)
    at += length + 1
    return { id, type, size: length, bytes }
  })
}

/** Any object with its bytes; undefined when there is none. */
export async function readObject(directory: string, revision: string): Promise<GitObject | undefined> {
  return revision.includes('\n') ? undefined : (await readObjects(directory, [revision]))[0]
}

export interface TreeEntry {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly id: string
  /** 0 for directories and submodules. */
  readonly size: number
}

function parseTree(output: Buffer): TreeEntry[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      // Example: 100644 blob 38dd16da61accb1a8de6ac8709d2e65ef4a51a4a      29\tapp.go
      const tab = line.indexOf('\t')
      const [mode = '', type = '', id = '', size = ''] = line.slice(0, tab).split(/ +/)
      return { path: line.slice(tab + 1), mode, type, id, size: size === '-' ? 0 : Number(size) }
    })
}

/** Entries of a tree-ish; undefined when it is none. Recursive lists include the directories, as Gitea's do. */
export async function listTree(
  directory: string,
  treeish: string,
  isRecursive = false,
): Promise<readonly TreeEntry[] | undefined> {
  const { code, stdout } = await tryGit(directory, [
    'ls-tree',
    '-l',
    '-z',
    ...(isRecursive ? ['-r', '-t'] : []),
    '--end-of-options',
    treeish,
  ])
  return code === 0 ? parseTree(stdout) : undefined
}

export interface GitReference {
  readonly name: string
  readonly type: string
  readonly id: string
}

/** References whose full name starts with `prefix`, plainly as text. */
export async function listReferences(directory: string, prefix: string): Promise<GitReference[]> {
  const output = await runGit(directory, ['for-each-ref', '--format=%(objectname) %(objecttype) %(refname)'])
  return output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', type = '', ...name] = line.split(' ')
      return { id, type, name: name.join(' ') }
    })
    .filter(({ name }) => name.startsWith(prefix))
}
