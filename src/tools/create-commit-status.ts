import { z } from 'zod'
import { createStatus } from '../gitea/statuses.js'
import { openCommit } from '../objects/resolve-commit.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toShortId } from './lines.js'
import { filledText, owner, repo, sha, textOf } from './params.js'

/** The part of the name that is ours: no automation can speak for somebody else's check. */
const PREFIX = 'aegis/'

export const createCommitStatus = defineTool({
  name: 'create_commit_status',
  title: 'Set commit status',
  description: 'Says how a commit fared in one of the checks of Aegis; the last word under a name counts.',
  effect: 'create',
  toolset: 'actions',
  scope: 'write:repository',
  audience: 'jobs',
  operations: ['createStatus', 'getCommit'],
  input: z.strictObject({
    owner,
    repo,
    sha,
    state: z.enum(['success', 'failure', 'pending', 'error', 'warning']),
    context: filledText(100, `Name of the check, ${PREFIX}…`).refine(
      (name) => name.startsWith(PREFIX) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name.slice(PREFIX.length)),
      `must be ${PREFIX} and lower-case words with hyphens`,
    ),
    description: textOf(140),
    target_url: textOf(2000, 'Where details are, http or https')
      .refine(isWebAddress, 'must be an http or https URL')
      .optional(),
  }),
  output: z.object({
    sha: z.string(),
    state: z.string(),
    context: z.string(),
    description: z.string(),
    created_at: z.string(),
  }),
  async run({ owner, repo, sha: asked, state, context, description, target_url = '' }, { gitea }) {
    const { sha } = (await openCommit(gitea, { owner, repo, ref: asked })).commit
    const status = { state, name: context, description: toOneLine(description), url: target_url }
    const said = await createStatus(gitea, { owner, repo, sha }, status)
    return { sha, state: said.state, context: said.name, description: said.description, created_at: said.createdAt }
  },
  render: ({ sha, state, context, description }, { owner, repo }) =>
    `${context} of ${toShortId(sha)} in ${owner}/${repo}: ${state}${description === '' ? '' : `, ${description}`}`,
})

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
