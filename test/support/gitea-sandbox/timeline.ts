/** What happens to issues besides comments and labels, as rows of their timelines. */
import type { RepositoryRequest } from './exchange.js'
import { getNumberParam } from './exchange.js'
import { findIssue } from './lookup.js'
import type { Reply } from './reply.js'
import type { Instance, Issue } from './state.js'
import type { TimelineEvent } from './state-activity.js'

type Detail = Omit<TimelineEvent, 'id' | 'issueId' | 'doerId' | 'createdAt'>

export function insertEvent(instance: Instance, issue: Issue, doerId: number, detail: Detail): void {
  const { state, clock } = instance
  // one table holds comments and events
  const id = state.nextId('comment')
  state.activity.events.set(id, { id, issueId: issue.id, doerId, createdAt: clock.now(), ...detail })
}

function listChanges(before: Issue, after: Issue): Detail[] {
  const gone = <T>(from: readonly T[], to: readonly T[]): T[] => from.filter((item) => !to.includes(item))
  const { milestoneId } = after
  return [
    ...(before.title === after.title
      ? []
      : [{ type: 'change_title', oldTitle: before.title, newTitle: after.title } as const]),
    ...gone(after.assignees, before.assignees).map((assigneeId) => ({ type: 'assignees', assigneeId }) as const),
    ...gone(before.assignees, after.assignees).map(
      (assigneeId) => ({ type: 'assignees', assigneeId, isRemoved: true }) as const,
    ),
    ...(before.milestoneId === milestoneId
      ? []
      : [{ type: 'milestone', oldMilestoneId: before.milestoneId, milestoneId } as const]),
    ...(before.isClosed === after.isClosed ? [] : [{ type: after.isClosed ? 'close' : 'reopen' } as const]),
  ]
}

/** Runs a handler that changes the issue of the path, and writes down what it changed. */
export function withTimeline(handler: (request: RepositoryRequest) => Reply): (request: RepositoryRequest) => Reply {
  return (request) => {
    const { instance, repository, doer } = request
    const issue = findIssue(instance.state, repository.id, getNumberParam(request, 'index'))
    const before = issue && { ...issue }
    const reply = handler(request)
    if (!issue || !before || !doer) return reply
    for (const change of listChanges(before, issue)) insertEvent(instance, issue, doer.id, change)
    return reply
  }
}
