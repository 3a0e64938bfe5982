import { z } from 'zod'
import { NotFound, UpstreamFailed } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import { toAuthor } from './author.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const Login = z.object({ login: z.string() }).transform((user) => user.login)

export const IssueFields = z.object({
  number: z.number(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  user: Login.nullable(),
  original_author: z.string().nullish(),
  labels: z.array(z.object({ name: z.string() })).nullish(),
  assignees: z.array(Login).nullish(),
  milestone: z.object({ id: z.number(), title: z.string() }).nullish(),
  comments: z.number().default(0),
  is_locked: z.boolean().default(false),
  due_date: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string().nullish(),
  html_url: z.string(),
})

/** The fields issues and pull requests share. */
export function toIssueFields(issue: z.output<typeof IssueFields>) {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    state: issue.state,
    author: toAuthor(issue.user, issue.original_author),
    labels: (issue.labels ?? []).map((label) => label.name),
    assignees: issue.assignees ?? [],
    milestone: issue.milestone?.title ?? '',
    comments: issue.comments,
    isLocked: issue.is_locked,
    dueAt: issue.due_date ?? '',
    createdAt: issue.created_at,
    updatedAt: issue.updated_at,
    closedAt: issue.closed_at ?? '',
    url: issue.html_url,
  }
}

export const Issue = IssueFields.extend({
  pull_request: z.object({ merged: z.boolean().default(false) }).nullish(),
}).transform((issue) => ({
  ...toIssueFields(issue),
  isPull: issue.pull_request != null,
  isMerged: issue.pull_request?.merged ?? false,
}))
export type Issue = z.output<typeof Issue>

/**
 * Issues without pull requests, newest first.
 *
 * @param args.labels exact names, all of which an issue must have; Gitea drops unknown ones, so resolve them first
 * @param args.createdBy a login; NotFound for one that Gitea does not know
 */
export async function listIssues(
  client: GiteaClient,
  args: RepositoryName &
    PageRequest & { readonly state: string; readonly labels: readonly string[]; readonly createdBy?: string },
): Promise<Page<Issue>> {
  const { owner, repo, state, labels, createdBy, page, limit } = args
  const answer = await client.request('listIssues', {
    path: { owner, repo },
    query: {
      type: 'issues',
      state,
      labels: labels.length === 0 ? undefined : labels.join(','),
      created_by: createdBy,
      page,
      limit,
    },
    subject: `repository ${toName(args)} with issues`,
  })
  return toPage(Issue, answer)
}

/**
 * Issues and pull requests that changed, open and closed, newest first by when they were opened.
 *
 * @param args.since as Gitea writes times; what changed in that second is among them
 */
export async function listChangedIssues(
  client: GiteaClient,
  args: RepositoryName & PageRequest & { readonly since: string },
): Promise<Page<Issue>> {
  const { owner, repo, since, page, limit } = args
  const answer = await client.request('listIssues', {
    path: { owner, repo },
    query: { state: 'all', since, page, limit },
    subject: `repository ${toName(args)} with issues`,
  })
  return toPage(Issue, answer)
}

export interface IssueRequest extends RepositoryName {
  readonly index: number
}

/** An issue or, since they share numbers, a pull request. */
export async function getIssue(client: GiteaClient, args: IssueRequest): Promise<Issue> {
  const { owner, repo, index } = args
  const answer = await client.request('getIssue', {
    path: { owner, repo, index },
    subject: `issue #${index} in ${toName(args)}`,
  })
  return parseAnswer(Issue, answer)
}

const Comment = z
  .object({
    id: z.number(),
    user: Login.nullable(),
    original_author: z.string().nullish(),
    body: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .transform((comment) => ({
    id: comment.id,
    author: toAuthor(comment.user, comment.original_author),
    body: comment.body,
    createdAt: comment.created_at,
    updatedAt: comment.updated_at,
  }))
export type Comment = z.output<typeof Comment>

/**
 * All comments of an issue or pull request, oldest first; Gitea has no pages here. Needs `getIssue` too.
 *
 * @throws NotFound when there is no such issue
 */
export async function listIssueComments(client: GiteaClient, args: IssueRequest): Promise<readonly Comment[]> {
  const { owner, repo, index } = args
  // Gitea answers 500 for the comments of an issue that is not there, and 404 for one it does not show
  try {
    const answer = await client.request('listIssueComments', {
      path: { owner, repo, index },
      subject: `comments of #${index} in ${toName(args)}`,
    })
    return toPage(Comment, answer).items
  } catch (thrown) {
    if (thrown instanceof UpstreamFailed || thrown instanceof NotFound) await getIssue(client, args)
    throw thrown
  }
}

export interface NewIssue {
  readonly title: string
  readonly body: string
  /** Ids. */
  readonly labels: readonly number[]
  readonly assignees: readonly string[]
  readonly milestone: number | undefined
}

/**
 * Opens an issue. Gitea silently leaves out labels, assignees and milestone when the person may not set them: compare
 * what it returns.
 */
export async function createIssue(client: GiteaClient, name: RepositoryName, issue: NewIssue): Promise<Issue> {
  const { owner, repo } = name
  const answer = await client.request('createIssue', {
    path: { owner, repo },
    body: issue,
    subject: `a new issue in ${toName(name)}`,
  })
  return parseAnswer(Issue, answer)
}
