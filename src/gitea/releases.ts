import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

export const Release = z
  .object({
    id: z.number(),
    tag_name: z.string(),
    target_commitish: z.string().default(''),
    name: z.string().default(''),
    body: z.string().default(''),
    draft: z.boolean(),
    prerelease: z.boolean(),
    published_at: z.string().nullish(),
    author: z.object({ login: z.string() }).nullish(),
    assets: z
      .array(z.object({ name: z.string(), size: z.number().default(0), download_count: z.number().default(0) }))
      .nullish(),
    html_url: z.string().default(''),
  })
  .transform((release) => ({
    id: release.id,
    tag: release.tag_name,
    /** Where the tag of a draft will be made. */
    target: release.target_commitish,
    title: release.name,
    body: release.body,
    isDraft: release.draft,
    isPrerelease: release.prerelease,
    publishedAt: release.published_at ?? '',
    author: release.author?.login ?? '',
    files: (release.assets ?? []).map(({ name, size, download_count }) => ({
      name,
      sizeBytes: size,
      downloads: download_count,
    })),
    url: release.html_url,
  }))
export type Release = z.output<typeof Release>

/** Newest first; drafts only for people who may write releases. */
export async function listReleases(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<Release>> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listReleases', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(Release, answer)
}

/** @throws NotFound for a tag without release, too */
export async function getRelease(
  client: GiteaClient,
  args: RepositoryName & { readonly id: number },
): Promise<Release> {
  const { owner, repo, id } = args
  const answer = await client.request('getRelease', {
    path: { owner, repo, id },
    subject: `release with id ${id} in ${toName(args)}`,
  })
  return parseAnswer(Release, answer)
}

/** The newest that is neither a draft nor a prerelease. */
export async function getLatestRelease(client: GiteaClient, name: RepositoryName): Promise<Release> {
  const { owner, repo } = name
  const answer = await client.request('getLatestRelease', {
    path: { owner, repo },
    subject: `full release in ${toName(name)}`,
  })
  return parseAnswer(Release, answer)
}
