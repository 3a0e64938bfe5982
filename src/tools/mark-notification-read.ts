import { z } from 'zod'
import { getNotification, markNotificationRead as markRead } from '../gitea/notifications.js'
import { NotFound } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { countingFrom1, owner, repo } from './params.js'

export const markNotificationRead = defineTool({
  name: 'mark_notification_read',
  title: 'Mark notification read',
  description: 'Marks one notification read.',
  effect: 'update',
  toolset: 'notifications',
  scope: 'write:repository',
  operations: ['getNotification', 'markNotificationRead'],
  input: z.strictObject({ owner, repo, notification_id: countingFrom1() }),
  output: z.object({ id: z.number(), unread: z.boolean(), changed: z.boolean() }),
  async run({ owner, repo, notification_id }, { gitea }) {
    const found = await getNotification(gitea, notification_id)
    // write list, grant and policy were decided for the repository that was named: it must be the one it is about
    if (`${found.owner}/${found.repo}`.toLowerCase() !== `${owner}/${repo}`.toLowerCase()) {
      throw new NotFound(
        `Notification ${notification_id} is not about ${owner}/${repo}; list_notifications says what it is about.`,
      )
    }
    if (!found.isUnread && !found.isPinned) return { id: found.id, unread: false, changed: false }
    const { id, isUnread } = await markRead(gitea, notification_id)
    return { id, unread: isUnread, changed: true }
  },
  render({ id, changed }, { owner, repo }) {
    return changed ? `Marked notification ${id} of ${owner}/${repo} read.` : `Notification ${id} was read already.`
  },
})
