import { z } from 'zod'
import { defineTool } from './define-tool.js'
import { Commented, comment, describeCommented } from './new-comment.js'
import { filledText, issueNumber, owner, repo } from './params.js'

export const createIssueComment = defineTool({
  name: 'create_issue_comment',
  title: 'Comment on issue',
  description: 'Comments on an issue; on a pull request use create_pr_comment.',
  effect: 'create',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['createIssueComment', 'getIssue'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, body: filledText(100_000) }),
  output: Commented,
  run: ({ owner, repo, issue_number, body }, context) => comment(context, { owner, repo, index: issue_number }, body),
  render: (commented, { owner, repo }) => describeCommented(commented, `${owner}/${repo}`),
})
