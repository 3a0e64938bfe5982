import { z } from 'zod'
import { getBranch as loadBranch } from '../gitea/git.js'
import { defineTool } from './define-tool.js'
import { count, toDay, toOneLine, toShortId, toSubject, toText } from './lines.js'
import { branch, owner, repo } from './params.js'

export const getBranch = defineTool({
  name: 'get_branch',
  title: 'Show branch',
  description: 'Last commit and protection of a branch.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['getBranch'],
  input: z.strictObject({ owner, repo, branch }),
  output: z.object({
    name: z.string(),
    sha: z.string(),
    subject: z.string(),
    author: z.string(),
    committed_at: z.string(),
    protected: z.boolean(),
    can_push: z.boolean(),
    can_merge: z.boolean(),
    required_approvals: z.number(),
    required_checks: z.array(z.string()),
  }),
  async run({ owner, repo, branch }, { gitea }) {
    const found = await loadBranch(gitea, { owner, repo, branch })
    return {
      name: found.name,
      sha: found.sha,
      subject: toSubject(found.message),
      author: found.author,
      committed_at: found.committedAt,
      protected: found.isProtected,
      can_push: found.canPush,
      can_merge: found.canMerge,
      required_approvals: found.requiredApprovals,
      required_checks: found.requiredChecks,
    }
  },
  render(found, { owner, repo }) {
    const { name, sha, subject, author, committed_at, can_push, can_merge } = found
    return toText([
      `${name} in ${owner}/${repo}: ${toShortId(sha)} ${toDay(committed_at)} ${toOneLine(author)}: ${subject}`,
      found.protected ? describeProtection(found) : 'Not protected.',
      `This person may ${can_push ? '' : 'not '}push to it and may ${can_merge ? '' : 'not '}merge into it.`,
    ])
  },
})

function describeProtection(found: {
  readonly required_approvals: number
  readonly required_checks: readonly string[]
}): string {
  const { required_approvals, required_checks } = found
  const needs = [
    required_approvals === 0 ? '' : count(required_approvals, 'approval'),
    required_checks.length === 0 ? '' : `checks ${required_checks.map(toOneLine).join(', ')}`,
  ].filter((need) => need !== '')
  return needs.length === 0 ? 'Protected.' : `Protected: a merge needs ${needs.join(' and ')}.`
}
