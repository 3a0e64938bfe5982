import { z } from 'zod'
import { createBranch as makeBranch } from '../gitea/branch-writes.js'
import { getCommit } from '../gitea/git.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toShortId, toText } from './lines.js'
import { branch, owner, ref, repo } from './params.js'

export const createBranch = defineTool({
  name: 'create_branch',
  title: 'Create branch',
  description: 'Makes a branch, by default from the default branch.',
  effect: 'create',
  toolset: 'repositories',
  scope: 'write:repository',
  operations: ['createBranch', 'getCommit'],
  input: z.strictObject({
    owner,
    repo,
    new_branch_name: branch.refine((name) => name.length <= 100, 'must not be longer than 100 characters'),
    old_branch_name: ref,
  }),
  output: z.object({ name: z.string(), sha: z.string(), from: z.string(), protected: z.boolean(), url: z.string() }),
  async run({ owner, repo, new_branch_name, old_branch_name }, { gitea }) {
    const name = { owner, repo }
    const start = old_branch_name === undefined ? undefined : await getCommit(gitea, { ...name, ref: old_branch_name })
    const made = await makeBranch(gitea, name, { branch: new_branch_name, from: start?.sha })
    return {
      name: made.name,
      sha: made.sha,
      from: old_branch_name ?? 'the default branch',
      protected: made.isProtected,
      url: made.url,
    }
  },
  render(made, { owner, repo }) {
    const marked = made.protected ? ' (protected)' : ''
    return toText([
      `Created branch ${toOneLine(made.name)}${marked} in ${owner}/${repo} at ${toShortId(made.sha)}, from ${toOneLine(made.from)}`,
      made.url,
    ])
  },
})
