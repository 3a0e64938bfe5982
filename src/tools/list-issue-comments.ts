import { z } from 'zod'
import { listIssueComments as loadComments } from '../gitea/issues.js'
import { describeWithheld, showAuthored } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText, toTextBudget } from './lines.js'
import { issueNumber, limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({
  id: z.number(),
  author: z.string(),
  body: z.string(),
  created_at: z.string(),
  edited: z.boolean(),
  /** Characters left out of a comment that alone is longer than an answer may be. */
  cut_chars: z.number(),
  withheld: z.boolean(),
})

export const listIssueComments = defineTool({
  name: 'list_issue_comments',
  title: 'List comments',
  description: 'Comments on an issue or pull request, oldest first.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['listIssueComments', 'getIssue'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, page, limit }),
  output: z.object({ comments: z.array(Row), ...listPosition }),
  async run({ owner, repo, issue_number, page, limit: asked }, { gitea, limits, maskSecrets, trustAuthors }) {
    const limit = Math.min(asked, limits.maxItems)
    const [all, trusts] = await Promise.all([loadComments(gitea, { owner, repo, index: issue_number }), trustAuthors()])
    const budget = toTextBudget(limits.maxChars)
    const rows = all.slice((page - 1) * limit, page * limit).map(({ id, author, body, createdAt, updatedAt }) => {
      const { text, withheld } = showAuthored(trusts, author, body)
      return {
        id,
        author,
        // masked before it is cut: half a secret is not recognised any more
        body: maskSecrets(text).slice(0, budget),
        created_at: createdAt,
        edited: updatedAt !== createdAt,
        cut_chars: Math.max(0, text.length - budget),
        withheld,
      }
    })
    const found = { items: rows, total: all.length }
    const { items: comments, ...part } = toListPart(found, { page, limit }, describeRow, limits.maxChars)
    return { comments, ...part }
  },
  render({ comments, ...part }, { owner, repo, issue_number, limit }) {
    const where = `${owner}/${repo}#${issue_number}`
    if (part.total === 0) return `${where} has no comments.`
    return toText([
      describePart({ items: comments, ...part }, { one: 'comment', where: ` on ${where}` }, limit),
      describeWithheld(comments),
      ...comments.map(describeRow),
    ])
  },
})

/** A blank before a line that looks like our own head lines: no comment can pose as another. */
function describeRow({ id, author, body, created_at, edited, cut_chars }: z.output<typeof Row>): string {
  const when = created_at.slice(0, 16).replace('T', ' ')
  const cut = cut_chars === 0 ? '' : `, its last ${cut_chars} characters are left out`
  const text = body.replaceAll(/^--- comment /gm, ' $&')
  return `--- comment ${id} by ${toOneLine(author)}, ${when}${edited ? ', edited' : ''}${cut}\n${text}`
}
