import { z } from 'zod'
import { loadMilestones, type Milestone } from '../gitea/labels.js'
import { defineTool } from './define-tool.js'
import { count, describePart, toDay, toListPart, toOneLine, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, state } from './params.js'

const Row = z.object({
  id: z.number(),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  due_on: z.string(),
  closed_at: z.string(),
  open_issues: z.number(),
  closed_issues: z.number(),
  description: z.string(),
})

export const listMilestones = defineTool({
  name: 'list_milestones',
  title: 'List milestones',
  description: 'Milestones by due date.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['listMilestones'],
  input: z.strictObject({ owner, repo, state, page, limit }),
  output: z.object({ milestones: z.array(Row), ...listPosition }),
  async run({ owner, repo, state, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadMilestones(gitea, { owner, repo, state, page, limit })
    const { items: milestones, ...part } = toListPart(
      { items: items.map(toRow), total },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    return { milestones, ...part }
  },
  render({ milestones, ...part }, { owner, repo, state, limit }) {
    const one = `${state === 'all' ? '' : `${state} `}milestone`
    return toText([
      describePart({ items: milestones, ...part }, { one, where: ` in ${owner}/${repo}` }, limit),
      ...milestones.map(describeRow),
    ])
  },
})

function toRow(milestone: Milestone): z.output<typeof Row> {
  const { id, title, state, dueOn, closedAt, openIssues, closedIssues, description } = milestone
  return {
    id,
    title,
    state,
    due_on: dueOn,
    closed_at: closedAt,
    open_issues: openIssues,
    closed_issues: closedIssues,
    description,
  }
}

/** `Winter timetable (3 open issues, 1 closed), due 2026-10-24: Everything for October` */
function describeRow(milestone: z.output<typeof Row>): string {
  const { title, state, due_on, closed_at, open_issues, closed_issues, description } = milestone
  const due = due_on === '' ? '' : `, due ${toDay(due_on)}`
  const closed = state === 'open' ? '' : `, closed${closed_at === '' ? '' : ` ${toDay(closed_at)}`}`
  const text = description === '' ? '' : `: ${toOneLine(description)}`
  return `${toOneLine(title)} (${count(open_issues, 'open issue')}, ${closed_issues} closed)${due}${closed}${text}`
}
