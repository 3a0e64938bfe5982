import { z } from 'zod'
import { showAuthored, type TrustsAuthor } from './authored-text.js'
import { toDay, toOneLine } from './lines.js'

/* What issues and pull requests have in common in lists and at their head. */

export const IssueRow = z.object({
  number: z.number(),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  author: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  milestone: z.string(),
  comments: z.number(),
  created_at: z.string(),
  updated_at: z.string(),
  /** Its title and text are not shown: author trust. */
  withheld: z.boolean(),
})
export type IssueRow = z.output<typeof IssueRow>

interface IssueLike extends Omit<IssueRow, 'created_at' | 'updated_at' | 'labels' | 'assignees' | 'withheld'> {
  readonly labels: string[]
  readonly assignees: string[]
  readonly createdAt: string
  readonly updatedAt: string
}

export function toIssueRow(issue: IssueLike, trusts: TrustsAuthor): IssueRow {
  const { text: title, withheld } = showAuthored(trusts, issue.author, issue.title)
  const { number, state, author, labels, assignees, milestone, comments, createdAt, updatedAt } = issue
  return {
    number,
    title,
    state,
    author,
    labels,
    assignees,
    milestone,
    comments,
    created_at: createdAt,
    updated_at: updatedAt,
    withheld,
  }
}

/** ` [bug, ui] @alice`; empty without labels and assignees. */
export function describeTags({ labels, assignees }: Pick<IssueRow, 'labels' | 'assignees'>): string {
  const inBrackets = labels.length === 0 ? '' : ` [${labels.map(toOneLine).join(', ')}]`
  return inBrackets + assignees.map((login) => ` @${login}`).join('')
}

/** The lines under the title: labels, people, milestone, where there are any. */
export function describeFacts(facts: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(facts)
    .map(([name, value]) => [name, toOneLine(typeof value === 'string' ? value : value.join(', '))])
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('. ')
}

/** `opened 2026-11-01 by alice, updated 2026-11-03`. */
export function describeDates({
  author,
  created_at,
  updated_at,
}: Pick<IssueRow, 'author' | 'created_at' | 'updated_at'>) {
  const created = toDay(created_at)
  const updated = toDay(updated_at) === created ? '' : `, updated ${toDay(updated_at)}`
  return `opened ${created} by ${toOneLine(author)}${updated}`
}
