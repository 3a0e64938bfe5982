/** Issues, comments, labels and milestones as the API shows them (services/convert/issue.go). */
import { fullNameOf, getAccount, getRepository } from '../lookup.js'
import type { Account, Comment, Instance, Issue, Label, Milestone } from '../state.js'
import { apiUrl, htmlUrl } from './repository.js'
import { presentUser, toTime } from './user.js'

export function presentLabel(instance: Instance, label: Label): Record<string, unknown> {
  const { state, url } = instance
  const place =
    label.repositoryId === undefined
      ? `${url}/api/v1/orgs/${getAccount(state, label.organizationId ?? 0).login}`
      : apiUrl(instance, getRepository(state, label.repositoryId))
  return {
    id: label.id,
    name: label.name,
    exclusive: label.isExclusive,
    is_archived: label.isArchived,
    color: label.color,
    description: label.description,
    url: `${place}/labels/${label.id}`,
  }
}

const optionalTime = (epochMs: number | undefined): string | null => (epochMs === undefined ? null : toTime(epochMs))

export function presentMilestone(instance: Instance, milestone: Milestone): Record<string, unknown> {
  const issues = [...instance.state.issues.values()].filter(({ milestoneId }) => milestoneId === milestone.id)
  return {
    id: milestone.id,
    title: milestone.title,
    description: milestone.description,
    state: milestone.isClosed ? 'closed' : 'open',
    open_issues: issues.filter(({ isClosed }) => !isClosed).length,
    closed_issues: issues.filter(({ isClosed }) => isClosed).length,
    created_at: toTime(milestone.createdAt),
    updated_at: toTime(milestone.updatedAt),
    closed_at: optionalTime(milestone.closedAt),
    due_on: optionalTime(milestone.dueAt),
  }
}

function findIssueMilestone(instance: Instance, issue: Issue): Record<string, unknown> | null {
  const milestone = instance.state.milestones.get(issue.milestoneId ?? 0)
  return milestone ? presentMilestone(instance, milestone) : null
}

/** Labels of an issue, by name as everywhere in Gitea. */
export function issueLabels(instance: Instance, issue: Issue): Label[] {
  return issue.labels
    .map((id) => instance.state.labels.get(id))
    .filter((label) => label !== undefined)
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

export function commentsOf(instance: Instance, issue: Issue): Comment[] {
  return [...instance.state.comments.values()].filter(({ issueId }) => issueId === issue.id)
}

/** Address of an issue or pull request page. */
export function issueHtmlUrl(instance: Instance, issue: Issue): string {
  const repository = getRepository(instance.state, issue.repositoryId)
  return `${htmlUrl(instance, repository)}/${issue.pull ? 'pulls' : 'issues'}/${issue.index}`
}

export function isDraft(issue: Issue): boolean {
  return /^(wip:|\[wip\])/i.test(issue.title)
}

export function presentIssue(instance: Instance, issue: Issue, viewer: Account | undefined): Record<string, unknown> {
  const { state } = instance
  const repository = getRepository(state, issue.repositoryId)
  const assignees = issue.assignees.map((id) => presentUser(instance, getAccount(state, id), undefined))
  return {
    id: issue.id,
    url: `${apiUrl(instance, repository)}/issues/${issue.index}`,
    html_url: issueHtmlUrl(instance, issue),
    number: issue.index,
    user: presentUser(instance, getAccount(state, issue.posterId), viewer),
    original_author: '',
    original_author_id: 0,
    title: issue.title,
    body: issue.body,
    ref: issue.ref,
    assets: [],
    labels: issueLabels(instance, issue).map((label) => presentLabel(instance, label)),
    milestone: findIssueMilestone(instance, issue),
    assignee: assignees[0] ?? null,
    assignees: assignees.length > 0 ? assignees : null,
    state: issue.isClosed ? 'closed' : 'open',
    is_locked: issue.isLocked,
    comments: commentsOf(instance, issue).length,
    created_at: toTime(issue.createdAt),
    updated_at: toTime(issue.updatedAt),
    closed_at: optionalTime(issue.closedAt),
    due_date: optionalTime(issue.dueAt),
    time_estimate: 0,
    pull_request: issue.pull
      ? {
          merged: issue.pull.mergedAt !== undefined,
          merged_at: optionalTime(issue.pull.mergedAt),
          draft: isDraft(issue),
          html_url: issueHtmlUrl(instance, issue),
        }
      : null,
    repository: {
      id: repository.id,
      name: repository.name,
      owner: getAccount(state, repository.ownerId).login,
      full_name: fullNameOf(state, repository),
    },
    pin_order: 0,
  }
}

export function presentComment(instance: Instance, issue: Issue, comment: Comment): Record<string, unknown> {
  const page = issueHtmlUrl(instance, issue)
  return {
    id: comment.id,
    html_url: `${page}#issuecomment-${comment.id}`,
    pull_request_url: issue.pull ? page : '',
    issue_url: issue.pull ? '' : page,
    user: presentUser(instance, getAccount(instance.state, comment.posterId), undefined),
    original_author: '',
    original_author_id: 0,
    body: comment.body,
    assets: [],
    created_at: toTime(comment.createdAt),
    updated_at: toTime(comment.updatedAt),
  }
}
