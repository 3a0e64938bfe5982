/** Reading issues, comments, labels and milestones. */
import { readPermission } from '../access.js'
import { type Api, needsIssuesOrPulls } from '../api.js'
import {
  type ApiRequest,
  getNumberParam,
  type RawRequest,
  type RepositoryRequest,
  refuseNotFound,
  refuseWith,
} from '../exchange.js'
import { findAccount, findIssue, getRepository } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { commentsOf, issueLabels, presentComment, presentIssue, presentLabel } from '../present/issue.js'
import { presentEvent, presentLabelEvent, presentTimelineComment } from '../present/timeline.js'
import { empty, json, type Reply } from '../reply.js'
import type { Issue } from '../state.js'
import { repositoryLabels, repositoryMilestones } from './labels.js'

interface TimeWindow {
  readonly since: number
  readonly before: number
}

function readWindow(request: RawRequest): TimeWindow {
  const read = (name: string, fallback: number): number => {
    const value = request.query.get(name)
    if (!value) return fallback
    const at = Date.parse(value)
    return Number.isNaN(at)
      ? refuseWith(
          request,
          422,
          `parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`,
        )
      : at
  }
  return { since: read('since', 0), before: read('before', Number.POSITIVE_INFINITY) }
}

function isWithin({ since, before }: TimeWindow, at: number): boolean {
  // Gitea compares whole seconds.
  const second = Math.floor(at / 1000) * 1000
  return second >= since && second <= before
}

function mayRead(request: RepositoryRequest, isPull: boolean): boolean {
  return request.permission.canRead(isPull ? 'repo.pulls' : 'repo.issues')
}

/** The issue of the path. Missing ones and those the caller may not read are the same 404. */
function requireIssue(request: RepositoryRequest): Issue {
  const issue = findIssue(request.instance.state, request.repository.id, getNumberParam(request, 'index'))
  return issue && mayRead(request, issue.pull !== undefined) ? issue : refuseNotFound(request)
}

function words(request: RawRequest, name: string): string[] {
  return (request.query.get(name) ?? '').split(',').filter((word) => word !== '')
}

/** Ids of the known names; unknown ones vanish, and with all unknown so does the filter. */
function knownMilestones(request: RepositoryRequest): number[] {
  const all = repositoryMilestones(request)
  return words(request, 'milestones')
    .map((word) => all.find(({ title }) => title === word) ?? all.find(({ id }) => String(id) === word))
    .filter((milestone) => milestone !== undefined)
    .map(({ id }) => id)
}

function findFilterPerson(request: ApiRequest, name: string): number | undefined {
  const login = request.query.get(name)
  if (!login) return undefined
  const account = findAccount(request.instance.state, login)
  return account?.id ?? refuseNotFound(request, [`user does not exist [uid: 0, name: ${login}]`])
}

function hasState(request: RawRequest, issue: Issue): boolean {
  const wanted = request.query.get('state')
  if (wanted === 'all') return true
  return issue.isClosed === (wanted === 'closed')
}

function hasWords(request: RawRequest, issue: Issue): boolean {
  const keyword = (request.query.get('q') ?? '').trim().toLowerCase()
  return keyword === '' || issue.title.toLowerCase().includes(keyword) || issue.body.toLowerCase().includes(keyword)
}

const newestFirst = (left: Issue, right: Issue): number => right.createdAt - left.createdAt || right.id - left.id

