import { z } from 'zod'
import { AnswerTooLarge, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { toBase64Bytes } from './git-data.js'
import { type RepositoryName, toName } from './repos.js'

const Entry = z.object({
  name: z.string(),
  type: z.enum(['file', 'dir', 'symlink', 'submodule']),
  sha: z.string(),
  size: z.number(),
  content: z.string().nullish(),
  target: z.string().nullish(),
  submodule_git_url: z.string().nullish(),
})
const Contents = z.object({ file_contents: Entry.nullish(), dir_contents: z.array(Entry).nullish() })

/** What is at a path. `bytes` is undefined for a file larger than was asked for. */
export type Contents =
  | { readonly type: 'file'; readonly id: string; readonly sizeBytes: number; readonly bytes: Buffer | undefined }
  | { readonly type: 'symlink'; readonly id: string; readonly target: string }
  | { readonly type: 'submodule'; readonly id: string; readonly url: string }
  /** Names of folders end with a slash. */
  | { readonly type: 'folder'; readonly names: readonly string[] }

export interface ContentsRequest extends RepositoryName {
  readonly filepath: string
  /** Branch, tag or full commit id; Gitea knows no others here, and a missing one is an error. */
  readonly ref: string
  readonly maxBytes: number
}

/**
 * What is at a path.
 *
 * @throws NotFound when ref or path is not there
 */
export async function getContents(client: GiteaClient, args: ContentsRequest): Promise<Contents> {
  // too large is an answer here; its size is asked for without the content
  try {
    return await askContents(client, args, toBase64Bytes(args.maxBytes))
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
  if (entry.type === 'symlink') return { type: 'symlink', id: entry.sha, target: entry.target ?? '' }
  if (entry.type === 'submodule') return { type: 'submodule', id: entry.sha, url: entry.submodule_git_url ?? '' }
  // Gitea leaves the content of a blob above 10 MiB out; an empty file has an empty string
  const isWhole = typeof entry.content === 'string' && entry.size <= maxBytes
  return {
    type: 'file',
    id: entry.sha,
    sizeBytes: entry.size,
    bytes: isWhole ? Buffer.from(entry.content ?? '', 'base64') : undefined,
  }
}

function toListedName({ name, type }: z.output<typeof Entry>): string {
  return type === 'dir' ? `${name}/` : name
}
