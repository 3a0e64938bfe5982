/** Reading pull requests. */
import { type Api, needsPulls, needsReader } from '../api.js'
import { getNumberParam, type RepositoryRequest, readFlag, refuseNotFound, refuseWith } from '../exchange.js'
import { type FileChange, listChanges, listCommits, readPatches, readRangeDiff } from '../history.js'
import { findAccount, findIssue } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { presentCommit } from '../present/commit.js'
import { escapeSegments } from '../present/content.js'
import { findHead, type PullIssue, presentPull, presentReview } from '../present/pull.js'
import { apiUrl, htmlUrl, isEmpty } from '../present/repository.js'
import { empty, json, type Reply, text } from '../reply.js'

export function requirePull(request: RepositoryRequest): PullIssue {
  const issue = findIssue(request.instance.state, request.repository.id, getNumberParam(request, 'index'))
  return issue?.pull ? { issue, pull: issue.pull } : refuseNotFound(request)
}

const orders: Readonly<Record<string, (left: PullIssue, right: PullIssue) => number>> = {
  oldest: (left, right) => left.issue.id - right.issue.id,
  recentupdate: (left, right) => right.issue.updatedAt - left.issue.updatedAt,
  leastupdate: (left, right) => left.issue.updatedAt - right.issue.updatedAt,
  recentclose: (left, right) => (right.issue.closedAt ?? 0) - (left.issue.closedAt ?? 0),
}

/** Without `state` all pull requests come; labels are ids, any of them is enough, a name is a 500. */
async function answerPulls(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, query } = request
  if (await isEmpty(repository)) refuseNotFound(request)
  const labels = query
    .getAll('labels')
    .map((label) => (/^\d+$/.test(label) ? Number(label) : refuseWith(request, 500, '')))
  const login = query.get('poster')
  const poster = login ? findAccount(instance.state, login) : undefined
  if (login && !poster) refuseWith(request, 400, `user does not exist [uid: 0, name: ${login}]`)
  const state = query.get('state') ?? ''
  const milestone = Number(query.get('milestone') ?? 0)
  const base = query.get('base_branch')
  const found = [...instance.state.issues.values()]
    .flatMap((issue) => (issue.pull && issue.repositoryId === repository.id ? [{ issue, pull: issue.pull }] : []))
    .filter(
      ({ issue, pull }) =>
        (state === 'open' ? !issue.isClosed : state === 'closed' ? issue.isClosed : true) &&
        (labels.length === 0 || labels.some((label) => issue.labels.includes(label))) &&
        (!poster || issue.posterId === poster.id) &&
        (milestone === 0 || issue.milestoneId === milestone) &&
        (!base || pull.baseBranch === base),
    )
    .sort(orders[query.get('sort') ?? ''] ?? ((left, right) => right.issue.id - left.issue.id))
  const page = readPage(request)
  const rows = await Promise.all(
    slicePage(found, page).map((target) => presentPull(instance, target, request.doer, true)),
  )
  return jsonPage(request, rows, found.length, { link: true, page })
}

function pageHeaders(request: RepositoryRequest, total: number): Record<string, string> {
  const { page, size } = readPage(request)
  const pages = Math.ceil(total / size)
  return {
    'X-Page': String(page),
    'X-PerPage': String(size),
    'X-PageCount': String(pages),
    'X-HasMore': String(page < pages),
  }
}

const statusWords: Readonly<Record<string, string>> = { A: 'added', D: 'deleted', R: 'renamed', C: 'copied' }

function presentFile(request: RepositoryRequest, change: FileChange, head: string): Record<string, unknown> {
  const { instance, repository } = request
  const path = escapeSegments(change.path)
  const isCounted = change.additions + change.deletions > 0
  return {
    filename: change.path,
    ...(change.previousPath === undefined ? {} : { previous_filename: change.previousPath }),
    // A changed binary file has no counted lines, so Gitea calls it unchanged.
    status: statusWords[change.status] ?? (isCounted ? 'changed' : 'unchanged'),
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    html_url: `${htmlUrl(instance, repository)}/src/commit/${head}/${path}`,
    contents_url: `${apiUrl(instance, repository)}/contents/${path}?ref=${head}`,
    raw_url: `${htmlUrl(instance, repository)}/raw/commit/${head}/${path}`,
  }
}

