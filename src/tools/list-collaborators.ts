import { z } from 'zod'
import { listCollaborators as loadCollaborators } from '../gitea/users.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({ login: z.string(), full_name: z.string() })

export const listCollaborators = defineTool({
  name: 'list_collaborators',
  title: 'List collaborators',
  description: 'People added directly, without owner and teams.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: ['listCollaborators'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ collaborators: z.array(Row), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadCollaborators(gitea, { owner, repo, page, limit })
    const rows = items.map(({ login, fullName }) => ({ login, full_name: fullName }))
    const { items: collaborators, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    return { collaborators, ...part }
  },
  render({ collaborators, ...part }, { owner, repo, limit }) {
    const words = { one: 'direct collaborator', where: ` in ${owner}/${repo}` }
    return toText([
      describePart({ items: collaborators, ...part }, words, limit),
      ...collaborators.map(describeRow),
      'The owner, and members of teams that have this repository, are not in this list.',
    ])
  },
})

function describeRow({ login, full_name }: z.output<typeof Row>): string {
  return `${login}${full_name === '' ? '' : ` (${toOneLine(full_name)})`}`
}
