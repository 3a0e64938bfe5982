import { z } from 'zod'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const Tag = z
  .object({
    name: z.string(),
    message: z.string().nullish(),
    commit: z.object({ sha: z.string(), created: z.string().nullish() }).nullable(),
  })
  .transform(({ name, message, commit }) => ({
    name,
    /** Its own message, or that of its commit where the tag is only a name. */
    message: message ?? '',
    sha: commit?.sha ?? '',
    createdAt: commit?.created ?? '',
  }))
export type Tag = z.output<typeof Tag>

/** Newest first. */
export async function listTags(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<Tag>> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listTags', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(Tag, answer)
}
