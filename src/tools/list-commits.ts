import { z } from 'zod'
import { loadHistory } from '../objects/commit-history.js'
import { EmptyRepository, RESOLVE_OPERATIONS, resolveCommit } from '../objects/resolve-commit.js'
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
  operations: [...RESOLVE_OPERATIONS, 'listCommits'],
  input: z.strictObject({ owner, repo, ref, page, limit }),
  output: z.object({ commits: z.array(CommitRow), ...listPosition }),
  async run({ owner, repo, ref, page, limit: asked }, { gitea, objects, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const from = await resolveCommit(gitea, objects, { owner, repo, ref }).catch(toNothing)
    const { items, total } = from ? await loadHistory(gitea, objects, from, { page, limit }) : { items: [], total: 0 }
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

function toNothing(thrown: unknown): undefined {
  if (thrown instanceof EmptyRepository) return undefined
  throw thrown
}
