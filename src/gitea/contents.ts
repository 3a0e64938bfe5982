import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { KIB } from '../lib/units.js'
import { AnswerTooLarge, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { getCommit } from './git.js'
import { type RepositoryName, toName } from './repos.js'

const Entry = z.object({
  name: z.string(),
  type: z.enum(['file', 'dir', 'symlink', 'submodule']),
  size: z.number(),
  content: z.string().nullish(),
  target: z.string().nullish(),
  submodule_git_url: z.string().nullish(),
})
const Contents = z.object({ file_contents: Entry.nullish(), dir_contents: z.array(Entry).nullish() })

/** What is at a path. `bytes` is undefined for a file larger than was asked for. */
export type Contents =
  | { readonly type: 'file'; readonly sizeBytes: number; readonly bytes: Buffer | undefined }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'submodule'; readonly url: string }
  | { readonly type: 'folder'; readonly names: readonly string[] }

export interface ContentsRequest extends RepositoryName {
  readonly filepath: string
  readonly ref: string | undefined
  readonly maxBytes: number
}

/** An id, full or shortened. */
const COMMIT_ID = /^[0-9a-f]{4,64}$/i

/**
 * What is at a path. A missing ref is an error: unlike Gitea's raw files, this never falls back to the default branch.
 *
 * @throws NotFound when ref or path is not there; `explainMissing` says which
 */
export async function getContents(client: GiteaClient, args: ContentsRequest): Promise<Contents> {
  // HEAD is the default branch, but this endpoint does not know the word
  if (args.ref === 'HEAD') return readContents(client, { ...args, ref: undefined })
  const { ref } = args
  if (ref === undefined || !COMMIT_ID.test(ref)) return readContents(client, args)
  // this endpoint knows branches, tags and full commit ids only; a shortened id is looked up once it was refused
  try {
    return await readContents(client, args)
  } catch (thrown) {
    if (!(thrown instanceof NotFound)) throw thrown
    const { sha } = await getCommit(client, { ...args, ref })
    if (sha === ref.toLowerCase()) throw thrown
    return readContents(client, { ...args, ref: sha })
  }
}

async function readContents(client: GiteaClient, args: ContentsRequest): Promise<Contents> {
  const base64Bytes = Math.ceil(args.maxBytes / 3) * 4
  // too large is an answer here; its size is asked for without the content
  try {
    return await askContents(client, args, base64Bytes + 16 * KIB)
  } catch (thrown) {
    if (!(thrown instanceof AnswerTooLarge)) throw thrown
    return askContents(client, args, undefined)
  }
}

async function askContents(
  client: GiteaClient,
  args: ContentsRequest,
  contentBytes: number | undefined,
): Promise<Contents> {
  const { owner, repo, filepath, ref, maxBytes } = args
  const answer = await client.request('getContents', {
    path: { owner, repo, filepath },
    query: { ref, includes: contentBytes === undefined ? undefined : 'file_content' },
    subject: `file ${filepath} in ${toName(args)}`,
    ...(contentBytes === undefined ? {} : { maxBytes: contentBytes }),
  })
  const { file_contents: entry, dir_contents: entries } = parseAnswer(Contents, answer)
  if (!entry) return { type: 'folder', names: (entries ?? []).map(toListedName) }
  if (entry.type === 'symlink') return { type: 'symlink', target: entry.target ?? '' }
  if (entry.type === 'submodule') return { type: 'submodule', url: entry.submodule_git_url ?? '' }
  // Gitea leaves the content of a blob above 10 MiB out; an empty file has an empty string
  const isWhole = typeof entry.content === 'string' && entry.size <= maxBytes
  return {
    type: 'file',
    sizeBytes: entry.size,
    bytes: isWhole ? Buffer.from(entry.content ?? '', 'base64') : undefined,
  }
}

function toListedName({ name, type }: z.output<typeof Entry>): string {
  return type === 'dir' ? `${name}/` : name
}
