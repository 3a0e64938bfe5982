import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, toPage } from './repos.js'

const Thread = z
  .object({
    id: z.number(),
    repository: z.object({ name: z.string(), owner: z.object({ login: z.string() }) }).nullish(),
    subject: z
      .object({
        title: z.string().default(''),
        type: z.string().default(''),
        state: z.string().default(''),
        html_url: z.string().default(''),
      })
      .nullish(),
    unread: z.boolean(),
    pinned: z.boolean().default(false),
    updated_at: z.string(),
  })
  .transform(({ id, repository, subject, unread, pinned, updated_at }) => ({
    id,
    owner: repository?.owner.login ?? '',
    repo: repository?.name ?? '',
    /** `Issue`, `Pull`, `Commit` or `Repository`; the title of a commit is its id. */
    type: subject?.type ?? '',
    title: subject?.title ?? '',
    /** Of the issue or pull request: `open`, `closed` or `merged`. */
    state: subject?.state ?? '',
    number: Number(/\/(?:issues|pulls)\/(\d+)$/.exec(subject?.html_url ?? '')?.[1] ?? 0),
    isUnread: unread,
    isPinned: pinned,
    updatedAt: updated_at,
  }))
export type Notification = z.output<typeof Thread>

/** The person's notifications, last changed first: what is unread or pinned, or with `all` everything. */
export async function listNotifications(
  client: GiteaClient,
  { all, page, limit }: PageRequest & { readonly all: boolean },
): Promise<Page<Notification>> {
  const answer = await client.request('listNotifications', { query: { all, page, limit }, subject: 'notifications' })
  return toPage(Thread, answer)
}

/** @throws NotFound when there is no such one, Forbidden when it is somebody else's */
export async function getNotification(client: GiteaClient, id: number): Promise<Notification> {
  const answer = await client.request('getNotification', { path: { id }, subject: `notification ${id}` })
  return parseAnswer(Thread, answer)
}

/** Marks it read; a pinned one is no longer pinned then. */
export async function markNotificationRead(client: GiteaClient, id: number): Promise<Notification> {
  const answer = await client.request('markNotificationRead', { path: { id }, subject: `notification ${id}` })
  return parseAnswer(Thread, answer)
}
