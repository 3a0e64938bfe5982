import { z } from 'zod'
import { listOrgRepositories as loadRepositories } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { count, describePart, toText } from './lines.js'
import { limit, owner, page } from './params.js'
import { describeRepository, RepositoryRow, toRepositoryRow } from './repository-rows.js'
import { loadUsablePart, usablePosition } from './usable-rows.js'

export const listOrgRepositories = defineTool({
  name: 'list_org_repositories',
  title: "List an organization's repositories",
  description: 'Repositories of an organization.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listOrgRepositories'],
  input: z.strictObject({ org: owner, page, limit }),
  output: z.object({ repositories: z.array(RepositoryRow), ...usablePosition }),
  async run({ org, page, limit: asked }, { gitea, limits, mayUseRepository }) {
    const { items, ...part } = await loadUsablePart(
      (request) => loadRepositories(gitea, { org, ...request }),
      (item) => mayUseRepository(item.owner, item.name),
      { page, limit: Math.min(asked, limits.maxItems) },
      (item) => describeRepository(toRepositoryRow(item)),
      limits.maxChars,
    )
    return { repositories: items.map(toRepositoryRow), ...part }
  },
  render({ repositories, hidden, unread, ...part }, { org, limit }) {
    const where = ` in ${org}`
    return toText([
      describePart({ items: repositories, ...part }, { one: 'repository', many: 'repositories', where }, limit),
      ...repositories.map((row, at) => describeRepository(row, repositories[at - 1]?.updated_at)),
      hidden === 0 ? '' : `${count(hidden, 'repository', 'repositories')} left out: this connection may not use them.`,
      unread ? 'Not all repositories were looked at; search_repositories narrows.' : '',
    ])
  },
})
