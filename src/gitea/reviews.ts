import { z } from 'zod'
import { toAuthor } from './author.js'
import type { GiteaClient } from './client.js'
import type { IssueRequest } from './issues.js'
import { type Page, type PageRequest, toName, toPage } from './repos.js'

const Login = z.object({ login: z.string() }).nullish()

const Review = z
  .object({
    id: z.number(),
    user: Login,
    team: z.object({ name: z.string() }).nullish(),
    state: z.string(),
    body: z.string().default(''),
    commit_id: z.string().default(''),
    stale: z.boolean().default(false),
    dismissed: z.boolean().default(false),
    comments_count: z.number().default(0),
    submitted_at: z.string(),
  })
  .transform((review) => ({
    id: review.id,
    author: toAuthor(review.user?.login, undefined),
    team: review.team?.name ?? '',
    /** `APPROVED`, `REQUEST_CHANGES`, `COMMENT`, `PENDING` (only one's own) or `REQUEST_REVIEW`. */
    state: review.state,
    body: review.body,
    sha: review.commit_id,
    /** The branch has moved on since. */
    isStale: review.stale,
    isDismissed: review.dismissed,
    comments: review.comments_count,
    at: review.submitted_at,
  }))
export type Review = z.output<typeof Review>

/** Reviews of a pull request and requests for them, oldest first. */
export async function listReviews(client: GiteaClient, args: IssueRequest & PageRequest): Promise<Page<Review>> {
  const { owner, repo, index, page, limit } = args
  const answer = await client.request('listReviews', {
    path: { owner, repo, index },
    query: { page, limit },
    subject: `pull request #${index} in ${toName(args)}`,
  })
  return toPage(Review, answer)
}

const ReviewComment = z
  .object({
    id: z.number(),
    body: z.string().default(''),
    user: Login,
    resolver: Login,
    path: z.string(),
    position: z.number().default(0),
    original_position: z.number().default(0),
    created_at: z.string(),
  })
  .transform((comment) => ({
    id: comment.id,
    author: toAuthor(comment.user?.login, undefined),
    body: comment.body,
    path: comment.path,
    /** After the change; 0 for a comment on a line that was taken away. */
    line: comment.position,
    /** Before the change; 0 for a comment on a line that is there after it. */
    oldLine: comment.original_position,
    resolvedBy: comment.resolver?.login ?? '',
    at: comment.created_at,
  }))
export type ReviewComment = z.output<typeof ReviewComment>

/** The comments on lines that belong to one review, in no order; Gitea has no pages here. */
export async function listReviewComments(
  client: GiteaClient,
  args: IssueRequest & { readonly id: number },
): Promise<readonly ReviewComment[]> {
  const { owner, repo, index, id } = args
  const answer = await client.request('listReviewComments', {
    path: { owner, repo, index, id },
    subject: `review ${id} of pull request #${index} in ${toName(args)}`,
  })
  return toPage(ReviewComment, answer).items
}

/** Requests under way at once. */
const AT_ONCE = 4

/** The comments on lines of each review, by its id; asks only for those that have any. */
export async function loadCommentsOfReviews(
  client: GiteaClient,
  args: IssueRequest,
  reviews: readonly Review[],
): Promise<ReadonlyMap<number, readonly ReviewComment[]>> {
  const found = new Map<number, readonly ReviewComment[]>()
  const commented = reviews.filter(({ comments }) => comments > 0)
  for (let at = 0; at < commented.length; at += AT_ONCE) {
    const some = commented.slice(at, at + AT_ONCE)
    const comments = await Promise.all(some.map(({ id }) => listReviewComments(client, { ...args, id })))
    for (const [index, { id }] of some.entries()) found.set(id, comments[index] ?? [])
  }
  return found
}
