import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { listMyRepositories, type Repository, searchRepositories } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { count, describePart, toListPart, toNextDay, toOneLine, toText } from './lines.js'
import { limit, page, textOf } from './params.js'

const GITEA_PAGE = 50
/** How far a list is followed when a grant or the policy leaves most of it out. */
const MOST_PAGES = 20

const Row = z.object({
  owner: z.string(),
  name: z.string(),
  description: z.string(),
  visibility: z.enum(['private', 'internal', 'public']),
  archived: z.boolean(),
  updated_at: z.string(),
})

export const listRepositories = defineTool({
  name: 'list_repositories',
  title: 'List repositories',
  description: 'Own and team repositories; query finds all visible.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listMyRepositories', 'searchRepositories'],
  input: z.strictObject({
    query: textOf(200, 'Part of name or description').optional(),
    page,
    limit,
  }),
  output: z.object({
    repositories: z.array(Row),
    total: z.number().optional(),
    first: z.number(),
    hidden: z.number(),
    unread: z.boolean(),
    next: z.object({ page: z.number(), limit: z.number() }).optional(),
  }),
  async run({ query, page, limit: asked }, { gitea, limits, mayUseRepository }) {
    const limit = Math.min(asked, limits.maxItems)
    const found = await collect(gitea, query, page * limit + 1, mayUseRepository)
    const rows = found.visible.slice((page - 1) * limit, page * limit).map(toRow)
    // Gitea's own count would tell about repositories that are kept back
    const total = found.isAll ? found.visible.length : found.hidden === 0 ? found.total : undefined
    const { items, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      (row) => describeRow(row),
      limits.maxChars,
    )
    // without a total a full page does not prove that there is more
    const isMore = part.next !== undefined && found.visible.length > (page - 1) * limit + items.length
    return {
      repositories: items,
      first: part.first,
      hidden: found.hidden,
      unread: found.isCut,
      ...(part.total === undefined ? {} : { total: part.total }),
      ...(isMore && part.next ? { next: part.next } : {}),
    }
  },
  render({ repositories, hidden, unread, ...part }, { query, limit }) {
    const where = query === undefined ? '' : ` matching "${toOneLine(query)}"`
    return toText([
      describePart({ items: repositories, ...part }, { one: 'repository', many: 'repositories', where }, limit),
      ...repositories.map((row, at) => describeRow(row, repositories[at - 1]?.updated_at)),
      hidden === 0 ? '' : `${count(hidden, 'repository', 'repositories')} left out: this connection may not use them.`,
      unread ? 'Not all repositories were looked at; pass query to narrow.' : '',
    ])
  },
})

/** Follows Gitea's pages until `wanted` usable repositories are there. */
async function collect(
  gitea: GiteaClient,
  query: string | undefined,
  wanted: number,
  mayUseRepository: (owner: string, name: string) => boolean,
) {
  const visible: Repository[] = []
  let seen = 0
  let total: number | undefined
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const request = { page, limit: GITEA_PAGE }
    const answer =
      query === undefined
        ? await listMyRepositories(gitea, request)
        : await searchRepositories(gitea, { ...request, query })
    seen += answer.items.length
    total = answer.total
    visible.push(...answer.items.filter((item) => mayUseRepository(item.owner, item.name)))
    const isAll = answer.items.length === 0 || seen >= (total ?? Number.POSITIVE_INFINITY)
    if (isAll || visible.length >= wanted) return { visible, hidden: seen - visible.length, total, isAll, isCut: false }
  }
  return { visible, hidden: seen - visible.length, total, isAll: false, isCut: true }
}

function toRow(repository: Repository) {
  const { owner, name, description, visibility, isArchived, updatedAt } = repository
  return { owner, name, description, visibility, archived: isArchived, updated_at: updatedAt }
}

function describeRow(row: z.output<typeof Row>, previous?: string): string {
  const marks = [row.visibility === 'public' ? '' : row.visibility, row.archived ? 'archived' : ''].filter(
    (mark) => mark !== '',
  )
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  const description = row.description === '' ? '' : `: ${toOneLine(row.description)}`
  return `${row.owner}/${row.name}${marked} ${toNextDay(row.updated_at, previous)}${description}`
}
