import { z } from 'zod'
import { InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { Commented, comment, describeCommented } from './new-comment.js'
import { filledText, issueNumber, owner, repo } from './params.js'

export const createPrComment = defineTool({
  name: 'create_pr_comment',
  title: 'Comment on pull request',
  description: 'Comments on a pull request; on lines of code use create_review.',
  effect: 'create',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['createIssueComment', 'getIssue'],
  input: z.strictObject({ owner, repo, pull_number: issueNumber, body: filledText(100_000) }),
  output: Commented,
  run: ({ owner, repo, pull_number, body }, context) =>
    comment(context, { owner, repo, index: pull_number }, body, ({ number, isPull }) => {
      if (!isPull) throw new InvalidInput(`#${number} is an issue, not a pull request: use create_issue_comment.`)
    }),
  render: (commented, { owner, repo }) => describeCommented(commented, `${owner}/${repo}`),
})
