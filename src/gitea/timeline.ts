import { z } from 'zod'
import { NotFound, UpstreamFailed } from '../lib/errors.js'
import type { GiteaClient } from './client.js'
import { getIssue, type IssueRequest } from './issues.js'
import { type PageRequest, toName, toPage } from './repos.js'

const Named = z
  .object({ name: z.string() })
  .nullish()
  .transform((named) => named?.name ?? '')
const Titled = z
  .object({ title: z.string() })
  .nullish()
  .transform((titled) => titled?.title ?? '')
const Login = z
  .object({ login: z.string() })
  .nullish()
  .transform((user) => user?.login ?? '')
const Place = z.object({ owner: z.string(), name: z.string() }).nullish()
const Text = z.string().default('')

const OtherIssue = z
  .object({ number: z.number(), repository: Place })
  .nullish()
  .transform((issue) =>
    issue?.repository
      ? { number: issue.number, owner: issue.repository.owner, repo: issue.repository.name }
      : undefined,
  )

const Event = z
  .object({
    /** As Gitea calls it: `label`, `change_title` (models/issues/comment.go). */
    type: z.string(),
    user: Login,
    body: Text,
    created_at: z.string(),
    pull_request_url: Text,
    label: Named,
    milestone: Titled,
    old_milestone: Titled,
    assignee: Login,
    assignee_team: Named,
    removed_assignee: z.boolean().default(false),
    old_title: Text,
    new_title: Text,
    old_ref: Text,
    new_ref: Text,
    ref_issue: OtherIssue,
    ref_action: Text,
    ref_commit_sha: Text,
    dependent_issue: OtherIssue,
  })
  .transform((event) => ({
    type: event.type,
    author: event.user,
    body: event.body,
    at: event.created_at,
    isOnPull: event.pull_request_url !== '',
    /** Of labels Gitea tells by the text whether they came or went. */
    label: event.label,
    isAdded: event.body !== '',
    milestone: event.milestone,
    oldMilestone: event.old_milestone,
    person: event.assignee || event.assignee_team,
    isRemoved: event.removed_assignee,
    oldTitle: event.old_title,
    newTitle: event.new_title,
    oldRef: event.old_ref,
    newRef: event.new_ref,
    sha: event.ref_commit_sha,
    action: event.ref_action,
    /** The issue that names this one, or that it depends on or blocks. */
    other: event.ref_issue ?? event.dependent_issue,
  }))
export type TimelineEvent = z.output<typeof Event>

/** Pages looked at after one that is not full; comments on lines and references from elsewhere make holes. */
const PULL_LOOKAHEAD = 4

interface TimelinePart {
  readonly items: readonly TimelineEvent[]
  /** The next page with anything on it. */
  readonly nextPage: number | undefined
}

/**
 * What happened to an issue or pull request, oldest first, without the comments on lines of code. Gitea counts only the
 * rows of a page, and leaves rows out of it after it was cut. Needs `getIssue` too.
 *
 * @throws NotFound when there is no such issue
 */
export async function loadTimeline(client: GiteaClient, args: IssueRequest & PageRequest): Promise<TimelinePart> {
  const { page, limit } = args
  const items = await loadPage(client, args, page)
  if (items.length >= limit) return { items, nextPage: page + 1 }
  const mayHaveHoles = items.some((event) => event.isOnPull) || (items.length === 0 && page > 1)
  for (let ahead = 1; ahead <= (mayHaveHoles ? PULL_LOOKAHEAD : 1); ahead += 1) {
    if ((await loadPage(client, args, page + ahead)).length > 0) return { items, nextPage: page + ahead }
  }
  return { items, nextPage: undefined }
}

async function loadPage(client: GiteaClient, args: IssueRequest & PageRequest, page: number) {
  const { owner, repo, index, limit } = args
  // Gitea answers 500 for the timeline of an issue that is not there
  try {
    const answer = await client.request('listIssueTimeline', {
      path: { owner, repo, index },
      query: { page, limit },
      subject: `timeline of #${index} in ${toName(args)}`,
    })
    return toPage(Event.nullable(), answer).items.filter((event) => event !== null)
  } catch (thrown) {
    if (thrown instanceof UpstreamFailed || thrown instanceof NotFound) await getIssue(client, args)
    throw thrown
  }
}

const LinkedIssue = z
  .object({
    number: z.number().default(0),
    title: Text,
    state: z.string().default(''),
    user: Login,
    repository: Place,
  })
  .transform(({ number, title, state, user, repository }) => ({
    number,
    title,
    isClosed: state === 'closed',
    author: user,
    owner: repository?.owner ?? '',
    repo: repository?.name ?? '',
  }))
export type LinkedIssue = z.output<typeof LinkedIssue>

/** The issues that must be closed before this one, the first 50; none where dependencies are switched off. */
export async function listDependencies(client: GiteaClient, args: IssueRequest): Promise<readonly LinkedIssue[]> {
  return listLinked(client, 'listIssueDependencies', args)
}

/** The issues that wait for this one, the first 50. */
export async function listBlocks(client: GiteaClient, args: IssueRequest): Promise<readonly LinkedIssue[]> {
  return listLinked(client, 'listIssueBlocks', args)
}

async function listLinked(
  client: GiteaClient,
  operation: 'listIssueDependencies' | 'listIssueBlocks',
  args: IssueRequest,
): Promise<readonly LinkedIssue[]> {
  const { owner, repo, index } = args
  // 404 is how Gitea says that a repository does not use dependencies
  try {
    const answer = await client.request(operation, {
      path: { owner, repo, index },
      query: { page: 1, limit: 50 },
      subject: `dependencies of #${index} in ${toName(args)}`,
    })
    return toPage(LinkedIssue, answer).items
  } catch (thrown) {
    if (thrown instanceof NotFound) return []
    throw thrown
  }
}