async function answerFiles(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const target = requirePull(request)
  const { sha } = await findHead(instance, target)
  const changes = await listChanges(repository.gitDirectory, target.pull.mergeBase, sha, true)
  const page = readPage(request)
  const rows = slicePage(changes, page).map((change) => presentFile(request, change, sha))
  return jsonPage(request, rows, changes.length, { link: true, page, headers: pageHeaders(request, changes.length) })
}

async function answerPullCommits(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const target = requirePull(request)
  const { sha } = await findHead(instance, target)
  const commits = (await listCommits(repository.gitDirectory, [`${target.pull.mergeBase}..${sha}`])) ?? []
  const parts = {
    stat: true,
    verification: readFlag(request, 'verification', true),
    files: readFlag(request, 'files', true),
  }
  const page = readPage(request)
  const rows = await Promise.all(
    slicePage(commits, page).map((commit) => presentCommit(instance, repository, commit, parts)),
  )
  return jsonPage(request, rows, commits.length, { link: true, page, headers: pageHeaders(request, commits.length) })
}

async function answerText(request: RepositoryRequest, kind: 'diff' | 'patch'): Promise<Reply> {
  const { instance, repository } = request
  const target = requirePull(request)
  const { sha } = await findHead(instance, target)
  const directory = repository.gitDirectory
  const from = target.pull.mergeBase
  const body =
    kind === 'diff' ? await readRangeDiff(directory, from, sha) : await readPatches(directory, `${from}..${sha}`, true)
  return { ...text(200, '', { 'content-type': 'text/plain; charset=utf-8' }), body }
}

function answerReviews(request: RepositoryRequest): Reply {
  const { instance } = request
  const { issue } = requirePull(request)
  const all = [...instance.state.reviews.values()].filter(
    (review) =>
      review.issueId === issue.id &&
      (review.state !== 'PENDING' || review.reviewerId === request.doer?.id || request.doer?.isAdmin),
  )
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(all, page) : all
  return jsonPage(
    request,
    chosen.map((review) => presentReview(instance, issue, review, request.doer)),
    all.length,
  )
}

async function answerByBranches(request: RepositoryRequest): Promise<Reply> {
  const [base, head] = [request.params.get('base'), request.params.get('*')]
  for (const issue of request.instance.state.issues.values()) {
    const { pull } = issue
    if (issue.repositoryId !== request.repository.id || !pull) continue
    if (pull.baseBranch !== base || pull.headBranch !== head) continue
    return json(200, await presentPull(request.instance, { issue, pull }, request.doer, false))
  }
  return refuseNotFound(request)
}

export function addPullRoutes(api: Api): void {
  const guards = [needsPulls, needsReader('repo.code')]
  api.repository('GET', '/pulls', 'repository', guards, answerPulls)
  api.repository('GET', '/pulls/{index}.diff', 'repository', guards, (request) => answerText(request, 'diff'))
  api.repository('GET', '/pulls/{index}.patch', 'repository', guards, (request) => answerText(request, 'patch'))
  api.repository('GET', '/pulls/{index}', 'repository', guards, async (request) =>
    json(200, await presentPull(request.instance, requirePull(request), request.doer, false)),
  )
  api.repository('GET', '/pulls/{index}/files', 'repository', guards, answerFiles)
  api.repository('GET', '/pulls/{index}/commits', 'repository', guards, answerPullCommits)
  api.repository('GET', '/pulls/{index}/reviews', 'repository', guards, answerReviews)
  api.repository('GET', '/pulls/{index}/merge', 'repository', guards, (request) =>
    requirePull(request).pull.mergedAt === undefined ? refuseNotFound(request) : empty(204),
  )
  api.repository('GET', '/pulls/{base}/*', 'repository', guards, answerByBranches)
}
