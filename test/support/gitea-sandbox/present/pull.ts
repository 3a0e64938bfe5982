/** Pull requests: the single form counts lines, the list form does not, and their empty lists differ. */
import { readPermission } from '../access.js'
import { findObject } from '../git.js'
import { listChanges } from '../history.js'
import { getAccount, getRepository } from '../lookup.js'
import type { Account, Instance, Issue, PullRequest, Review } from '../state.js'
import { isDraft, issueHtmlUrl, presentIssue } from './issue.js'
import { presentRepository } from './repository.js'
import { presentUser, toTime } from './user.js'

export interface PullIssue {
  readonly issue: Issue
  readonly pull: PullRequest
}

/** The head commit, also after the branch is gone. */
export async function findHead(instance: Instance, { issue, pull }: PullIssue): Promise<{ sha: string; ref: string }> {
  const directory = getRepository(instance.state, issue.repositoryId).gitDirectory
  const from = getRepository(instance.state, pull.headRepositoryId)
  const branch = await findObject(from.gitDirectory, `refs/heads/${pull.headBranch}`)
  if (branch) return { sha: branch, ref: pull.headBranch }
  const ref = `refs/pull/${issue.index}/head`
  return { sha: (await findObject(directory, ref)) ?? '', ref }
}

export async function presentPull(
  instance: Instance,
  target: PullIssue,
  viewer: Account | undefined,
  isListed: boolean,
): Promise<Record<string, unknown>> {
  const { issue, pull } = target
  const { state } = instance
  const repository = getRepository(state, issue.repositoryId)
  const shown = presentIssue(instance, issue, viewer)
  const page = issueHtmlUrl(instance, issue)
  const permission = readPermission(state, repository, viewer)
  const shownRepository = await presentRepository(instance, repository, viewer, permission)
  const head = await findHead(instance, target)
  const from = getRepository(state, pull.headRepositoryId)
  const shownHead = from.id === repository.id ? shownRepository : await presentRepository(instance, from, viewer)
  const reviewers = pull.reviewers.map((id) => presentUser(instance, getAccount(state, id), undefined))
  const changes = isListed ? [] : await listChanges(repository.gitDirectory, pull.mergeBase, head.sha, true)
  const { id: _id, url: _url, assets: _assets, ref: _ref, repository: _repository, ...common } = shown
  return {
    id: pull.id,
    url: page,
    number: issue.index,
    user: common.user,
    title: common.title,
    body: common.body,
    labels: common.labels,
    milestone: common.milestone,
    assignee: common.assignee,
    assignees: common.assignees ?? (isListed ? null : []),
    requested_reviewers: reviewers.length === 0 && isListed ? null : reviewers,
    requested_reviewers_teams: isListed ? null : [],
    state: common.state,
    draft: isDraft(issue),
    is_locked: issue.isLocked,
    comments: common.comments,
    ...(isListed
      ? {}
      : {
          additions: changes.reduce((sum, change) => sum + change.additions, 0),
          deletions: changes.reduce((sum, change) => sum + change.deletions, 0),
          changed_files: changes.length,
        }),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    mergeable: true,
    merged: pull.mergedAt !== undefined,
    merged_at: pull.mergedAt === undefined ? null : toTime(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit ?? null,
    merged_by: pull.mergedBy === undefined ? null : presentUser(instance, getAccount(state, pull.mergedBy), undefined),
    allow_maintainer_edit: false,
    base: {
      label: pull.baseBranch,
      ref: pull.baseBranch,
      sha: (await findObject(repository.gitDirectory, `refs/heads/${pull.baseBranch}`)) ?? '',
      repo_id: repository.id,
      repo: shownRepository,
    },
    head: { label: pull.headBranch, ref: head.ref, sha: head.sha, repo_id: from.id, repo: shownHead },
    merge_base: pull.mergeBase,
    due_date: common.due_date,
    created_at: common.created_at,
    updated_at: common.updated_at,
    closed_at: common.closed_at,
    pin_order: 0,
  }
}

export function presentReview(
  instance: Instance,
  issue: Issue,
  review: Review,
  viewer: Account | undefined,
): Record<string, unknown> {
  const page = issueHtmlUrl(instance, issue)
  const reviewer = getAccount(instance.state, review.reviewerId)
  const permission = readPermission(instance.state, getRepository(instance.state, issue.repositoryId), reviewer)
  return {
    id: review.id,
    user: presentUser(instance, reviewer, viewer),
    team: null,
    state: review.state,
    body: review.body,
    commit_id: review.commitId,
    stale: false,
    official: permission.canWrite('repo.code'),
    dismissed: false,
    comments_count: review.comments.length,
    submitted_at: toTime(review.createdAt),
    updated_at: toTime(review.createdAt),
    html_url: review.state === 'REQUEST_REVIEW' ? '' : `${page}#issuecomment-${review.id}`,
    pull_request_url: page,
  }
}
