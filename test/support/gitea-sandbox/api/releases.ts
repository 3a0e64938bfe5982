/** Reading releases, and commit statuses. */
import { type Api, needsReader, needsToken, needsWriter } from '../api.js'
import { findText, readFields } from '../body.js'
import {
  getNumberParam,
  getParam,
  type RepositoryRequest,
  refuseNotFound,
  refuseWith,
  requireDoer,
} from '../exchange.js'
import { getAccount } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { apiUrl, htmlUrl, presentRepository } from '../present/repository.js'
import { presentUser, toTime } from '../present/user.js'
import { findRevision } from '../refs.js'
import { json, type Reply } from '../reply.js'
import type { CommitStatus, Release } from '../state.js'

export function presentRelease(
  { instance, repository }: Pick<RepositoryRequest, 'instance' | 'repository'>,
  release: Release,
): Record<string, unknown> {
  const html = htmlUrl(instance, repository)
  const url = `${apiUrl(instance, repository)}/releases/${release.id}`
  return {
    id: release.id,
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    url,
    html_url: `${html}/releases/tag/${release.tag}`,
    tarball_url: `${html}/archive/${release.tag}.tar.gz`,
    zipball_url: `${html}/archive/${release.tag}.zip`,
    upload_url: `${url}/assets`,
    draft: release.isDraft,
    prerelease: release.isPrerelease,
    created_at: toTime(release.createdAt),
    published_at: toTime(release.createdAt),
    author: presentUser(instance, getAccount(instance.state, release.authorId), undefined),
    assets: [],
  }
}

/** Newest first; drafts only for writers. */
function visibleReleases(request: RepositoryRequest): Release[] {
  const isWriter = request.permission.canWrite('repo.releases')
  return [...request.instance.state.releases.values()]
    .filter(({ repositoryId, isDraft }) => repositoryId === request.repository.id && (isWriter || !isDraft))
    .reverse()
}

function answerReleases(request: RepositoryRequest): Reply {
  const [draft, preRelease] = [request.query.get('draft'), request.query.get('pre-release')]
  const found = visibleReleases(request)
    .filter(({ isDraft }) => draft === null || isDraft === (draft === 'true'))
    .filter(({ isPrerelease }) => preRelease === null || isPrerelease === (preRelease === 'true'))
  const page = readPage(request)
  return jsonPage(
    request,
    slicePage(found, page).map((release) => presentRelease(request, release)),
    found.length,
    {
      link: true,
      page,
    },
  )
}

/** One that is asked for by its id comes for readers too, even a draft. */
function answerById(request: RepositoryRequest): Reply {
  const release = request.instance.state.releases.get(getNumberParam(request, 'id'))
  return release?.repositoryId === request.repository.id
    ? json(200, presentRelease(request, release))
    : refuseNotFound(request)
}

function answerOne(request: RepositoryRequest, isWanted: (release: Release) => boolean): Reply {
  const release = visibleReleases(request).find(isWanted)
  return release ? json(200, presentRelease(request, release)) : refuseNotFound(request)
}

function presentStatus(request: RepositoryRequest, status: CommitStatus): Record<string, unknown> {
  const { instance, repository } = request
  return {
    id: status.id,
    status: status.state,
    target_url: status.targetUrl,
    description: status.description,
    url: `${apiUrl(instance, repository)}/statuses/${status.sha}`,
    context: status.context,
    creator: presentUser(instance, getAccount(instance.state, status.creatorId), undefined),
    created_at: toTime(status.createdAt),
    updated_at: toTime(status.createdAt),
  }
}

function statusesOf(request: RepositoryRequest, sha: string): CommitStatus[] {
  return [...request.instance.state.statuses.values()].filter(
    (status) => status.repositoryId === request.repository.id && status.sha === sha,
  )
}

async function requireCommit(request: RepositoryRequest, revision: string): Promise<string> {
  return (
    (await findRevision(request.repository, revision)) ??
    refuseNotFound(request, [`object does not exist [id: ${revision}, rel_path: ]`])
  )
}

/** By branch, tag or id under `commits/`, by nothing but the full id under `statuses/`. */
function answerStatuses(request: RepositoryRequest, sha: string): Reply {
  const all = statusesOf(request, sha)
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(all, page) : all
  return jsonPage(
    request,
    chosen.map((status) => presentStatus(request, status)),
    all.length,
    { link: true, page },
  )
}

/** modules/commitstatus/commit_status.go: words Gitea does not know are neither good nor bad. */
function combine(states: readonly string[]): string {
  if (states.some((state) => state === 'error' || state === 'failure')) return 'failure'
  return states.every((state) => ['success', 'warning', 'skipped'].includes(state)) ? 'success' : 'pending'
}

/** The state is that of the checks on this page alone. */
async function answerCombined(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, doer, permission } = request
  const sha = await requireCommit(request, getParam(request, 'ref'))
  const latest = new Map(statusesOf(request, sha).map((status) => [status.context, status]))
  const newest = [...latest.values()].sort((left, right) => right.id - left.id)
  const statuses = slicePage(newest, readPage(request)).sort((left, right) => left.id - right.id)
  const url = `${apiUrl(instance, repository)}/commits/${sha}`
  const body = {
    state: statuses.length === 0 ? '' : combine(statuses.map(({ state }) => state)),
    sha,
    total_count: statuses.length,
    statuses: statuses.length === 0 ? null : statuses.map((status) => presentStatus(request, status)),
    repository: await presentRepository(instance, repository, doer, permission),
    commit_url: url,
    url: `${url}/status`,
  }
  return jsonPage(request, body, newest.length)
}

async function createStatus(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const fields = readFields(request)
  const sha = await findRevision(repository, getParam(request, 'sha'))
  if (!sha) refuseWith(request, 500, '')
  const status: CommitStatus = {
    id: instance.state.nextId('status'),
    repositoryId: repository.id,
    sha,
    // Any word is stored.
    state: findText(request, fields, 'state') ?? '',
    // models/git/commit_status.go trims these and not the state
    context: findText(request, fields, 'context')?.trim() ?? '',
    description: findText(request, fields, 'description')?.trim() ?? '',
    targetUrl: findText(request, fields, 'target_url')?.trim() ?? '',
    creatorId: requireDoer(request).id,
    createdAt: instance.clock.now(),
  }
  instance.state.statuses.set(status.id, status)
  return json(201, presentStatus(request, status))
}

export function addReleaseRoutes(api: Api): void {
  const releases = [needsReader('repo.releases')]
  const code = [needsReader('repo.code')]
  api.repository('GET', '/releases', 'repository', releases, answerReleases)
  api.repository('GET', '/releases/latest', 'repository', releases, (request) =>
    answerOne(request, ({ isDraft, isPrerelease }) => !isDraft && !isPrerelease),
  )
  api.repository('GET', '/releases/tags/{tag}', 'repository', releases, (request) =>
    answerOne(request, ({ tag }) => tag === getParam(request, 'tag')),
  )
  api.repository('GET', '/releases/{id}', 'repository', releases, answerById)
  api.repository('GET', '/statuses/{sha}', 'repository', code, (request) =>
    answerStatuses(request, getParam(request, 'sha')),
  )
  api.repository('POST', '/statuses/{sha}', 'repository', [...code, needsToken, needsWriter('repo.code')], createStatus)
  api.repository('GET', '/commits/{ref}/statuses', 'repository', code, async (request) =>
    answerStatuses(request, await requireCommit(request, getParam(request, 'ref'))),
  )
  api.repository('GET', '/commits/{ref}/status', 'repository', code, answerCombined)
}
