import { z } from 'zod'
import { getPullDiff } from '../gitea/pulls.js'
import { InvalidInput } from '../lib/errors.js'
import { toVisibleDiff } from './changed-files.js'
import { defineTool } from './define-tool.js'
import { count, toText } from './lines.js'
import { countingFrom1, flag, issueNumber, owner, repo, repositoryPath, textOf } from './params.js'
import { findPlaceFault } from './reviewed-lines.js'
import { requireVerdict, sendReview } from './send-review.js'
import { getWritablePull } from './writable-pull.js'

const BODY_CHARS = 100_000

const LineComment = z
  .strictObject({
    path: repositoryPath('').meta({ description: undefined }),
    line: countingFrom1(),
    body: textOf(BODY_CHARS).refine((body) => body.trim() !== '', 'must not be blank'),
    old: flag('Line before change'),
  })
  .meta({ additionalProperties: undefined })

export const createReview = defineTool({
  name: 'create_review',
  title: 'Create review',
  description: 'Reviews a pull request, with comments on lines of its diff.',
  effect: 'create',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['createReview', 'getPullRequest', 'getPullRequestDiff', 'listReviews'],
  input: z
    .strictObject({
      owner,
      repo,
      pull_number: issueNumber,
      event: z.enum(['comment', 'request_changes']),
      body: textOf(BODY_CHARS).optional(),
      comments: z.array(LineComment).max(50).meta({ maxItems: undefined }).optional(),
    })
    .refine(({ event, body = '' }) => event === 'comment' || body.trim() !== '', 'say in body what should change')
    .refine(
      ({ body = '', comments = [] }) => body.trim() !== '' || comments.length > 0,
      'give a body, comments or both',
    ),
  output: z.object({
    id: z.number(),
    event: z.enum(['comment', 'request_changes']),
    comments: z.number(),
    commit: z.string(),
    url: z.string(),
  }),
  async run({ owner, repo, pull_number, event, body = '', comments = [] }, context) {
    const { gitea, login, mayReadPath } = context
    const request = { owner, repo, index: pull_number }
    const [pull, diff] = await Promise.all([
      getWritablePull(gitea, request),
      comments.length === 0 ? undefined : getPullDiff(gitea, request),
    ])
    if (event === 'request_changes') requireVerdict(pull, login, 'request changes')
    if (diff !== undefined) {
      const visible = toVisibleDiff(diff, mayReadPath)
      const faults = comments.flatMap((comment) => findPlaceFault(visible, comment) ?? [])
      if (faults.length > 0) throw new InvalidInput([...new Set(faults)].join(' '))
    }
    const review = await sendReview(gitea, request, login, {
      event: event === 'comment' ? 'COMMENT' : 'REQUEST_CHANGES',
      body,
      commit: pull.headSha,
      comments,
    })
    return { id: review.id, event, comments: review.comments, commit: pull.headSha, url: review.url }
  },
  render({ event, comments, url }, { owner, repo, pull_number }) {
    const what = event === 'comment' ? 'Commented on' : 'Requested changes in'
    const lines = comments === 0 ? '' : `, with ${count(comments, 'comment')} on lines`
    return toText([`${what} ${owner}/${repo}#${pull_number}${lines}`, url])
  },
})
