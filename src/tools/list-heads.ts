import { z } from 'zod'
import { listHeads as loadHeads } from '../gitea/git-data.js'
import { getRepository } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { count, toOneLine, toShortId, toText } from './lines.js'
import { owner, repo } from './params.js'

/** A program reads this, and one that has more branches is not followed further. */
const MOST_HEADS = 2000

export const listHeads = defineTool({
  name: 'list_heads',
  title: 'List heads',
  description: 'Every branch with the commit it stands at.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  audience: 'jobs',
  operations: ['getRefs', 'getRepository'],
  input: z.strictObject({ owner, repo }),
  output: z.object({
    default_branch: z.string(),
    private: z.boolean(),
    heads: z.array(z.object({ branch: z.string(), sha: z.string() })),
    /** Branches beyond those. */
    left: z.number(),
  }),
  async run({ owner, repo }, { gitea }) {
    const repository = await getRepository(gitea, { owner, repo })
    const heads = repository.isEmpty ? [] : await loadHeads(gitea, { owner, repo })
    const shown = heads.slice(0, MOST_HEADS).map(({ branch, sha }) => ({ branch, sha }))
    return {
      default_branch: repository.defaultBranch,
      private: repository.visibility !== 'public',
      heads: shown,
      left: heads.length - shown.length,
    }
  },
  render({ heads, default_branch: main, left }, { owner, repo }) {
    return toText([
      `${count(heads.length + left, 'branch', 'branches')} in ${owner}/${repo}, by default ${toOneLine(main)}`,
      ...heads.map(({ branch, sha }) => `${toOneLine(branch)} ${toShortId(sha)}`),
      left === 0 ? '' : `${left} more`,
    ])
  },
})
