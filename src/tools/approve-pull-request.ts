import { z } from 'zod'
import { Conflict } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { toShortId, toText } from './lines.js'
import { issueNumber, owner, repo, sha, textOf } from './params.js'
import { requireVerdict, sendReview } from './send-review.js'
import { getWritablePull } from './writable-pull.js'

const LEAST_DIGITS = 8

export const approvePullRequest = defineTool({
  name: 'approve_pull_request',
  title: 'Approve pull request',
  description: 'Approves a pull request at the commit read; only when a person asks.',
  effect: 'create',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['createReview', 'getPullRequest', 'listReviews'],
  input: z.strictObject({
    owner,
    repo,
    pull_number: issueNumber,
    sha: sha.refine((id) => id.length >= LEAST_DIGITS, `must have at least ${LEAST_DIGITS} digits`),
    body: textOf(100_000).optional(),
  }),
  output: z.object({ id: z.number(), commit: z.string(), url: z.string() }),
  async run({ owner, repo, pull_number, sha, body = '' }, { gitea, login }) {
    const request = { owner, repo, index: pull_number }
    const pull = await getWritablePull(gitea, request)
    requireVerdict(pull, login, 'approve it')
    // whoever pushes between the reading and the approval must not have it approved
    if (!pull.headSha.startsWith(sha.toLowerCase())) {
      throw new Conflict(
        `#${pull_number} is at ${toShortId(pull.headSha)} now, not at ${toShortId(sha)}: read what came since, then approve that.`,
      )
    }
    const review = await sendReview(gitea, request, login, {
      event: 'APPROVED',
      body,
      commit: pull.headSha,
      comments: [],
    })
    return { id: review.id, commit: pull.headSha, url: review.url }
  },
  render({ commit, url }, { owner, repo, pull_number }) {
    return toText([`Approved ${owner}/${repo}#${pull_number} at ${toShortId(commit)}`, url])
  },
})
