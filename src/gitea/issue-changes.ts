import { z } from 'zod'
import { Conflict, InvalidInput } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { getIssue, Issue, type IssueRequest } from './issues.js'
import { toName, toPage } from './repos.js'

/* Changing issues and what is pull requests' issue side: text, state, milestone, people, labels. */

export interface IssueChange {
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly state?: 'open' | 'closed' | undefined
  /** Id; 0 takes it off. */
  readonly milestone?: number | undefined
  /** All who are to be assigned. */
  readonly assignees?: readonly string[] | undefined
}

/**
 * What is undefined stays. From an author without write access Gitea takes title, body and state and drops the rest
 * without a word: compare what it returns. Needs `getIssue` too.
 *
 * @throws Conflict when the state cannot change; nothing else has changed then
 */
export async function updateIssue(client: GiteaClient, args: IssueRequest, change: IssueChange): Promise<Issue> {
  const { state, ...others } = change
  if (state === undefined) return patch(client, args, others)
  // Gitea refuses a state only after it has written title and body: asked alone it leaves nothing half done
  const issue = await changeState(client, args, state)
  return Object.values(others).every((value) => value === undefined) ? issue : patch(client, args, others)
}

async function changeState(client: GiteaClient, args: IssueRequest, state: 'open' | 'closed'): Promise<Issue> {
  try {
    return await patch(client, args, { state })
  } catch (thrown) {
    // 412, with the reason in a text that is not ours to show
    if (!(thrown instanceof InvalidInput)) throw thrown
    const issue = await getIssue(client, args)
    throw new Conflict(
      issue.isMerged
        ? `#${args.index} is a merged pull request: its state cannot change.`
        : `#${args.index} depends on issues that are still open: close those first.`,
      thrown.detail === undefined ? {} : { detail: thrown.detail },
    )
  }
}

async function patch(client: GiteaClient, args: IssueRequest, change: IssueChange): Promise<Issue> {
  const { owner, repo, index } = args
  const answer = await client.request('updateIssue', {
    path: { owner, repo, index },
    body: change,
    subject: `#${index} in ${toName(args)}`,
  })
  return parseAnswer(Issue, answer)
}

const IssueLabel = z.object({ id: z.number(), name: z.string() })
export type IssueLabel = z.output<typeof IssueLabel>

const Labelled = z
  .object({ labels: z.array(IssueLabel).nullish(), html_url: z.string(), updated_at: z.string() })
  .transform((issue) => ({ labels: issue.labels ?? [], url: issue.html_url, updatedAt: issue.updated_at }))

/** The labels that an issue or pull request has, with their ids. */
export async function getLabelled(client: GiteaClient, args: IssueRequest): Promise<z.output<typeof Labelled>> {
  const { owner, repo, index } = args
  const answer = await client.request('getIssue', {
    path: { owner, repo, index },
    subject: `#${index} in ${toName(args)}`,
  })
  return parseAnswer(Labelled, answer)
}

/** Returns all labels there are then. A new exclusive one takes the place of another with the same scope. */
export function addLabels(client: GiteaClient, args: IssueRequest, ids: readonly number[]) {
  return sendLabels(client, 'addIssueLabels', args, ids)
}

/** Sets exactly these and returns what there is then. */
export function replaceLabels(client: GiteaClient, args: IssueRequest, ids: readonly number[]) {
  return sendLabels(client, 'replaceIssueLabels', args, ids)
}

async function sendLabels(
  client: GiteaClient,
  operation: 'addIssueLabels' | 'replaceIssueLabels',
  args: IssueRequest,
  ids: readonly number[],
): Promise<readonly IssueLabel[]> {
  const { owner, repo, index } = args
  const answer = await client.request(operation, {
    path: { owner, repo, index },
    // ids, because repository and organisation may have labels of the same name
    body: { labels: ids },
    subject: `labels of #${index} in ${toName(args)}`,
  })
  return parseAnswer(z.array(IssueLabel).nullable(), answer) ?? []
}

/** Gitea sends null for what this person may not see. */
const TimelineEntry = z.object({ type: z.string(), body: z.string().nullish(), label: IssueLabel.nullish() }).nullable()

export interface LabelEvent {
  readonly label: IssueLabel
  readonly isAdded: boolean
}

/**
 * Labels put on and taken off, oldest first.
 *
 * @param since as Gitea writes times; what happened in that second is included
 */
export async function listLabelEvents(
  client: GiteaClient,
  args: IssueRequest,
  since: string,
): Promise<readonly LabelEvent[]> {
  const { owner, repo, index } = args
  const answer = await client.request('listIssueTimeline', {
    path: { owner, repo, index },
    query: { since, page: 1, limit: 50 },
    subject: `#${index} in ${toName(args)}`,
  })
  return toPage(TimelineEntry, answer).items.flatMap((entry) =>
    // a label that was deleted since has no name any more
    entry?.type === 'label' && entry.label ? [{ label: entry.label, isAdded: entry.body === '1' }] : [],
  )
}
