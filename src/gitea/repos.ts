import { z } from 'zod'
import { type GiteaAnswer, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'

/** Where a call goes: a repository by name. */
export interface RepositoryName {
  readonly owner: string
  readonly repo: string
}

/** A part of a list; `total` is undefined where Gitea does not count. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number | undefined
}

export interface PageRequest {
  readonly page: number
  readonly limit: number
}

/** What a repository is called in sentences. */
export function toName({ owner, repo }: RepositoryName): string {
  return `${owner}/${repo}`
}

const Repository = z
  .object({
    id: z.number(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    description: z.string().default(''),
    private: z.boolean(),
    internal: z.boolean().default(false),
    archived: z.boolean(),
    empty: z.boolean(),
    fork: z.boolean(),
    mirror: z.boolean().default(false),
    template: z.boolean().default(false),
    default_branch: z.string().default(''),
    language: z.string().nullish(),
    size: z.number().default(0),
    stars_count: z.number().default(0),
    forks_count: z.number().default(0),
    open_issues_count: z.number().default(0),
    open_pr_counter: z.number().default(0),
    has_issues: z.boolean().default(true),
    has_pull_requests: z.boolean().default(true),
    permissions: z.object({ admin: z.boolean(), push: z.boolean(), pull: z.boolean() }).nullish(),
    topics: z.array(z.string()).nullish(),
    licenses: z.array(z.string()).nullish(),
    website: z.string().default(''),
    html_url: z.string(),
    created_at: z.string().default(''),
    updated_at: z.string(),
  })
  .transform((repository) => ({
    /** Survives a rename; a repository made anew under an old name has another. */
    id: repository.id,
    owner: repository.owner.login,
    name: repository.name,
    description: repository.description,
    visibility: repository.private
      ? ('private' as const)
      : repository.internal
        ? ('internal' as const)
        : ('public' as const),
    isArchived: repository.archived,
    isEmpty: repository.empty,
    isFork: repository.fork,
    isMirror: repository.mirror,
    isTemplate: repository.template,
    defaultBranch: repository.default_branch,
    language: repository.language ?? '',
    sizeKib: repository.size,
    stars: repository.stars_count,
    forks: repository.forks_count,
    openIssues: repository.open_issues_count,
    openPulls: repository.open_pr_counter,
    hasIssues: repository.has_issues,
    hasPulls: repository.has_pull_requests,
    permissions: repository.permissions ?? { admin: false, push: false, pull: false },
    topics: repository.topics ?? [],
    licenses: repository.licenses ?? [],
    website: repository.website,
    url: repository.html_url,
    createdAt: repository.created_at,
    updatedAt: repository.updated_at,
  }))
export type Repository = z.output<typeof Repository>

/** @throws NotFound for one that is not there or not visible, or that was renamed */
export async function getRepository(client: GiteaClient, name: RepositoryName): Promise<Repository> {
  const { owner, repo } = name
  const answer = await client.request('getRepository', { path: { owner, repo }, subject: `repository ${toName(name)}` })
  return parseAnswer(Repository, answer)
}

/** What the person owns, collaborates on or reaches through a team. */
export async function listMyRepositories(client: GiteaClient, { page, limit }: PageRequest): Promise<Page<Repository>> {
  const answer = await client.request('listMyRepositories', { query: { page, limit }, subject: 'repositories' })
  return toPage(Repository, answer)
}

/** Everything the person can see whose name or description contains `query`, last changed first. */
export async function searchRepositories(
  client: GiteaClient,
  { query, page, limit }: PageRequest & { readonly query: string },
): Promise<Page<Repository>> {
  const answer = await client.request('searchRepositories', {
    query: { q: query, includeDesc: true, sort: 'updated', order: 'desc', page, limit },
    subject: 'repositories',
  })
  const { data } = parseAnswer(z.object({ data: z.array(Repository).nullable() }), answer)
  return { items: data ?? [], total: answer.total }
}

/** A part of an organisation's repositories. */
export interface OrgRepositories extends Page<Repository> {
  /** The end of the list, which no short or empty page proves here. */
  readonly isLast: boolean
}

/** Repositories of an organisation that the person may see, oldest first; counted only where one page has them all. */
export async function listOrgRepositories(
  client: GiteaClient,
  { org, page, limit }: PageRequest & { readonly org: string },
): Promise<OrgRepositories> {
  const answer = await client.request('listOrgRepositories', {
    path: { org },
    query: { page, limit },
    subject: `organisation ${org}`,
  })
  const { items, total: counted = 0 } = toPage(Repository, answer)
  // Gitea counts what the person may not see, too, and leaves it out after it has cut the page
  if (page === 1 && items.length >= counted) return { items, total: items.length, isLast: true }
  // a page with rows may be short because Gitea is set to smaller ones than asked for: then there is more
  return { items, total: undefined, isLast: items.length === 0 && page * limit >= counted }
}

export interface Language {
  readonly name: string
  readonly bytes: number
}

/** Bytes of code by language on the default branch, most first; Gitea counts them in the background after a push. */
export async function listLanguages(client: GiteaClient, name: RepositoryName): Promise<readonly Language[]> {
  const { owner, repo } = name
  const answer = await client.request('getLanguages', { path: { owner, repo }, subject: `repository ${toName(name)}` })
  const bytes = parseAnswer(z.record(z.string(), z.number()).nullable(), answer) ?? {}
  return Object.entries(bytes)
    .map(([language, size]) => ({ name: language, bytes: size }))
    .sort((left, right) => right.bytes - left.bytes)
}

/** Words that describe a repository; Gitea allows 25. */
export async function listTopics(client: GiteaClient, name: RepositoryName): Promise<string[]> {
  const { owner, repo } = name
  const answer = await client.request('listTopics', {
    path: { owner, repo },
    query: { page: 1, limit: 50 },
    subject: `repository ${toName(name)}`,
  })
  return parseAnswer(z.object({ topics: z.array(z.string()).nullable() }), answer).topics ?? []
}

/** Reads a list; Gitea sends `null` for some empty ones. */
export function toPage<T>(schema: z.ZodType<T>, answer: GiteaAnswer): Page<T> {
  return { items: parseAnswer(z.array(schema).nullable(), answer) ?? [], total: answer.total }
}
