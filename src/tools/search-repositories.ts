import { z } from 'zod'
import { searchRepositories as loadRepositories } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { count, describePart, toOneLine, toText } from './lines.js'
import { limit, page, textOf } from './params.js'
import { describeRepository, RepositoryRow, toRepositoryRow } from './repository-rows.js'
import { loadUsablePart, usablePosition } from './usable-rows.js'

export const searchRepositories = defineTool({
  name: 'search_repositories',
  title: 'Search repositories',
  description: 'Finds any visible repository by name or description.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['searchRepositories'],
  input: z.strictObject({ query: textOf(200), page, limit }),
  output: z.object({ repositories: z.array(RepositoryRow), ...usablePosition }),
  async run({ query, page, limit: asked }, { gitea, limits, mayUseRepository }) {
    const { items, ...part } = await loadUsablePart(
      (request) => loadRepositories(gitea, { ...request, query }),
      (item) => mayUseRepository(item.owner, item.name),
      { page, limit: Math.min(asked, limits.maxItems) },
      (item) => describeRepository(toRepositoryRow(item)),
      limits.maxChars,
    )
    return { repositories: items.map(toRepositoryRow), ...part }
  },
  render({ repositories, hidden, unread, ...part }, { query, limit }) {
    const where = ` matching "${toOneLine(query)}"`
    return toText([
      describePart({ items: repositories, ...part }, { one: 'repository', many: 'repositories', where }, limit),
      ...repositories.map((row, at) => describeRepository(row, repositories[at - 1]?.updated_at)),
      hidden === 0 ? '' : `${count(hidden, 'repository', 'repositories')} left out: this connection may not use them.`,
      unread ? 'Not all repositories were looked at; narrow the query.' : '',
    ])
  },
})
