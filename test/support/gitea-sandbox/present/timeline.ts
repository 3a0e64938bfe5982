/** A comment in the timeline's wider form, where every kind of event has every field. */
import { getAccount } from '../lookup.js'
import type { Comment, Instance, Issue } from '../state.js'
import { issueHtmlUrl } from './issue.js'
import { presentUser, toTime } from './user.js'

export function presentTimelineComment(instance: Instance, issue: Issue, comment: Comment): Record<string, unknown> {
  const page = issueHtmlUrl(instance, issue)
  return {
    id: comment.id,
    type: 'comment',
    html_url: `${page}#issuecomment-${comment.id}`,
    pull_request_url: issue.pull ? page : '',
    issue_url: issue.pull ? '' : page,
    user: presentUser(instance, getAccount(instance.state, comment.posterId), undefined),
    body: comment.body,
    created_at: toTime(comment.createdAt),
    updated_at: toTime(comment.updatedAt),
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
  }
}
