/** A person's notifications. */
import type { Api } from '../api.js'
import { type ApiRequest, getNumberParam, readFlag, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { getRepository } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { issueHtmlUrl } from '../present/issue.js'
import { apiUrl, presentRepository } from '../present/repository.js'
import { toTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import type { Notification } from '../state-activity.js'

async function present({ instance, doer }: ApiRequest, notification: Notification): Promise<Record<string, unknown>> {
  const { state } = instance
  const issue = state.issues.get(notification.issueId)
  if (!issue) throw new Error(`notification ${notification.id} is about no issue`)
  const repository = getRepository(state, issue.repositoryId)
  const { permissions: _, ...shown } = await presentRepository(instance, repository, doer)
  return {
    id: notification.id,
    repository: shown,
    subject: {
      title: issue.title,
      url: `${apiUrl(instance, repository)}/issues/${issue.index}`,
      latest_comment_url: '',
      html_url: issueHtmlUrl(instance, issue),
      latest_comment_html_url: '',
      type: issue.pull ? 'Pull' : 'Issue',
      state: issue.pull?.mergedAt !== undefined ? 'merged' : issue.isClosed ? 'closed' : 'open',
    },
    unread: notification.status === 'unread',
    pinned: notification.status === 'pinned',
    updated_at: toTime(notification.updatedAt),
    url: `${instance.url}/api/v1/notifications/threads/${notification.id}`,
  }
}

async function answerNotifications(request: ApiRequest): Promise<Reply> {
  const doer = requireDoer(request)
  const showsAll = readFlag(request, 'all', false)
  const found = [...request.instance.state.activity.notifications.values()]
    .filter(({ accountId, status }) => accountId === doer.id && (showsAll || status !== 'read'))
    .sort((left, right) => right.updatedAt - left.updatedAt || right.id - left.id)
  const rows = slicePage(found, readPage(request)).map((notification) => present(request, notification))
  return jsonPage(request, await Promise.all(rows), found.length)
}

function requireThread(request: ApiRequest): Notification {
  const doer = requireDoer(request)
  const id = getNumberParam(request, 'id')
  const notification = request.instance.state.activity.notifications.get(id)
  if (!notification) refuseNotFound(request, null, `notification does not exist [id: ${id}]`)
  if (notification.accountId !== doer.id && !doer.isAdmin) {
    refuseWith(request, 403, `only user itself and admin are allowed to read/change this thread ${id}`)
  }
  return notification
}

async function markRead(request: ApiRequest): Promise<Reply> {
  const notification = requireThread(request)
  notification.status = 'read'
  notification.updatedAt = request.instance.clock.now()
  return json(205, await present(request, notification))
}

export function addNotificationRoutes(api: Api): void {
  api.plain('GET', '/notifications', ['notification'], answerNotifications)
  api.plain('GET', '/notifications/threads/{id}', ['notification'], async (request) =>
    json(200, await present(request, requireThread(request))),
  )
  api.plain('PATCH', '/notifications/threads/{id}', ['notification'], markRead)
}
