import { z } from 'zod'
import { listCommits as loadCommits } from '../gitea/git.js'
import { defineTool } from './define-tool.js'
import { describePart, toDay, toListPart, toNextDay, toOneLine, toShortId, toSubject, toText } from './lines.js'
import { limit, listPosition, owner, page, ref, repo } from './params.js'

const Row = z.object({ sha: z.string(), subject: z.string(), author: z.string(), authored_at: z.string() })

export const listCommits = defineTool({
  name: 'list_commits',
  title: 'List commits',
  description: 'History, newest first.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listCommits'],
  input: z.strictObject({ owner, repo, ref, page, limit }),
  output: z.object({ commits: z.array(Row), ...listPosition }),
  async run({ owner, repo, ref, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadCommits(gitea, { owner, repo, ref, page, limit })
    const rows = items.map(({ sha, message, author, authoredAt }) => ({
      sha,
      subject: toSubject(message),
      author,
      authored_at: authoredAt,
    }))
    const { items: commits, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    return { commits, ...part }
  },
  render({ commits, ...part }, { owner, repo, ref, limit }) {
    const where = `${owner}/${repo}${ref === undefined ? '' : ` at ${ref}`}`
    if (part.total === 0) return `${where} has no commits yet.`
    const lines = [describePart({ items: commits, ...part }, { one: 'commit', where: ` in ${where}` }, limit)]
    let previous: string | undefined
    for (const commit of commits) {
      // a day stands once above all its commits
      if (previous === undefined || toDay(previous) !== toDay(commit.authored_at)) {
        lines.push(toNextDay(commit.authored_at, previous))
      }
      previous = commit.authored_at
      lines.push(describeRow(commit))
    }
    return toText(lines)
  },
})

function describeRow({ sha, author, subject }: z.output<typeof Row>): string {
  return `${toShortId(sha)} ${toOneLine(author)}: ${subject}`
}
