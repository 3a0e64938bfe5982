import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import { toAuthor } from './author.js'
import type { GiteaClient } from './client.js'
import type { IssueRequest } from './issues.js'
import { type RepositoryName, toName } from './repos.js'

/* Single comments of issues and pull requests; issues.ts lists them. */

const Comment = z
  .object({
    id: z.number(),
    user: z.object({ login: z.string() }).nullable(),
    original_author: z.string().nullish(),
    body: z.string(),
    html_url: z.string(),
    issue_url: z.string().default(''),
    pull_request_url: z.string().default(''),
  })
  .transform((comment) => ({
    id: comment.id,
    author: toAuthor(comment.user?.login, comment.original_author),
    body: comment.body,
    url: comment.html_url,
    /** Number of the issue or pull request that it is on. */
    number: Number(/\/(\d+)$/.exec(comment.issue_url || comment.pull_request_url)?.[1] ?? 0),
  }))
export type SingleComment = z.output<typeof Comment>

/** Gitea answers 500 where there is no such issue: look first. */
export async function createComment(client: GiteaClient, args: IssueRequest, body: string): Promise<SingleComment> {
  const { owner, repo, index } = args
  const answer = await client.request('createIssueComment', {
    path: { owner, repo, index },
    body: { body },
    subject: `a new comment on #${index} in ${toName(args)}`,
  })
  return parseAnswer(Comment, answer)
}

interface CommentRequest extends RepositoryName {
  readonly id: number
}

/** @throws NotFound also for what has an id like a comment, but is an event or a review */
export async function getComment(client: GiteaClient, args: CommentRequest): Promise<SingleComment> {
  const { owner, repo, id } = args
  const answer = await client.request('getIssueComment', { path: { owner, repo, id }, subject: toSubject(args) })
  // 204 without a body
  if (answer.body === null) throw new NotFound(`${id} in ${toName(args)} is an event or a review, not a comment.`)
  return parseAnswer(Comment, answer)
}

/** Look first: for what is no comment Gitea changes reviews and answers nothing. */
export async function updateComment(client: GiteaClient, args: CommentRequest, body: string): Promise<SingleComment> {
  const { owner, repo, id } = args
  const answer = await client.request('updateIssueComment', {
    path: { owner, repo, id },
    body: { body },
    subject: toSubject(args),
  })
  return parseAnswer(Comment, answer)
}

function toSubject(args: CommentRequest): string {
  return `comment ${args.id} in ${toName(args)}`
}
