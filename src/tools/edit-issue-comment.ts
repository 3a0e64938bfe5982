import { z } from 'zod'
import { getComment, updateComment } from '../gitea/comments.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { countingFrom1, filledText, owner, repo } from './params.js'

export const editIssueComment = defineTool({
  name: 'edit_issue_comment',
  title: 'Edit comment',
  description: 'Replaces the text of a comment; list_issue_comments shows the ids.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['updateIssueComment', 'getIssueComment'],
  input: z.strictObject({ owner, repo, comment_id: countingFrom1(), body: filledText(100_000) }),
  output: z.object({ id: z.number(), number: z.number(), author: z.string(), url: z.string() }),
  async run({ owner, repo, comment_id, body }, { gitea }) {
    const args = { owner, repo, id: comment_id }
    await getComment(gitea, args)
    const { id, number, author, url } = await updateComment(gitea, args, body)
    return { id, number, author, url }
  },
  render: ({ id, number, author, url }, { owner, repo }) =>
    toText([`Edited comment ${id} by ${toOneLine(author)} on ${owner}/${repo}#${number}`, url]),
})
