import { z } from 'zod'
import { listBranches as loadBranches } from '../gitea/git.js'
import { getRepository } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toNextDay, toOneLine, toShortId, toSubject, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({
  name: z.string(),
  default: z.boolean(),
  protected: z.boolean(),
  sha: z.string(),
  subject: z.string(),
  author: z.string(),
  committed_at: z.string(),
})

export const listBranches = defineTool({
  name: 'list_branches',
  title: 'List branches',
  description: 'Branches with their last commit.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listBranches', 'getRepository'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ branches: z.array(Row), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const [repository, { items, total }] = await Promise.all([
      getRepository(gitea, { owner, repo }),
      loadBranches(gitea, { owner, repo, page, limit }),
    ])
    const rows = items.map((branch) => ({
      name: branch.name,
      default: branch.name === repository.defaultBranch,
      protected: branch.isProtected,
      sha: branch.sha,
      subject: toSubject(branch.message),
      author: branch.author,
      committed_at: branch.committedAt,
    }))
    const { items: branches, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      (branch) => describeRow(branch),
      limits.maxChars,
    )
    return { branches, ...part }
  },
  render({ branches, ...part }, { owner, repo, limit }) {
    if (part.total === 0) return `${owner}/${repo} is empty: it has no branches yet.`
    return toText([
      describePart(
        { items: branches, ...part },
        { one: 'branch', many: 'branches', where: ` in ${owner}/${repo}` },
        limit,
      ),
      ...branches.map((branch, at) => describeRow(branch, branches[at - 1]?.committed_at)),
    ])
  },
})

function describeRow(branch: z.output<typeof Row>, previous?: string): string {
  const marks = [branch.default ? 'default' : '', branch.protected ? 'protected' : ''].filter((mark) => mark !== '')
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  return `${branch.name}${marked} ${toShortId(branch.sha)} ${toNextDay(branch.committed_at, previous)} ${toOneLine(branch.author)}: ${branch.subject}`
}
