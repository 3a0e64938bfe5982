import { z } from 'zod'
import { detailOf, InvalidInput, NotFound, UpstreamFailed } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import type { IssueRequest } from './issues.js'
import { toName, toPage } from './repos.js'

/* Reviewing pull requests and asking people to. */

const Review = z.object({
  id: z.number(),
  state: z.string(),
  html_url: z.string(),
  comments_count: z.number().default(0),
})

/** The exact words that Gitea knows; another makes a draft that only its author sees. */
type ReviewEvent = 'COMMENT' | 'REQUEST_CHANGES' | 'APPROVED'

export interface NewReview {
  readonly event: ReviewEvent
  readonly body: string
  /** The commit that was looked at, in full. */
  readonly commit: string
  readonly comments: readonly LineComment[]
}

interface LineComment {
  readonly path: string
  readonly line: number
  /** The line is one before the change, not after it. */
  readonly old: boolean
  readonly body: string
}

export interface CreatedReview {
  readonly id: number
  readonly url: string
  readonly comments: number
}

/**
 * Sends a review. Gitea accepts comments on lines that are not in the diff, which nobody sees then: check them first.
 *
 * @throws UpstreamFailed when Gitea kept it as a draft
 */
export async function createReview(client: GiteaClient, args: IssueRequest, review: NewReview): Promise<CreatedReview> {
  const { owner, repo, index } = args
  const answer = await client.request('createReview', {
    path: { owner, repo, index },
    body: {
      event: review.event,
      body: review.body,
      commit_id: review.commit,
      comments: review.comments.map(({ path, body, line, old }) => ({
        path,
        body,
        ...(old ? { old_position: line } : { new_position: line }),
      })),
    },
    subject: toSubject(args),
  })
  const { id, state, html_url, comments_count } = parseAnswer(Review, answer)
  if (state !== review.event) {
    throw new UpstreamFailed(`Gitea kept the review of #${index} as ${state}: look at it there.`)
  }
  return { id, url: html_url, comments: comments_count }
}

const ReviewState = z.object({ state: z.string(), user: z.object({ login: z.string() }).nullish() })
const MOST_PAGES = 10

/** Whether this person has begun a review in Gitea and not sent it. It would go out with the next one. */
export async function hasDraftReview(client: GiteaClient, args: IssueRequest, login: string): Promise<boolean> {
  const { owner, repo, index } = args
  let seen = 0
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await client.request('listReviews', {
      path: { owner, repo, index },
      query: { page, limit: 50 },
      subject: toSubject(args),
    })
    const { items, total = 0 } = toPage(ReviewState, answer)
    // site admins see the drafts of others, too
    if (items.some(({ state, user }) => state === 'PENDING' && user?.login.toLowerCase() === login.toLowerCase())) {
      return true
    }
    seen += items.length
    if (items.length === 0 || seen >= total) return false
  }
  return false
}

const Requests = z.array(z.object({ user: z.object({ login: z.string() }).nullish() })).nullable()

/**
 * Asks people for a review. Gitea takes them one after the other and stops at the first it refuses. Needs `getUser`.
 *
 * @returns logins of those who were not asked before
 * @throws NotFound naming who is unknown, InvalidInput when somebody cannot be asked
 */
export async function requestReviewers(
  client: GiteaClient,
  args: IssueRequest,
  reviewers: readonly string[],
): Promise<string[]> {
  const { owner, repo, index } = args
  // Gitea's words name the person and the reason, and are not ours to show
  try {
    const answer = await client.request('requestReviewers', {
      path: { owner, repo, index },
      body: { reviewers },
      subject: toSubject(args),
    })
    return (parseAnswer(Requests, answer) ?? []).flatMap(({ user }) => (user ? [user.login] : []))
  } catch (thrown) {
    if (thrown instanceof NotFound) await requirePeople(client, reviewers)
    if (!(thrown instanceof InvalidInput)) throw thrown
    throw new InvalidInput(
      `Gitea does not take all of them: a reviewer is a person who may read pull requests in ${toName(args)}, and only people with write access may ask. Those before the refused one are asked already.`,
      detailOf(thrown),
    )
  }
}

async function requirePeople(client: GiteaClient, logins: readonly string[]): Promise<void> {
  for (const username of logins) {
    await client.request('getUser', { path: { username }, subject: `person "${username}"` })
  }
}

function toSubject(args: IssueRequest): string {
  return `pull request #${args.index} in ${toName(args)}`
}
