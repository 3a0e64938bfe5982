import { z } from 'zod'
import { listNotifications as loadNotifications, type Notification } from '../gitea/notifications.js'
import type { TrustsAuthor } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describePart, toNextDay, toOneLine, toShortId, toText } from './lines.js'
import { flag, limit, page } from './params.js'
import { describeMissing, loadUsablePart, usablePosition } from './usable-rows.js'

const Row = z.object({
  id: z.number(),
  owner: z.string(),
  repo: z.string(),
  type: z.string(),
  number: z.number().optional(),
  title: z.string(),
  state: z.string(),
  unread: z.boolean(),
  pinned: z.boolean(),
  updated_at: z.string(),
})

export const listNotifications = defineTool({
  name: 'list_notifications',
  title: 'List notifications',
  description: 'What waits for this person.',
  effect: 'read',
  toolset: 'notifications',
  scope: 'read:repository',
  operations: ['listNotifications'],
  input: z.strictObject({ all: flag('Read ones too'), page, limit }),
  output: z.object({ notifications: z.array(Row), ...usablePosition }),
  async run({ all, page, limit: asked }, { gitea, limits, mayUseRepository, trustAuthors }) {
    const trusts = await trustAuthors()
    const { items, ...part } = await loadUsablePart(
      (request) => loadNotifications(gitea, { ...request, all }),
      ({ owner, repo }) => mayUseRepository(owner, repo),
      { page, limit: Math.min(asked, limits.maxItems) },
      (item) => describeRow(toRow(item, trusts)),
      limits.maxChars,
    )
    return { notifications: items.map((item) => toRow(item, trusts)), ...part }
  },
  render({ notifications, hidden, unread, ...part }, { all, limit }) {
    const one = all ? 'notification' : 'unread or pinned notification'
    return toText([
      describePart({ items: notifications, ...part }, { one, where: '' }, limit),
      ...notifications.map((row, at) => describeRow(row, notifications[at - 1]?.updated_at)),
      ...describeMissing({ hidden, unread }, 'notification'),
    ])
  },
})

function toRow(item: Notification, trusts: TrustsAuthor): z.output<typeof Row> {
  const { id, owner, repo, type, number, state, isUnread, isPinned, updatedAt } = item
  // Gitea does not say who wrote the title: nobody is who is trusted only where everybody is
  const isWithheld = number > 0 && !trusts('')
  return {
    id,
    owner,
    repo,
    type: type.toLowerCase(),
    ...(number > 0 ? { number } : {}),
    title: isWithheld ? '[withheld: its author is not known here]' : item.title,
    state,
    unread: isUnread,
    pinned: isPinned,
    updated_at: updatedAt,
  }
}

/** `7: harbor/booking#6 Refund (pull, merged) 11-20`. */
function describeRow(row: z.output<typeof Row>, previous?: string): string {
  const marks = [
    row.type === 'pull' ? 'pull' : '',
    row.state === 'open' ? '' : row.state,
    row.pinned ? 'pinned' : row.unread ? '' : 'read',
  ].filter((mark) => mark !== '')
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  return `${row.id}: ${row.owner}/${row.repo}${describeSubject(row)}${marked} ${toNextDay(row.updated_at, previous)}`
}

function describeSubject({ type, number, title }: z.output<typeof Row>): string {
  if (number !== undefined) return `#${number} ${toOneLine(title)}`
  return type === 'commit' ? ` commit ${toShortId(title)}` : ` ${type}`
}
