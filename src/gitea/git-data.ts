import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { KIB } from '../lib/units.js'
import { AnswerTooLarge, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type RepositoryName, toName } from './repos.js'

/* Git objects and refs as Gitea's `git/` endpoints show them. */

const References = z.array(z.object({ ref: z.string(), object: z.object({ type: z.string(), sha: z.string() }) }))

export interface Reference {
  /** `commit`, or `tag` for an annotated tag. */
  readonly type: string
  readonly id: string
}

/**
 * What a branch (`heads/main`) or tag (`tags/v1`) points to now; undefined when there is none by this very name, or the
 * repository is not there for this person. An answer proves that the person may read code.
 */
export async function findReference(
  client: GiteaClient,
  args: RepositoryName & { readonly name: string },
): Promise<Reference | undefined> {
  const { owner, repo, name } = args
  // Gitea has no other way to say that there is none
  try {
    const answer = await client.request('getRefs', {
      path: { owner, repo, ref: name },
      subject: `${name} in ${toName(args)}`,
    })
    // Gitea lists every ref that begins like this
    const found = parseAnswer(References, answer).find(({ ref }) => ref === `refs/${name}`)
    return found && { type: found.object.type, id: found.object.sha }
  } catch (thrown) {
    if (thrown instanceof NotFound) return undefined
    throw thrown
  }
}

/** The branches with their heads, in one request whatever their number; none in an empty repository. */
export async function listHeads(
  client: GiteaClient,
  name: RepositoryName,
): Promise<readonly { readonly branch: string; readonly sha: string }[]> {
  const { owner, repo } = name
  const answer = await client.request('getRefs', {
    path: { owner, repo, ref: 'heads' },
    subject: `branches of ${toName(name)}`,
  })
  return parseAnswer(References, answer)
    .filter(({ ref }) => ref.startsWith(HEADS))
    .map(({ ref, object }) => ({ branch: ref.slice(HEADS.length), sha: object.sha }))
}

const HEADS = 'refs/heads/'

const Tree = z
  .object({
    sha: z.string(),
    tree: z
      .array(
        z.object({
          path: z.string(),
          mode: z.string(),
          type: z.enum(['blob', 'tree', 'commit']),
          size: z.number().default(0),
          sha: z.string(),
        }),
      )
      .nullable(),
    truncated: z.boolean().default(false),
    total_count: z.number(),
  })
  .transform(({ sha, tree, truncated, total_count }) => ({
    id: sha,
    entries: (tree ?? []).map(toEntry),
    isLast: !truncated,
    total: total_count,
  }))
export type TreePage = z.output<typeof Tree>

export interface TreeEntry {
  /** From the folder that was asked for. */
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'submodule'
  /** Of the blob or tree; a submodule's is a commit of another repository. */
  readonly id: string
  /** 0 for folders and submodules. */
  readonly sizeBytes: number
}

interface WireEntry {
  readonly path: string
  readonly mode: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly size: number
  readonly sha: string
}

function toEntry({ path, mode, type, size, sha }: WireEntry): TreeEntry {
  return { path, type: toEntryType(type, mode), id: sha, sizeBytes: type === 'blob' ? size : 0 }
}

function toEntryType(type: WireEntry['type'], mode: string): TreeEntry['type'] {
  if (type === 'tree') return 'folder'
  if (type === 'commit') return 'submodule'
  return mode === '120000' ? 'symlink' : 'file'
}

/** Gitea's own limit. */
export const TREE_PAGE_ENTRIES = 1000

/**
 * The entries of a folder, or of everything below it, up to 1,000 a page; `id` is the tree's own id, or the commit's
 * where a commit was asked for.
 *
 * @param args.treeish id of a commit or tree, or `<commit id>:<folder>`
 * @throws InvalidInput when it is not there, or is no folder
 */
export async function getTree(
  client: GiteaClient,
  args: RepositoryName & { readonly treeish: string; readonly recursive: boolean; readonly page: number },
): Promise<TreePage> {
  const { owner, repo, treeish, recursive, page } = args
  const answer = await client.request('getTree', {
    path: { owner, repo, treeish },
    query: { recursive: recursive ? true : undefined, page, per_page: TREE_PAGE_ENTRIES },
    subject: `folder ${treeish} in ${toName(args)}`,
  })
  return parseAnswer(Tree, answer)
}

const Blob = z.object({ size: z.number(), content: z.string().nullish() })

/**
 * The bytes of a blob; undefined when it is larger than `maxBytes`, or than the 10 MiB that Gitea sends at most.
 *
 * @throws InvalidInput when the repository has no object of this id
 */
export async function loadBlobBytes(
  client: GiteaClient,
  args: RepositoryName & { readonly id: string; readonly maxBytes: number },
): Promise<Buffer | undefined> {
  const { owner, repo, id, maxBytes } = args
  // too large is an answer here
  try {
    const answer = await client.request('getBlob', {
      path: { owner, repo, sha: id },
      subject: `object ${id} in ${toName(args)}`,
      maxBytes: toBase64Bytes(maxBytes),
    })
    const { size, content } = parseAnswer(Blob, answer)
    return typeof content === 'string' && size <= maxBytes ? Buffer.from(content, 'base64') : undefined
  } catch (thrown) {
    if (thrown instanceof AnswerTooLarge) return undefined
    throw thrown
  }
}

/** How large an answer with so many bytes of content in base64 may become. */
export function toBase64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + 16 * KIB
}
