import { z } from 'zod'
import { listIssues } from '../gitea/issues.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, textOf } from './params.js'

const Row = z.object({
  number: z.number(),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  url: z.string(),
})

export const findOwnIssues = defineTool({
  name: 'find_own_issues',
  title: 'Find own issues',
  description: 'Issues of this account whose text has a mark, open and closed, newest first.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  audience: 'jobs',
  operations: ['listIssues'],
  input: z.strictObject({ owner, repo, marker: textOf(200, 'Exactly as written'), page, limit }),
  output: z.object({ issues: z.array(Row), ...listPosition }),
  async run({ owner, repo, marker, page, limit: asked }, { gitea, limits, login }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await listIssues(gitea, {
      owner,
      repo,
      state: 'all',
      labels: [],
      createdBy: login,
      page,
      limit,
    })
    // the mark is looked for here: Gitea's own search is an index of words, some seconds behind
    const { items: looked, ...part } = toListPart({ items, total }, { page, limit }, describeRow, limits.maxChars)
    const own = looked.filter((issue) => issue.author.toLowerCase() === login.toLowerCase())
    const issues = own
      .filter((issue) => issue.body.includes(marker))
      .map(({ number, title, state, url }) => ({ number, title, state, url }))
    return { issues, ...part }
  },
  render({ issues, ...part }, { owner, repo, limit }) {
    return toText([
      describePart({ items: issues, ...part }, { one: 'own issue', where: ` in ${owner}/${repo}` }, limit),
      ...issues.map(describeRow),
    ])
  },
})

function describeRow({ number, title, state }: z.output<typeof Row>): string {
  return `#${number} ${toOneLine(title)}${state === 'closed' ? ' (closed)' : ''}`
}
