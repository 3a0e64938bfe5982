/** Writing issues, comments and an issue's labels: the answers and the silent omissions of Gitea. */
import { type Api, needsIssuesOrPulls, needsReader, needsRepositoryAdmin, needsToken, needsUnarchived } from '../api.js'
import { type Fields, findFlag, findList, findNumber, findText, readFields } from '../body.js'
import { getNumberParam, type RepositoryRequest, refuse, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { findAccount, findIssue } from '../lookup.js'
import { notifyOf } from '../notify.js'
import { insertComment } from '../populate-issues.js'
import { issueLabels, presentComment, presentIssue, presentLabel } from '../present/issue.js'
import { empty, json, type Reply } from '../reply.js'
import type { Issue, Label } from '../state.js'
import { insertEvent, withTimeline } from '../timeline.js'

function mayWrite(request: RepositoryRequest, isPull: boolean): boolean {
  return request.permission.canWrite(isPull ? 'repo.pulls' : 'repo.issues')
}

function readAssignees(request: RepositoryRequest, fields: Fields, unknownStatus: number): number[] | undefined {
  const one = findText(request, fields, 'assignee')
  const many = findList(request, fields, 'assignees')
  if (one === undefined && many === undefined) return undefined
  const logins = [...(one ? [one] : []), ...(many ?? []).map(String)]
  return logins.map((login) => {
    const account = findAccount(request.instance.state, login)
    if (account) return account.id
    const message = `Assignee does not exist: [name: user does not exist [uid: 0, name: ${login}]]`
    return refuseWith(request, unknownStatus, unknownStatus === 500 ? '' : message)
  })
}

function readTime(request: RepositoryRequest, fields: Fields, name: string): number | undefined {
  const value = findText(request, fields, name)
  if (value === undefined) return undefined
  const at = Date.parse(value)
  return Number.isNaN(at) ? refuseWith(request, 422, `[]: parsing time ${JSON.stringify(value)}`) : at
}

function findMilestoneId(request: RepositoryRequest, id: number | undefined): number | undefined {
  const milestone = request.instance.state.milestones.get(id ?? 0)
  return milestone?.repositoryId === request.repository.id ? milestone.id : undefined
}

function createIssue(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const title = findText(request, fields, 'title') ?? ''
  if (title === '') refuseWith(request, 422, '[Title]: Required')
  needsReader('repo.issues')(request)
  // Without write access these are dropped without a word.
  const isWriter = mayWrite(request, false)
  const known = new Set(usableLabels(request).map(({ id }) => id))
  const labels = isWriter ? (findList(request, fields, 'labels') ?? []).map(Number).filter((id) => known.has(id)) : []
  const assignees = isWriter ? (readAssignees(request, fields, 422) ?? []) : []
  const isClosed = findFlag(request, fields, 'closed') ?? false
  const now = instance.clock.now()
  const issue: Issue = {
    id: instance.state.nextId('issue'),
    repositoryId: repository.id,
    index: repository.nextIndex,
    posterId: doer.id,
    title,
    body: findText(request, fields, 'body') ?? '',
    ref: findText(request, fields, 'ref') ?? '',
    isClosed,
    isLocked: false,
    labels,
    assignees,
    milestoneId: isWriter ? findMilestoneId(request, findNumber(request, fields, 'milestone')) : undefined,
    createdAt: now,
    updatedAt: now,
    closedAt: isClosed ? now : undefined,
    dueAt: isWriter ? readTime(request, fields, 'due_date') : undefined,
    pull: undefined,
  }
  repository.nextIndex += 1
  instance.state.issues.set(issue.id, issue)
  notifyOf(instance, issue, doer.id, assignees)
  return json(201, presentIssue(instance, issue, doer))
}

function requireAnyIssue(request: RepositoryRequest): Issue {
  const issue = findIssue(request.instance.state, request.repository.id, getNumberParam(request, 'index'))
  return issue ?? refuseNotFound(request)
}

/** Answers 201. The poster without write access may change title, body and state; the rest is ignored. */
function editIssue(request: RepositoryRequest): Reply {
  const { instance } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const issue = requireAnyIssue(request)
  const isWriter = mayWrite(request, issue.pull !== undefined)
  if (issue.posterId !== doer.id && !isWriter) refuse(empty(403))
  issue.title = findText(request, fields, 'title') || issue.title
  issue.body = findText(request, fields, 'body') ?? issue.body
  issue.ref = findText(request, fields, 'ref') ?? issue.ref
  if (isWriter) {
    const due = readTime(request, fields, 'due_date')
    // The time of day is always the last second of that day.
    if (due !== undefined) issue.dueAt = new Date(due).setUTCHours(23, 59, 59, 0)
    if (findFlag(request, fields, 'unset_due_date')) issue.dueAt = undefined
    issue.assignees = readAssignees(request, fields, 500) ?? issue.assignees
    const milestone = findNumber(request, fields, 'milestone')
    if (milestone !== undefined) {
      issue.milestoneId =
        milestone === 0 ? undefined : (findMilestoneId(request, milestone) ?? refuseWith(request, 500, ''))
    }
  }
  const state = findText(request, fields, 'state')
  if (state !== undefined) {
    if (state !== 'open' && state !== 'closed') refuseWith(request, 412, `unknown state: ${state}`)
    if (issue.pull?.mergedAt !== undefined) {
      refuseWith(request, 412, 'cannot change state of this pull request, it was already merged')
    }
    if (state === 'closed' && waitsForOthers(instance, issue)) {
      refuseWith(request, 412, 'cannot close this issue or pull request because it still has open dependencies')
    }
    issue.isClosed = state === 'closed'
    issue.closedAt = issue.isClosed ? instance.clock.now() : undefined
  }
  issue.updatedAt = instance.clock.now()
  return json(201, presentIssue(instance, issue, doer))
}

function createComment(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const body = findText(request, fields, 'body') ?? ''
  if (body === '') refuseWith(request, 422, '[Body]: Required')
  const issue = findIssue(instance.state, repository.id, getNumberParam(request, 'index'))
  if (!issue)
    refuseWith(
      request,
      500,
      doer.isAdmin
        ? `issue does not exist [id: 0, repo_id: ${repository.id}, index: ${getNumberParam(request, 'index')}]`
        : '',
    )
  const isPull = issue.pull !== undefined
  if (!request.permission.canRead(isPull ? 'repo.pulls' : 'repo.issues')) refuseNotFound(request)
  if (issue.isLocked && !mayWrite(request, isPull) && !doer.isAdmin) {
    refuseWith(request, 403, 'You cannot comment on a locked issue.')
  }
  const comment = instance.state.comments.get(insertComment(instance, issue, doer.id, body)) ?? refuseNotFound(request)
  return json(201, presentComment(instance, issue, comment))
}

/** Anyone who may write issues can edit everybody's comments. */
function editComment(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const doer = requireDoer(request)
  const body = findText(request, readFields(request), 'body') ?? ''
  if (body === '') refuseWith(request, 422, '[Body]: Required')
  const id = getNumberParam(request, 'id')
  const comment = instance.state.comments.get(id)
  const issue = comment && instance.state.issues.get(comment.issueId)
  if (!comment || !issue) refuseNotFound(request, [`comment does not exist [id: ${id}, issue_id: 0]`])
  if (issue.repositoryId !== repository.id) return empty(404)
  if (comment.posterId !== doer.id && !mayWrite(request, issue.pull !== undefined)) refuse(empty(403))
  comment.body = body
  comment.updatedAt = instance.clock.now()
  return json(200, presentComment(instance, issue, comment))
}

/** Labels an issue can wear: those of the repository and of its organisation. */
function usableLabels({ instance, repository }: RepositoryRequest): Label[] {
  return [...instance.state.labels.values()].filter(
    ({ repositoryId, organizationId }) => repositoryId === repository.id || organizationId === repository.ownerId,
  )
}

/** Ids or names, never both; unknown ones are ignored. */
function readLabels(request: RepositoryRequest): Label[] {
  const wanted = findList(request, readFields(request), 'labels') ?? []
  if (wanted.some((label) => typeof label !== 'number' && typeof label !== 'string')) {
    refuseWith(request, 400, 'a label must be an integer or a string')
  }
  if (new Set(wanted.map((label) => typeof label)).size > 1) {
    refuseWith(request, 400, 'labels should be an array of strings or integers')
  }
  return usableLabels(request)
    .filter(({ id, name }) => wanted.includes(id) || wanted.includes(name))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** What stands before the last slash of an exclusive label; of each scope an issue has one. */
function scopeOf({ name, isExclusive }: Label): string {
  return isExclusive ? (/^(.+)\/[^/]+$/.exec(name)?.[1] ?? '') : ''
}

/** The last of each exclusive scope stays. */
function withoutRivals(labels: readonly Label[]): Label[] {
  return [...new Set(labels)].filter(
    (label, at, all) => scopeOf(label) === '' || !all.slice(at + 1).some((other) => scopeOf(other) === scopeOf(label)),
  )
}

/** Each label put on and taken off is an event of the timeline. */
function setLabels(request: RepositoryRequest, issue: Issue, labels: number[]): void {
  const { state, clock } = request.instance
  const add = (labelId: number, isAdded: boolean): void => {
    const id = state.nextId('comment')
    const event = { id, issueId: issue.id, posterId: requireDoer(request).id, labelId, isAdded, createdAt: clock.now() }
    state.activity.labelEvents.set(id, event)
    issue.updatedAt = event.createdAt
  }
  for (const id of labels.filter((label) => !issue.labels.includes(label))) add(id, true)
  for (const id of issue.labels.filter((label) => !labels.includes(label))) add(id, false)
  issue.labels = labels
}

function changeLabels(
  request: RepositoryRequest,
  change: (current: readonly Label[], given: readonly Label[]) => Label[],
): Reply {
  const { instance } = request
  requireDoer(request)
  const issue = requireAnyIssue(request)
  if (!mayWrite(request, issue.pull !== undefined)) refuseWith(request, 403, 'write permission is required')
  setLabels(
    request,
    issue,
    change(issueLabels(instance, issue), readLabels(request)).map(({ id }) => id),
  )
  return json(
    200,
    issueLabels(instance, issue).map((label) => presentLabel(instance, label)),
  )
}

function removeLabels(request: RepositoryRequest, onlyId: number | undefined): Reply {
  const issue = requireAnyIssue(request)
  if (!mayWrite(request, issue.pull !== undefined)) refuse(empty(403))
  if (onlyId !== undefined && !request.instance.state.labels.has(onlyId)) {
    refuseWith(request, 422, `label does not exist [label_id: ${onlyId}]`)
  }
  setLabels(request, issue, onlyId === undefined ? [] : issue.labels.filter((id) => id !== onlyId))
  return empty(204)
}

/** Answers with the one that now has to wait. */
function addDependency(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const { dependencies } = instance.state.activity
  const issue = requireAnyIssue(request)
  const index = findNumber(request, readFields(request), 'index') ?? 0
  const dependency = findIssue(instance.state, repository.id, index) ?? refuseNotFound(request)
  if (!mayWrite(request, issue.pull !== undefined)) refuseNotFound(request)
  dependencies.set(issue.id, (dependencies.get(issue.id) ?? new Set()).add(dependency.id))
  const doer = requireDoer(request)
  insertEvent(instance, issue, doer.id, { type: 'add_dependency', dependentIssueId: dependency.id })
  insertEvent(instance, dependency, doer.id, { type: 'add_dependency', dependentIssueId: issue.id })
  return json(201, presentIssue(instance, issue, doer))
}

function waitsForOthers({ state }: RepositoryRequest['instance'], issue: Issue): boolean {
  return [...(state.activity.dependencies.get(issue.id) ?? [])].some((id) => state.issues.get(id)?.isClosed === false)
}

function lockIssue(request: RepositoryRequest): Reply {
  requireAnyIssue(request).isLocked = true
  return empty(204)
}

export function addIssueWriteRoutes(api: Api): void {
  const guards = [needsIssuesOrPulls, needsToken]
  api.repository('POST', '/issues', 'issue', [...guards, needsUnarchived], createIssue)
  api.repository('PATCH', '/issues/{index}', 'issue', guards, withTimeline(editIssue))
  api.repository('POST', '/issues/{index}/comments', 'issue', [...guards, needsUnarchived], createComment)
  api.repository(
    'PATCH',
    '/issues/comments/{id}',
    'issue',
    [needsIssuesOrPulls, needsUnarchived, needsToken],
    editComment,
  )
  api.repository('POST', '/issues/{index}/labels', 'issue', guards, (request) =>
    changeLabels(request, (current, given) =>
      withoutRivals([...current, ...given.filter((label) => !current.includes(label))]),
    ),
  )
  api.repository('PUT', '/issues/{index}/labels', 'issue', guards, (request) =>
    changeLabels(request, (_current, given) => withoutRivals(given)),
  )
  api.repository('POST', '/issues/{index}/dependencies', 'issue', [...guards, needsUnarchived], addDependency)
  api.repository('PUT', '/issues/{index}/lock', 'issue', [...guards, needsRepositoryAdmin], lockIssue)
  api.repository('DELETE', '/issues/{index}/labels', 'issue', guards, (request) => removeLabels(request, undefined))
  api.repository('DELETE', '/issues/{index}/labels/{id}', 'issue', guards, (request) =>
    removeLabels(request, getNumberParam(request, 'id')),
  )
}
