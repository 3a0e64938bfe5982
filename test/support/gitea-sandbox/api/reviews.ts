/** Reviews of pull requests: writing them, their comments on lines, and asking people for one. */
import { readPermission } from '../access.js'
import { type Api, needsPulls, needsReader, needsToken } from '../api.js'
import { type Fields, findList, findText, readFields } from '../body.js'
import { getNumberParam, type RepositoryRequest, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { readRangeDiff } from '../history.js'
import { findAccount, getAccount } from '../lookup.js'
import { issueHtmlUrl } from '../present/issue.js'
import { findHead, type PullIssue, presentReview } from '../present/pull.js'
import { presentUser, toTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import type { Account, CodeComment, Review } from '../state.js'
import { insertEvent } from '../timeline.js'
import { requirePull } from './pulls.js'

/** A word that Gitea does not know makes a draft that only its author sees (T15). */
function readState(request: RepositoryRequest, { issue }: PullIssue, fields: Fields, hasComments: boolean) {
  const event = findText(request, fields, 'event') ?? ''
  const hasBody = (findText(request, fields, 'body') ?? '').trim() !== ''
  const isPoster = issue.posterId === requireDoer(request).id
  if (event === 'APPROVED') {
    if (isPoster) refuseWith(request, 422, 'approve your own pull is not allowed')
    return event
  }
  if (event === 'COMMENT') {
    if (!hasBody && !hasComments) refuseWith(request, 422, 'review event COMMENT requires a body or a comment')
    return event
  }
  if (event === 'REQUEST_CHANGES' && isPoster) refuseWith(request, 422, 'reject your own pull is not allowed')
  if (!hasBody) refuseWith(request, 422, `review event ${event} requires a body`)
  return event === 'REQUEST_CHANGES' ? event : 'PENDING'
}

function readComments(request: RepositoryRequest, fields: Fields): CodeComment[] {
  const { state, clock } = request.instance
  return (findList(request, fields, 'comments') ?? []).map((item) => {
    const given = new Map(Object.entries(typeof item === 'object' && item !== null ? item : {}))
    const [before, after] = [Number(given.get('old_position') ?? 0), Number(given.get('new_position') ?? 0)]
    return {
      id: state.nextId('comment'),
      path: String(given.get('path') ?? ''),
      line: before > 0 ? -before : after,
      body: String(given.get('body') ?? ''),
      createdAt: clock.now(),
    }
  })
}

function findDraft(request: RepositoryRequest, { issue }: PullIssue, doer: Account): Review | undefined {
  for (const review of request.instance.state.reviews.values())
    if (review.issueId === issue.id && review.reviewerId === doer.id && review.state === 'PENDING') return review
  return undefined
}

/** Lines outside the diff are accepted. A draft of the same person goes out with what is sent. */
async function createReview(request: RepositoryRequest): Promise<Reply> {
  const { instance } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const target = requirePull(request)
  const { issue, pull } = target
  const comments = readComments(request, fields)
  const state = readState(request, target, fields, comments.length > 0)
  if (issue.isClosed && (state === 'APPROVED' || state === 'REQUEST_CHANGES')) {
    refuseWith(request, 422, "can't submit review for a closed or merged PR")
  }
  const draft = findDraft(request, target, doer)
  const id = draft?.id ?? instance.state.nextId('review')
  const review: Review = {
    id,
    issueId: issue.id,
    reviewerId: doer.id,
    state,
    body: findText(request, fields, 'body') ?? '',
    commitId: findText(request, fields, 'commit_id') || (await findHead(instance, target)).sha,
    comments: [...(draft?.comments ?? []), ...comments],
    createdAt: draft?.createdAt ?? instance.clock.now(),
  }
  instance.state.reviews.set(id, review)
  if (state !== 'COMMENT') pull.reviewers = pull.reviewers.filter((reviewer) => reviewer !== doer.id)
  return json(200, presentReview(instance, issue, review, doer))
}

/** The hunk of the file that holds the line, to that line and at most four lines of it. */
function cutHunk(diff: string, { path, line }: CodeComment): string {
  const part = diff.split(/^(?=diff --git )/m).find((file) => file.startsWith(`diff --git a/${path} b/${path}\n`))
  for (const hunk of part?.split(/^(?=@@ )/m).slice(1) ?? []) {
    const [head = '', ...lines] = hunk.split('\n')
    const [, before = '0', after = '0'] = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(head) ?? []
    const at = { old: Number(before) - 1, new: Number(after) - 1 }
    for (const [index, row] of lines.entries()) {
      if (!row.startsWith('+')) at.old += 1
      if (!row.startsWith('-')) at.new += 1
      const isWanted = line < 0 ? !row.startsWith('+') && at.old === -line : !row.startsWith('-') && at.new === line
      if (isWanted) return [head, ...lines.slice(Math.max(0, index - 3), index + 1)].join('\n')
    }
  }
  return ''
}

async function answerComments(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, doer } = request
  const target = requirePull(request)
  const { issue, pull } = target
  const review = instance.state.reviews.get(getNumberParam(request, 'id'))
  const isHidden = review?.state === 'PENDING' && review.reviewerId !== doer?.id && !doer?.isAdmin
  if (!review || review.issueId !== issue.id || isHidden) refuseNotFound(request)
  const { sha } = await findHead(instance, target)
  const diff = (await readRangeDiff(repository.gitDirectory, pull.mergeBase, sha)).toString('utf8')
  const page = issueHtmlUrl(instance, issue)
  const rows = review.comments.map((comment) => ({
    id: comment.id,
    body: comment.body,
    user: presentUser(instance, getAccount(instance.state, review.reviewerId), undefined),
    resolver: null,
    pull_request_review_id: review.id,
    created_at: toTime(comment.createdAt),
    updated_at: toTime(comment.createdAt),
    path: comment.path,
    commit_id: comment.line > 0 ? review.commitId : '',
    original_commit_id: comment.line > 0 ? '' : review.commitId,
    diff_hunk: cutHunk(diff, comment),
    position: Math.max(0, comment.line),
    original_position: Math.max(0, -comment.line),
    html_url: `${page}#issuecomment-${comment.id}`,
    pull_request_url: page,
  }))
  return json(200, rows)
}

function refuseReviewer(request: RepositoryRequest, reason: string): never {
  const ids = `[user_id: ${requireDoer(request).id}, repo_id: ${request.repository.id}]`
  return refuseWith(request, 422, `${reason} ${ids}`)
}

/** Answers with the new requests only: who was asked already is not among them. */
function requestReviews(request: RepositoryRequest): Reply {
  const { instance, repository, permission } = request
  const { state, clock } = instance
  const doer = requireDoer(request)
  const { issue, pull } = requirePull(request)
  const logins = (findList(request, readFields(request), 'reviewers') ?? []).map(String)
  const people = logins.map(
    (login) => findAccount(state, login) ?? refuseNotFound(request, null, `User '${login}' not exist`),
  )
  const made: Review[] = []
  for (const person of people) {
    if (person.isOrganization) refuseReviewer(request, "Organization can't be added as reviewer")
    if (!readPermission(state, repository, person).canRead('repo.pulls')) refuseReviewer(request, "Reviewer can't read")
    if (person.id === issue.posterId) refuseReviewer(request, "poster of pr can't be reviewer")
    if (!permission.canWrite('repo.pulls')) refuseReviewer(request, "Doer can't choose reviewer")
    if (pull.reviewers.includes(person.id)) continue
    pull.reviewers.push(person.id)
    const id = state.nextId('review')
    const review: Review = {
      id,
      issueId: issue.id,
      reviewerId: person.id,
      state: 'REQUEST_REVIEW',
      body: '',
      commitId: '',
      comments: [],
      createdAt: clock.now(),
    }
    state.reviews.set(id, review)
    insertEvent(instance, issue, doer.id, { type: 'review_request', assigneeId: person.id })
    made.push(review)
  }
  return json(
    201,
    made.map((review) => presentReview(instance, issue, review, doer)),
  )
}

export function addReviewRoutes(api: Api): void {
  const guards = [needsPulls, needsReader('repo.code')]
  const signedIn = [...guards, needsToken]
  api.repository('POST', '/pulls/{index}/reviews', 'repository', signedIn, createReview)
  api.repository('GET', '/pulls/{index}/reviews/{id}/comments', 'repository', guards, answerComments)
  api.repository('POST', '/pulls/{index}/requested_reviewers', 'repository', signedIn, requestReviews)
}
