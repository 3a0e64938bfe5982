import { z } from 'zod'
import { Forbidden, NotFound } from '../lib/errors.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

/* Names to ids: labels of the repository and of its organisation, and milestones. */

const Label = z.object({ id: z.number(), name: z.string() })
export type Label = z.output<typeof Label>

const Milestone = z.object({ id: z.number(), title: z.string(), state: z.enum(['open', 'closed']) })
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
  // 404 says that the owner is a person, 403 that the token may not read organisations: no labels either way
  try {
    return await listAll(async (query) =>
      toPage(
        Label,
        await client.request('listOrgLabels', { path: { org: owner }, query, subject: `labels of ${owner}` }),
      ),
    )
  } catch (thrown) {
    if (thrown instanceof NotFound || (thrown instanceof Forbidden && thrown.rule !== 'gitea.account')) return []
    throw thrown
  }
}

/** Open and closed ones. */
export function listMilestones(client: GiteaClient, name: RepositoryName): Promise<readonly Milestone[]> {
  const { owner, repo } = name
  return listAll(async (page) =>
    toPage(
      Milestone,
      await client.request('listMilestones', {
        path: { owner, repo },
        query: { ...page, state: 'all' },
        subject: `repository ${toName(name)}`,
      }),
    ),
  )
}

const MOST_PAGES = 20

async function listAll<T>(load: (page: { page: number; limit: number }) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const request: PageRequest = { page, limit: 50 }
    const { items, total } = await load(request)
    all.push(...items)
    if (items.length === 0 || all.length >= (total ?? Number.POSITIVE_INFINITY)) break
  }
  return all
}
