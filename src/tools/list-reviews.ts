import { z } from 'zod'
import { loadCommentsOfReviews, listReviews as loadReviews, type Review, type ReviewComment } from '../gitea/reviews.js'
import { describeWithheld, showAuthored, type TrustsAuthor } from './authored-text.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { describeHidden, describePart, toDay, toListPart, toOneLine, toText, toTextBudget } from './lines.js'
import { issueNumber, limit, listPosition, owner, page, repo, repositoryPath } from './params.js'
import { cutThreads, describeMoreComments, describeThread, quoteHeads, Thread, toThreads } from './review-threads.js'

/** Longer texts show their beginning, so that one of them cannot take the whole answer. */
const MOST_CHARS = 4000

const Row = z.object({
  id: z.number(),
  author: z.string(),
  team: z.string(),
  state: z.string(),
  at: z.string(),
  stale: z.boolean(),
  dismissed: z.boolean(),
  body: z.string(),
  withheld: z.boolean(),
  threads: z.array(Thread),
  /** Comments on lines that did not fit. */
  more_comments: z.number(),
})
type Row = z.output<typeof Row>

export const listReviews = defineTool({
  name: 'list_reviews',
  title: 'List reviews',
  description: 'Reviews of a pull request with their comments on lines.',
  effect: 'read',
  toolset: 'pulls',
  scope: 'read:repository',
  operations: ['listReviews', 'listReviewComments'],
  pathArgument: 'path',
  input: z.strictObject({
    owner,
    repo,
    pull_number: issueNumber,
    path: repositoryPath('Comments under it').optional(),
    page,
    limit,
  }),
  output: z.object({ reviews: z.array(Row), hidden: z.number(), ...listPosition }),
  async run({ owner, repo, pull_number, path, page, limit: asked }, context) {
    const { gitea, limits, mayReadPath, trustAuthors } = context
    const limit = Math.min(asked, limits.maxItems)
    const request = { owner, repo, index: pull_number }
    const [found, trusts] = await Promise.all([loadReviews(gitea, { ...request, page, limit }), trustAuthors()])
    const comments = await loadCommentsOfReviews(gitea, request, found.items)
    const isWanted = (name: string) => path === undefined || name === path || name.startsWith(`${path}/`)
    const wanted = [...comments.values()].flat().filter((comment) => isWanted(comment.path))
    const visible = new Set(wanted.filter((comment) => mayReadPath(comment.path)))
    const rows = found.items.map((review) => {
      const own = (comments.get(review.id) ?? []).filter((comment) => visible.has(comment))
      return toRow(review, own, trusts, context)
    })
    // drafts of others are counted by Gitea and left out of the page
    const { total = 0, items } = found
    const isLast = page * limit >= total
    const { items: reviews, ...part } = toListPart(
      { items: rows, total: isLast ? (page - 1) * limit + items.length : undefined },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    const next = part.next ?? (isLast ? undefined : { page: page + 1, limit })
    return { reviews, ...part, ...(next ? { next } : {}), hidden: wanted.length - visible.size }
  },
  render({ reviews, hidden, ...part }, { owner, repo, pull_number, limit }) {
    const where = ` on ${owner}/${repo}#${pull_number}`
    const texts = reviews.flatMap((review) => [review, ...review.threads.flatMap(({ comments }) => comments)])
    return toText([
      describePart({ items: reviews, ...part }, { one: 'review', where }, limit),
      describeWithheld(texts),
      ...reviews.map(describeRow),
      describeHidden(hidden, 'comment'),
    ])
  },
})

function toRow(
  review: Review,
  comments: readonly ReviewComment[],
  trusts: TrustsAuthor,
  { limits, maskSecrets }: ToolContext,
): Row {
  const { id, author, team, state, at, isStale, isDismissed } = review
  const cut = (text: string) => cutText(maskSecrets(text))
  const { text, withheld } = showAuthored(trusts, author, review.body)
  const body = cut(text)
  const budget = toTextBudget(limits.maxChars) - body.length
  const { threads, more } = cutThreads(toThreads(comments, trusts, cut), budget)
  return {
    id,
    author,
    team,
    state: state.toLowerCase(),
    at,
    stale: isStale,
    dismissed: isDismissed,
    body,
    withheld,
    threads,
    more_comments: more,
  }
}

function cutText(text: string): string {
  const left = text.length - MOST_CHARS
  return left <= 0
    ? text
    : `${text.slice(0, MOST_CHARS).toWellFormed()}… (${left} more characters, to be read in Gitea)`
}

const WORDS: Readonly<Record<string, string>> = {
  approved: 'approved',
  request_changes: 'asked for changes',
  comment: 'commented',
  pending: 'has an unsent draft',
  request_review: 'was asked for a review',
}

function describeRow(row: Row): string {
  const marks = [row.stale ? 'before later pushes' : '', row.dismissed ? 'dismissed' : ''].filter((mark) => mark !== '')
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  const who = row.author === '' ? `team ${row.team}` : row.author
  return toText([
    `--- review ${row.id}: ${toOneLine(who)} ${WORDS[row.state] ?? row.state}${marked}, ${toDay(row.at)}`,
    quoteHeads(row.body),
    ...row.threads.map(describeThread),
    describeMoreComments(row.more_comments),
  ])
}
