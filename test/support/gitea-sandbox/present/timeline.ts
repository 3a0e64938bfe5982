/** A comment or an event in the timeline's wider form, where every kind has every field. */
import { getAccount } from '../lookup.js'
import type { Account, Comment, Instance, Issue } from '../state.js'
import type { LabelEvent, TimelineEvent } from '../state-activity.js'
import { issueHtmlUrl, presentIssue, presentLabel, presentMilestone } from './issue.js'
import { presentUser, toTime } from './user.js'

export function presentTimelineComment(instance: Instance, issue: Issue, comment: Comment): Record<string, unknown> {
  return presentEntry(instance, issue, comment, { type: 'comment', body: comment.body })
}

/** The body says which it was: `1` for put on, nothing for taken off. */
export function presentLabelEvent(instance: Instance, issue: Issue, event: LabelEvent): Record<string, unknown> {
  const label = instance.state.labels.get(event.labelId)
  return presentEntry(
    instance,
    issue,
    { ...event, updatedAt: event.createdAt },
    { type: 'label', body: event.isAdded ? '1' : '', label: label ? presentLabel(instance, label) : null },
  )
}

export function presentEvent(
  instance: Instance,
  issue: Issue,
  event: TimelineEvent,
  viewer: Account | undefined,
): Record<string, unknown> {
  const { state } = instance
  const { assigneeId, dependentIssueId } = event
  const milestoneOf = (id: number | undefined) => {
    const milestone = state.milestones.get(id ?? 0)
    return milestone ? presentMilestone(instance, milestone) : null
  }
  const dependent = state.issues.get(dependentIssueId ?? 0)
  return presentEntry(
    instance,
    issue,
    { ...event, posterId: event.doerId, updatedAt: event.createdAt },
    {
      type: event.type,
      old_title: event.oldTitle ?? '',
      new_title: event.newTitle ?? '',
      old_milestone: milestoneOf(event.oldMilestoneId),
      milestone: milestoneOf(event.milestoneId),
      assignee: assigneeId === undefined ? null : presentUser(instance, getAccount(state, assigneeId), undefined),
      removed_assignee: event.isRemoved ?? false,
      dependent_issue: dependent ? presentIssue(instance, dependent, viewer) : null,
    },
  )
}

function presentEntry(
  instance: Instance,
  issue: Issue,
  entry: Omit<Comment, 'body'>,
  own: Record<string, unknown>,
): Record<string, unknown> {
  const page = issueHtmlUrl(instance, issue)
  return {
    id: entry.id,
    type: '',
    html_url: `${page}#issuecomment-${entry.id}`,
    pull_request_url: issue.pull ? page : '',
    issue_url: issue.pull ? '' : page,
    user: presentUser(instance, getAccount(instance.state, entry.posterId), undefined),
    body: '',
    created_at: toTime(entry.createdAt),
    updated_at: toTime(entry.updatedAt),
    old_project_id: 0,
    project_id: 0,
    old_milestone: null,
    milestone: null,
    tracked_time: null,
    old_title: '',
    new_title: '',
    old_ref: '',
    new_ref: '',
    ref_issue: null,
    ref_comment: null,
    ref_action: 'none',
    ref_commit_sha: '',
    review_id: 0,
    label: null,
    assignee: null,
    assignee_team: null,
    removed_assignee: false,
    resolve_doer: null,
    dependent_issue: null,
    ...own,
  }
}
