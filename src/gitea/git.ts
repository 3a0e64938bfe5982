import { z } from 'zod'
import { Conflict, InvalidInput, NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { getRepository, type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const Signature = z.object({ name: z.string(), email: z.string(), date: z.string() })

const Commit = z
  .object({
    sha: z.string(),
    commit: z.object({ message: z.string(), author: Signature.nullable() }),
    author: z.object({ login: z.string() }).nullish(),
    parents: z.array(z.object({ sha: z.string() })).nullish(),
  })
  .transform(({ sha, commit, author, parents }) => ({
    sha,
    message: commit.message,
    /** The Gitea login where Gitea knows the e-mail address, else the name in the commit. */
    author: author?.login ?? commit.author?.name ?? '',
    authoredAt: commit.author?.date ?? '',
    parents: (parents ?? []).map((parent) => parent.sha),
  }))
export type Commit = z.output<typeof Commit>

/** These three cost Gitea more than the rest of the answer together. */
const HEADER_ONLY = { stat: false, verification: false, files: false }

/**
 * Commits from `ref` (the default branch when left out) backwards. An empty repository has none.
 *
 * @throws NotFound when there is no such ref
 */
export async function listCommits(
  client: GiteaClient,
  args: RepositoryName & PageRequest & { readonly ref: string | undefined },
): Promise<Page<Commit>> {
  const { owner, repo, ref, page, limit } = args
  // Gitea answers 409 for a repository without commits, and only then
  try {
    const answer = await client.request('listCommits', {
      path: { owner, repo },
      query: { sha: ref, page, limit, ...HEADER_ONLY },
      subject: ref === undefined ? `repository ${toName(args)}` : toRefSubject(args, ref),
    })
    return toPage(Commit, answer)
  } catch (thrown) {
    if (thrown instanceof Conflict) return { items: [], total: 0 }
    throw thrown
  }
}

/** @param args.ref a commit id, full or shortened, a branch or a tag */
export async function getCommit(client: GiteaClient, args: RepositoryName & { readonly ref: string }): Promise<Commit> {
  const { owner, repo, ref } = args
  const answer = await client.request('getCommit', {
    path: { owner, repo, sha: ref },
    query: HEADER_ONLY,
    subject: toRefSubject(args, ref),
  })
  return parseAnswer(Commit, answer)
}

export interface DiffText {
  readonly text: string
  /** The diff is larger than one answer may be; `text` is its beginning. */
  readonly truncated: boolean
}

/** The whole diff of a commit against its first parent. Not yet filtered by path. */
export async function getCommitDiff(
  client: GiteaClient,
  args: RepositoryName & { readonly sha: string },
): Promise<DiffText> {
  const { owner, repo, sha } = args
  const answer = await client.request('getCommitDiff', {
    path: { owner, repo, sha },
    subject: `commit ${sha} in ${toName(args)}`,
  })
  return { text: parseAnswer(z.string(), answer), truncated: answer.truncated }
}

const Tree = z
  .object({
    tree: z
      .array(
        z.object({
          path: z.string(),
          mode: z.string(),
          type: z.enum(['blob', 'tree', 'commit']),
          size: z.number().default(0),
        }),
      )
      .nullable(),
    truncated: z.boolean().default(false),
    total_count: z.number(),
  })
  .transform(({ tree, truncated, total_count }) => ({
    entries: (tree ?? []).map(({ path, mode, type, size }) => ({
      path,
      type: toEntryType(type, mode),
      sizeBytes: size,
    })),
    isLast: !truncated,
    total: total_count,
  }))
export type Tree = z.output<typeof Tree>
export type TreeEntry = Tree['entries'][number]

function toEntryType(type: 'blob' | 'tree' | 'commit', mode: string) {
  if (type === 'tree') return 'folder' as const
  if (type === 'commit') return 'submodule' as const
  return mode === '120000' ? ('symlink' as const) : ('file' as const)
}

export interface TreeRequest extends RepositoryName {
  readonly ref: string | undefined
  /** A folder; the top when left out. */
  readonly path: string | undefined
}

/**
 * The entries of a folder, or of everything below it, up to 1,000 a page; paths are relative to the folder.
 *
 * @throws InvalidInput when ref or folder is not there; `explainMissing` says which
 */
export async function getTree(
  client: GiteaClient,
  args: TreeRequest & { readonly recursive: boolean; readonly page: number },
): Promise<Tree> {
  const { owner, repo, ref = 'HEAD', path, recursive, page } = args
  // `^{commit}` keeps out the id of a tree, whose entries would escape the policy's path rules
  const treeish = `${ref}^{commit}${path === undefined ? '' : `:${path}`}`
  const answer = await client.request('getTree', {
    path: { owner, repo, treeish },
    query: { recursive: recursive ? true : undefined, page, per_page: 1000 },
    subject: path === undefined ? toRefSubject(args, ref) : `folder ${path} in ${toName(args)}`,
  })
  return parseAnswer(Tree, answer)
}

/**
 * Says in words why `path` at `ref` cannot be read: no such repository, an empty one, no such ref, or no such path
 * (then with names beside it that come close). Needs `getRepository`, `getCommit` and `getTree`.
 *
 * @param mayReadPath keeps hidden names out of the suggestions
 */
export async function explainMissing(
  client: GiteaClient,
  args: TreeRequest & { readonly mayReadPath: (path: string) => boolean },
): Promise<NotFound> {
  const { ref, path, mayReadPath } = args
  const repository = await getRepository(client, args)
  if (repository.isEmpty) return new NotFound(`${toName(args)} is empty: it has no commits yet.`)
  // an unknown ref is the answer here, not a failure
  if (ref !== undefined && (await getCommit(client, { ...args, ref }).catch(toMissing)) === undefined) {
    return new NotFound(`${toName(args)} has no branch, tag or commit "${ref}". list_branches shows its branches.`)
  }
  const at = ref ?? repository.defaultBranch
  if (path === undefined) return new NotFound(`${toName(args)} has no files at ${at}.`)
  const cut = path.lastIndexOf('/')
  const parent = cut === -1 ? undefined : path.slice(0, cut)
  const tree = await getTree(client, { ...args, path: parent, recursive: false, page: 1 }).catch(toMissing)
  const prefix = parent === undefined ? '' : `${parent}/`
  const near = tree?.entries.filter((entry) => {
    const name = prefix + entry.path
    return name.toLowerCase() === path.toLowerCase() && mayReadPath(name)
  })
  const same = near?.find((entry) => prefix + entry.path === path)
  if (same) return new NotFound(`${path} in ${toName(args)} at ${at} is a ${same.type}, which cannot be read this way.`)
  const hint = near?.[0] ? `There is ${prefix}${near[0].path}.` : 'get_file_tree shows what there is.'
  return new NotFound(`${toName(args)} has no ${path} at ${at}. ${hint}`)
}

function toMissing(thrown: unknown): undefined {
  if (thrown instanceof NotFound || thrown instanceof InvalidInput) return undefined
  throw thrown
}

const Branch = z
  .object({
    name: z.string(),
    protected: z.boolean(),
    required_approvals: z.number().default(0),
    enable_status_check: z.boolean().default(false),
    status_check_contexts: z.array(z.string()).nullish(),
    user_can_push: z.boolean().default(false),
    user_can_merge: z.boolean().default(false),
    commit: z
      .object({
        id: z.string(),
        message: z.string(),
        timestamp: z.string(),
        author: z.object({ name: z.string(), username: z.string().default('') }).nullish(),
      })
      .nullable(),
  })
  .transform(({ name, protected: isProtected, commit, ...branch }) => ({
    name,
    isProtected,
    requiredApprovals: branch.required_approvals,
    /** Names of commit statuses, patterns among them, that must be good before a merge. */
    requiredChecks: branch.enable_status_check ? (branch.status_check_contexts ?? []) : [],
    /** What the asking person may do. */
    canPush: branch.user_can_push,
    canMerge: branch.user_can_merge,
    sha: commit?.id ?? '',
    message: commit?.message ?? '',
    author: commit?.author?.username || (commit?.author?.name ?? ''),
    committedAt: commit?.timestamp ?? '',
  }))
export type Branch = z.output<typeof Branch>

export async function listBranches(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<Branch>> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listBranches', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(Branch, answer)
}

export async function getBranch(
  client: GiteaClient,
  args: RepositoryName & { readonly branch: string },
): Promise<Branch> {
  const { owner, repo, branch } = args
  const answer = await client.request('getBranch', {
    path: { owner, repo, branch },
    subject: `branch "${branch}" in ${toName(args)}`,
  })
  return parseAnswer(Branch, answer)
}

function toRefSubject(name: RepositoryName, ref: string): string {
  return `branch, tag or commit "${ref}" in ${toName(name)}`
}