function answerIssues(request: RepositoryRequest): Reply {
  const { instance, repository, query } = request
  const window = readWindow(request)
  const type = query.get('type')
  if (type === 'pulls' || type === 'issues') {
    if (!mayRead(request, type === 'pulls')) refuseNotFound(request)
  }
  const labels = repositoryLabels(request)
  const labelIds = words(request, 'labels')
    .map((word) => labels.find(({ name }) => name === word)?.id)
    .filter((id) => id !== undefined)
  const milestones = knownMilestones(request)
  const poster = findFilterPerson(request, 'created_by')
  const assignee = findFilterPerson(request, 'assigned_by')
  const mentioned = findFilterPerson(request, 'mentioned_by')
  const found = [...instance.state.issues.values()]
    .filter((issue) => {
      const isPull = issue.pull !== undefined
      return (
        issue.repositoryId === repository.id &&
        mayRead(request, isPull) &&
        (type === 'pulls' ? isPull : type === 'issues' ? !isPull : true) &&
        hasState(request, issue) &&
        hasWords(request, issue) &&
        isWithin(window, issue.updatedAt) &&
        labelIds.every((id) => issue.labels.includes(id)) &&
        (milestones.length === 0 || milestones.includes(issue.milestoneId ?? 0)) &&
        (poster === undefined || issue.posterId === poster) &&
        (assignee === undefined || issue.assignees.includes(assignee)) &&
        (mentioned === undefined || issue.body.includes(`@${query.get('mentioned_by')}`))
      )
    })
    .sort(newestFirst)
  const page = readPage(request)
  const rows = slicePage(found, page).map((issue) => presentIssue(instance, issue, request.doer))
  return jsonPage(request, rows, found.length, { link: true, page })
}

function answerIssueSearch(request: ApiRequest): Reply {
  const { instance, doer, query } = request
  const window = readWindow(request)
  const owner = query.get('owner')
  const account = owner ? findAccount(instance.state, owner) : undefined
  if (owner && !account) refuseWith(request, 400, `user does not exist [uid: 0, name: ${owner}]`)
  if (query.get('team') && !owner) refuseWith(request, 400, 'Owner organisation is required for filtering on team')
  const names = new Set(words(request, 'labels'))
  const known = [...instance.state.labels.values()].filter(({ name }) => names.has(name)).map(({ id }) => id)
  const isMine = (name: string): boolean => doer !== undefined && ['true', '1'].includes(query.get(name) ?? '')
  const type = query.get('type')
  const found = [...instance.state.issues.values()]
    .filter((issue) => {
      const repository = getRepository(instance.state, issue.repositoryId)
      const permission = readPermission(instance.state, repository, doer)
      const isPull = issue.pull !== undefined
      return (
        permission.canRead(isPull ? 'repo.pulls' : 'repo.issues') &&
        !(request.isPublicOnly && repository.isPrivate) &&
        (account === undefined || repository.ownerId === account.id) &&
        (type === 'pulls' ? isPull : type === 'issues' ? !isPull : true) &&
        hasState(request, issue) &&
        hasWords(request, issue) &&
        isWithin(window, issue.updatedAt) &&
        (known.length === 0 || known.some((id) => issue.labels.includes(id))) &&
        (!isMine('created') || issue.posterId === doer?.id) &&
        (!isMine('assigned') || issue.assignees.includes(doer?.id ?? 0)) &&
        (!isMine('mentioned') || issue.body.includes(`@${doer?.login}`)) &&
        (!isMine('review_requested') || (issue.pull?.reviewers.includes(doer?.id ?? 0) ?? false))
      )
    })
    .sort(newestFirst)
  const page = readPage(request)
  const rows = slicePage(found, page).map((issue) => presentIssue(instance, issue, doer))
  return jsonPage(request, rows, found.length, { link: true, page })
}

/** The issue of the path, where Gitea takes a missing one for its own fault. */
function requireKnownIssue(request: RepositoryRequest): Issue {
  const { instance, repository, doer } = request
  const index = getNumberParam(request, 'index')
  const issue = findIssue(instance.state, repository.id, index)
  const reason = `issue does not exist [id: 0, repo_id: ${repository.id}, index: ${index}]`
  if (!issue) refuseWith(request, 500, doer?.isAdmin ? reason : '')
  if (!mayRead(request, issue.pull !== undefined)) refuseNotFound(request)
  return issue
}

/** Never paged; a missing issue is a 500 here, unlike everywhere else (T9). */
function answerComments(request: RepositoryRequest): Reply {
  const { instance } = request
  const window = readWindow(request)
  const issue = requireKnownIssue(request)
  const comments = commentsOf(instance, issue).filter(({ updatedAt }) => isWithin(window, updatedAt))
  return jsonPage(
    request,
    comments.map((comment) => presentComment(instance, issue, comment)),
    comments.length,
  )
}

