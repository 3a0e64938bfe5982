import { z } from 'zod'
import { getIssue as loadIssue } from '../gitea/issues.js'
import { InvalidInput } from '../lib/errors.js'
import { describeWithheld, showAuthored } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describeDates, describeFacts, IssueRow, toIssueRow } from './issue-rows.js'
import { count, cutLines, describeCut, toDay, toOneLine, toText, toTextBudget } from './lines.js'
import { issueNumber, owner, repo, startLine, textLines } from './params.js'

export const getIssue = defineTool({
  name: 'get_issue',
  title: 'Get issue',
  description: 'One issue without its comments.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['getIssue'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, start_line: startLine }),
  output: IssueRow.extend({
    pull_request: z.boolean(),
    locked: z.boolean(),
    due_at: z.string(),
    closed_at: z.string(),
    url: z.string(),
    body: z.string(),
    lines: textLines,
  }),
  async run({ owner, repo, issue_number, start_line }, { gitea, limits, maskSecrets, trustAuthors }) {
    const [issue, trusts] = await Promise.all([loadIssue(gitea, { owner, repo, index: issue_number }), trustAuthors()])
    const { text, ...lines } = cutLines(
      showAuthored(trusts, issue.author, issue.body).text,
      start_line,
      Number.POSITIVE_INFINITY,
      toTextBudget(limits.maxChars),
      maskSecrets,
    )
    if (start_line > Math.max(1, lines.totalLines)) {
      throw new InvalidInput(`The text has ${lines.totalLines} lines; start_line=${start_line} is past its end.`)
    }
    return {
      ...toIssueRow(issue, trusts),
      pull_request: issue.isPull,
      locked: issue.isLocked,
      due_at: issue.dueAt,
      closed_at: issue.closedAt,
      url: issue.url,
      body: text,
      lines,
    }
  },
  render(issue, { owner, repo }) {
    const kind = issue.pull_request ? 'pull request (get_pull_request shows more)' : 'issue'
    const closed = issue.closed_at === '' ? '' : `, closed ${toDay(issue.closed_at)}`
    const cut = describeCut({ ...issue.lines, text: '' })
    return toText([
      `${owner}/${repo}#${issue.number} ${toOneLine(issue.title)}`,
      describeWithheld([issue]),
      `${issue.state} ${kind}, ${describeDates(issue)}${closed}, ${count(issue.comments, 'comment')}${issue.locked ? ', locked' : ''}`,
      describeFacts({
        Labels: issue.labels,
        Assigned: issue.assignees,
        Milestone: issue.milestone,
        Due: toDay(issue.due_at),
      }),
      issue.body === '' ? 'No text.' : `Text${cut}:\n${issue.body}`,
    ])
  },
})
