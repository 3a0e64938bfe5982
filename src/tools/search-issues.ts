import { z } from 'zod'
import { CONCERNS, type FoundIssue, searchIssues as loadIssues } from '../gitea/issue-search.js'
import { describeWithheld, type TrustsAuthor } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describeTags, IssueRow, toIssueRow } from './issue-rows.js'
import { describePart, toNextDay, toOneLine, toText } from './lines.js'
import { limit, owner, page, state, textOf } from './params.js'
import { describeMissing, loadUsablePart, usablePosition } from './usable-rows.js'

const Row = IssueRow.extend({
  owner: z.string(),
  repo: z.string(),
  pull_request: z.boolean(),
  merged: z.boolean(),
})

export const searchIssues = defineTool({
  name: 'search_issues',
  title: 'Search issues',
  description: 'Issues and pull requests across repositories.',
  effect: 'read',
  toolset: 'search',
  scope: 'read:repository',
  operations: ['searchIssues'],
  input: z.strictObject({
    query: textOf(200).optional(),
    owner: owner.optional(),
    state,
    type: z.enum(['issues', 'pulls']).optional(),
    mine: z.enum(CONCERNS).optional().describe('Concerns me'),
    page,
    limit,
  }),
  output: z.object({ issues: z.array(Row), ...usablePosition }),
  async run(
    { query, owner, state, type, mine, page, limit: asked },
    { gitea, limits, mayUseRepository, trustAuthors },
  ) {
    const trusts = await trustAuthors()
    const { items, ...part } = await loadUsablePart(
      (request) => loadIssues(gitea, { ...request, query, owner, state, type, concern: mine }),
      ({ repository }) => mayUseRepository(repository.owner, repository.name),
      { page, limit: Math.min(asked, limits.maxItems) },
      (item) => describeRow(toRow(item, trusts)),
      limits.maxChars,
    )
    return { issues: items.map((item) => toRow(item, trusts)), ...part }
  },
  render({ issues, hidden, unread, ...part }, { query, owner, state, type, mine, limit }) {
    const kind = type === undefined ? 'issue or pull request' : type === 'pulls' ? 'pull request' : 'issue'
    const many = type === undefined ? 'issues and pull requests' : `${kind}s`
    const open = state === 'all' ? '' : `${state} `
    const where = [
      mine === undefined ? '' : ` (${mine.replace('_', ' ')})`,
      owner === undefined ? '' : ` of ${owner}`,
      query === undefined ? '' : ` matching "${toOneLine(query)}"`,
    ].join('')
    return toText([
      describePart({ items: issues, ...part }, { one: `${open}${kind}`, many: `${open}${many}`, where }, limit),
      describeWithheld(issues),
      ...issues.map((row, at) => describeRow(row, state === 'all', issues[at - 1]?.updated_at)),
      ...describeMissing({ hidden, unread }, kind, many),
    ])
  },
})

function toRow(issue: FoundIssue, trusts: TrustsAuthor): z.output<typeof Row> {
  const { owner, name } = issue.repository
  return { ...toIssueRow(issue, trusts), owner, repo: name, pull_request: issue.isPull, merged: issue.isMerged }
}

function describeRow(row: z.output<typeof Row>, showsState = true, previous?: string): string {
  const closed = row.merged ? 'merged' : showsState && row.state === 'closed' ? 'closed' : ''
  const marks = [row.pull_request ? 'pull' : '', closed].filter((mark) => mark !== '')
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  const comments = row.comments === 0 ? '' : `, ${row.comments}c`
  const facts = `${toOneLine(row.author)} ${toNextDay(row.updated_at, previous)}${comments}`
  return `${row.owner}/${row.repo}#${row.number} ${toOneLine(row.title)}${marked}${describeTags(row)} ${facts}`
}