function answerRepositoryComments(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const window = readWindow(request)
  const all = [...instance.state.comments.values()].flatMap((comment) => {
    const issue = instance.state.issues.get(comment.issueId)
    const isShown = issue?.repositoryId === repository.id && mayRead(request, issue.pull !== undefined)
    return issue && isShown && isWithin(window, comment.updatedAt) ? [{ issue, comment }] : []
  })
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(all, page) : all
  return jsonPage(
    request,
    chosen.map(({ issue, comment }) => presentComment(instance, issue, comment)),
    all.length,
  )
}

function answerComment(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const id = getNumberParam(request, 'id')
  const comment = instance.state.comments.get(id)
  const entry = comment ?? instance.state.activity.labelEvents.get(id)
  const issue = entry && instance.state.issues.get(entry.issueId)
  if (!issue) refuseNotFound(request, [`comment does not exist [id: ${id}, issue_id: 0]`])
  if (issue.repositoryId !== repository.id) return empty(404)
  if (!mayRead(request, issue.pull !== undefined)) refuseNotFound(request)
  if (!comment) return empty(204)
  return json(200, presentComment(instance, issue, comment))
}

/** A missing issue is a 500 here; the total is that of the page. */
function answerTimeline(request: RepositoryRequest): Reply {
  const { instance } = request
  const window = readWindow(request)
  const issue = requireKnownIssue(request)
  const entries = [
    ...commentsOf(instance, issue).map((comment) => ({
      ...comment,
      present: () => presentTimelineComment(instance, issue, comment),
    })),
    ...[...instance.state.activity.labelEvents.values()]
      .filter(({ issueId }) => issueId === issue.id)
      .map((event) => ({
        ...event,
        updatedAt: event.createdAt,
        present: () => presentLabelEvent(instance, issue, event),
      })),
    ...[...instance.state.activity.events.values()]
      .filter(({ issueId }) => issueId === issue.id)
      .map((event) => ({
        ...event,
        updatedAt: event.createdAt,
        present: () => presentEvent(instance, issue, event, request.doer),
      })),
  ]
    .filter(({ updatedAt }) => isWithin(window, updatedAt))
    .sort((left, right) => left.createdAt - right.createdAt || left.id - right.id)
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(entries, page) : entries
  return jsonPage(
    request,
    chosen.map(({ present }) => present()),
    chosen.length,
  )
}

/** The issues that `issue` waits for, or that wait for it; what the person may not see is hidden or left out. */
function answerLinked(request: RepositoryRequest, which: 'dependencies' | 'blocks'): Reply {
  const { instance, doer } = request
  const { state } = instance
  const issue = requireIssue(request)
  const { dependencies } = state.activity
  const ids =
    which === 'dependencies'
      ? [...(dependencies.get(issue.id) ?? [])]
      : [...dependencies].filter(([, waitsFor]) => waitsFor.has(issue.id)).map(([id]) => id)
  const linked = ids.map((id) => state.issues.get(id)).filter((found) => found !== undefined)
  return json(
    200,
    linked.map((found) => presentIssue(instance, found, doer)),
  )
}

export function addIssueRoutes(api: Api): void {
  const guards = [needsIssuesOrPulls]
  api.plain('GET', '/repos/issues/search', ['issue'], answerIssueSearch)
  api.repository('GET', '/issues', 'issue', guards, answerIssues)
  api.repository('GET', '/issues/comments', 'issue', guards, answerRepositoryComments)
  api.repository('GET', '/issues/comments/{id}', 'issue', guards, answerComment)
  api.repository('GET', '/issues/{index}', 'issue', guards, (request) =>
    json(200, presentIssue(request.instance, requireIssue(request), request.doer)),
  )
  api.repository('GET', '/issues/{index}/comments', 'issue', guards, answerComments)
  api.repository('GET', '/issues/{index}/dependencies', 'issue', guards, (request) =>
    answerLinked(request, 'dependencies'),
  )
  api.repository('GET', '/issues/{index}/blocks', 'issue', guards, (request) => answerLinked(request, 'blocks'))
  api.repository('GET', '/issues/{index}/timeline', 'issue', guards, answerTimeline)
  api.repository('GET', '/issues/{index}/labels', 'issue', guards, (request) => {
    const labels = issueLabels(request.instance, requireIssue(request))
    return json(
      200,
      labels.map((label) => presentLabel(request.instance, label)),
    )
  })
}
