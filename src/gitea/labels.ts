import { z } from 'zod'
import { Forbidden, NotFound } from '../lib/errors.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

/* Labels of the repository and of its organisation, and milestones. */

export const Label = z
  .object({
    id: z.number(),
    name: z.string(),
    color: z.string().default(''),
    description: z.string().default(''),
    exclusive: z.boolean().default(false),
    is_archived: z.boolean().default(false),
  })
  .transform(({ exclusive, is_archived, ...label }) => ({
    ...label,
    /** Of labels that share what stands before the last slash, an issue can have one. */
    isExclusive: exclusive,
    isArchived: is_archived,
  }))
export type Label = z.output<typeof Label>

export const Milestone = z
  .object({
    id: z.number(),
    title: z.string(),
    description: z.string().default(''),
    state: z.enum(['open', 'closed']),
    open_issues: z.number().default(0),
    closed_issues: z.number().default(0),
    due_on: z.string().nullish(),
    closed_at: z.string().nullish(),
  })
  .transform(({ open_issues, closed_issues, due_on, closed_at, ...milestone }) => ({
    ...milestone,
    openIssues: open_issues,
    closedIssues: closed_issues,
    /** The last second of its day; empty without a date. */
    dueOn: due_on ?? '',
    closedAt: closed_at ?? '',
  }))
export type Milestone = z.output<typeof Milestone>

export function listLabels(client: GiteaClient, name: RepositoryName): Promise<readonly Label[]> {
  const { owner, repo } = name
  return listAll(async (query) =>
    toPage(
      Label,
      await client.request('listLabels', { path: { owner, repo }, query, subject: `repository ${toName(name)}` }),
    ),
  )
}

/** Labels every repository of an organisation can use; none when `owner` is a person or hides them. */
export async function listOrgLabels(client: GiteaClient, owner: string): Promise<readonly Label[]> {
  return (await findOrgLabels(client, owner)) ?? []
}

/** Like `listOrgLabels`, but undefined where the token may not read organisations, so that this can be told. */
export async function findOrgLabels(client: GiteaClient, owner: string): Promise<readonly Label[] | undefined> {
  // 404 says that the owner is a person, 403 that the token may not read organisations
  try {
    return await listAll(async (query) =>
      toPage(
        Label,
        await client.request('listOrgLabels', { path: { org: owner }, query, subject: `labels of ${owner}` }),
      ),
    )
  } catch (thrown) {
    if (thrown instanceof NotFound) return []
    if (thrown instanceof Forbidden && thrown.rule !== 'gitea.account') return undefined
    throw thrown
  }
}

/** Open and closed ones. */
export function listMilestones(client: GiteaClient, name: RepositoryName): Promise<readonly Milestone[]> {
  return listAll((request) => loadMilestones(client, { ...name, ...request, state: 'all' }))
}

/** Those without a due date first, then by due date. */
export async function loadMilestones(
  client: GiteaClient,
  args: RepositoryName & PageRequest & { readonly state: 'open' | 'closed' | 'all' },
): Promise<Page<Milestone>> {
  const { owner, repo, state, page, limit } = args
  const answer = await client.request('listMilestones', {
    path: { owner, repo },
    // Gitea's own default is all states, whatever its documentation says
    query: { state, page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(Milestone, answer)
}

const MOST_PAGES = 20

async function listAll<T>(load: (request: { page: number; limit: number }) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const request: PageRequest = { page, limit: 50 }
    const { items, total } = await load(request)
    all.push(...items)
    if (items.length === 0 || all.length >= (total ?? Number.POSITIVE_INFINITY)) break
  }
  return all
}
