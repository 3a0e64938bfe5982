import { z } from 'zod'
import { listCommits as loadCommits } from '../gitea/git.js'
import { CommitRow, describeCommit, describeCommits, toCommitRow } from './commit-rows.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toText } from './lines.js'
import { limit, listPosition, owner, page, ref, repo } from './params.js'

export const listCommits = defineTool({
  name: 'list_commits',
  title: 'List commits',
  description: 'History, newest first.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listCommits'],
  input: z.strictObject({ owner, repo, ref, page, limit }),
  output: z.object({ commits: z.array(CommitRow), ...listPosition }),
  async run({ owner, repo, ref, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadCommits(gitea, { owner, repo, ref, page, limit })
    const rows = { items: items.map(toCommitRow), total }
    const { items: commits, ...part } = toListPart(rows, { page, limit }, describeCommit, limits.maxChars)
    return { commits, ...part }
  },
  render({ commits, ...part }, { owner, repo, ref, limit }) {
    const where = `${owner}/${repo}${ref === undefined ? '' : ` at ${ref}`}`
    if (part.total === 0) return `${where} has no commits yet.`
    return toText([
      describePart({ items: commits, ...part }, { one: 'commit', where: ` in ${where}` }, limit),
      ...describeCommits(commits),
    ])
  },
})
