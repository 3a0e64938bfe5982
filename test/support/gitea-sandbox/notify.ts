/** Who is told of what (services/uinotification): who was just assigned and everybody who took part, never the doer. */
import { readPermission } from './access.js'
import { getAccount, getRepository } from './lookup.js'
import type { Instance, Issue } from './state.js'

/** Tells everybody concerned that `doerId` did something to the issue; what was read becomes unread again. */
export function notifyOf(instance: Instance, issue: Issue, doerId: number, assigned: readonly number[] = []): void {
  const { state, clock } = instance
  const repository = getRepository(state, issue.repositoryId)
  const commenters = [...state.comments.values()].filter(({ issueId }) => issueId === issue.id)
  const concerned = [issue.posterId, ...assigned, ...commenters.map(({ posterId }) => posterId)]
  for (const accountId of new Set(concerned)) {
    const account = getAccount(state, accountId)
    const unit = issue.pull ? 'repo.pulls' : 'repo.issues'
    if (accountId === doerId || account.isOrganization) continue
    if (!readPermission(state, repository, account).canRead(unit)) continue
    const known = [...state.activity.notifications.values()].find(
      (notification) => notification.accountId === accountId && notification.issueId === issue.id,
    )
    const id = known?.id ?? state.nextId('notification')
    const status = known?.status === 'pinned' ? 'pinned' : 'unread'
    state.activity.notifications.set(id, { id, accountId, issueId: issue.id, status, updatedAt: clock.now() })
  }
}
