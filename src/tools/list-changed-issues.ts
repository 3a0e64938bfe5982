import { z } from 'zod'
import { listChangedIssues as loadChanged } from '../gitea/issues.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, textOf } from './params.js'

const Row = z.object({
  number: z.number(),
  is_pull: z.boolean(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean(),
  author: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string(),
})

export const listChangedIssues = defineTool({
  name: 'list_changed_issues',
  title: 'List changed issues',
  description: 'Issues and pull requests changed since a moment, open and closed, without their text.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  audience: 'jobs',
  operations: ['listIssues'],
  input: z.strictObject({
    owner,
    repo,
    since: textOf(40, 'Second, like 2026-01-31T12:00:00Z').refine(isMoment, 'must be a time like 2026-01-31T12:00:00Z'),
    page,
    limit,
  }),
  output: z.object({ issues: z.array(Row), ...listPosition }),
  async run({ owner, repo, since, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadChanged(gitea, { owner, repo, since, page, limit })
    const rows = items.map((issue) => ({
      number: issue.number,
      is_pull: issue.isPull,
      state: issue.state,
      merged: issue.isMerged,
      author: issue.author,
      created_at: issue.createdAt,
      updated_at: issue.updatedAt,
      closed_at: issue.closedAt,
    }))
    const { items: issues, ...part } = toListPart({ items: rows, total }, { page, limit }, describeRow, limits.maxChars)
    return { issues, ...part }
  },
  render({ issues, ...part }, { owner, repo, limit }) {
    return toText([
      describePart({ items: issues, ...part }, { one: 'changed issue', where: ` in ${owner}/${repo}` }, limit),
      ...issues.map(describeRow),
    ])
  },
})

function isMoment(text: string): boolean {
  return z.iso.datetime({ offset: true }).safeParse(text).success
}

function describeRow({ number, is_pull: isPull, state, merged, updated_at: at }: z.output<typeof Row>): string {
  return `#${number} ${isPull ? 'pull request' : 'issue'}, ${merged ? 'merged' : state}, ${at}`
}
