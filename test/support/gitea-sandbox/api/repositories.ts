/** The repository itself, lists of repositories, topics, languages. */
import { isVisibleTo, readPermission, repositoryTeams } from '../access.js'
import { type Api, needsAnyReader, needsReader } from '../api.js'
import {
  type ApiRequest,
  getNumberParam,
  getParam,
  type RepositoryRequest,
  refuseNotFound,
  refuseWith,
  requireDoer,
} from '../exchange.js'
import { listTree } from '../git.js'
import { findAccount, fullNameOf, getAccount } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { presentRepository } from '../present/repository.js'
import { json, type Reply } from '../reply.js'
import type { Account, Repository, State } from '../state.js'

const byName = (left: Repository, right: Repository): number =>
  left.name.toLowerCase() < right.name.toLowerCase() ? -1 : 1

async function answerList(request: ApiRequest, repositories: readonly Repository[], hasLink: boolean): Promise<Reply> {
  const page = readPage(request)
  const rows = await presentAll(request, slicePage(repositories, page))
  return jsonPage(request, rows, repositories.length, { link: hasLink, page })
}

function presentAll(request: ApiRequest, repositories: readonly Repository[]): Promise<Record<string, unknown>[]> {
  return Promise.all(repositories.map((repository) => presentRepository(request.instance, repository, request.doer)))
}

/** Own, collaborated and reached through a team. */
function isMine(request: ApiRequest, repository: Repository, doer: Account): boolean {
  if (repository.ownerId === doer.id || repository.collaborators.has(doer.id)) return true
  return repositoryTeams(request.instance.state, repository).some((team) => team.members.has(doer.id))
}

function answerMyRepositories(request: ApiRequest): Promise<Reply> {
  const doer = requireDoer(request)
  const all = [...request.instance.state.repositories.values()]
  return answerList(request, all.filter((repository) => isMine(request, repository, doer)).sort(byName), true)
}

/** Lists of one owner: hidden repositories are dropped after paging, so pages can be short and the total too high. */
async function answerOwnedRepositories(request: ApiRequest, owner: Account): Promise<Reply> {
  const { state } = request.instance
  const showsPrivate = request.doer !== undefined
  const owned = [...state.repositories.values()]
    .filter((repository) => repository.ownerId === owner.id && (showsPrivate || !repository.isPrivate))
    .sort((left, right) => left.id - right.id)
  const page = readPage(request)
  const visible = slicePage(owned, page).filter((repository) =>
    readPermission(state, repository, request.doer).hasAnyUnit(),
  )
  return jsonPage(request, await presentAll(request, visible), owned.length, { link: true, page })
}

function isFound(request: ApiRequest, repository: Repository): boolean {
  const { state } = request.instance
  const { query, doer } = request
  const permission = readPermission(state, repository, doer)
  if (!permission.hasAnyUnit() || (request.isPublicOnly && repository.isPrivate)) return false
  if (!isVisibleTo(state, getAccount(state, repository.ownerId), doer) && !repository.collaborators.has(doer?.id ?? 0))
    return false
  const words = (query.get('q') ?? '').toLowerCase()
  const isTopic = ['true', '1'].includes(query.get('topic') ?? '')
  const matches = isTopic
    ? repository.topics.includes(words)
    : repository.name.toLowerCase().includes(words) ||
      (query.get('includeDesc') === 'true' && repository.description.toLowerCase().includes(words))
  const uid = Number(query.get('uid') ?? 0)
  const isPrivate = query.get('is_private')
  const isArchived = query.get('archived')
  return (
    (words === '' || matches) &&
    (uid === 0 ||
      repository.ownerId === uid ||
      (query.get('exclusive') !== 'true' && isMineId(request, repository, uid))) &&
    (isPrivate === null || repository.isPrivate === (isPrivate === 'true')) &&
    (isArchived === null || repository.isArchived === (isArchived === 'true')) &&
    !(query.get('private') === 'false' && repository.isPrivate)
  )
}

function isMineId(request: ApiRequest, repository: Repository, accountId: number): boolean {
  const account = request.instance.state.accounts.get(accountId)
  return account !== undefined && isMine(request, repository, account)
}

const byFullName =
  (state: State) =>
  (left: Repository, right: Repository): number =>
    fullNameOf(state, left) < fullNameOf(state, right) ? -1 : 1

const orders: Readonly<Record<string, (left: Repository, right: Repository) => number>> = {
  created: (left, right) => left.createdAt - right.createdAt || left.id - right.id,
  updated: (left, right) => left.updatedAt - right.updatedAt || left.id - right.id,
  id: (left, right) => left.id - right.id,
  ...Object.fromEntries(
    ['size', 'git_size', 'lfs_size', 'stars', 'forks'].map((name) => [
      name,
      (left: Repository, right: Repository) => left.id - right.id,
    ]),
  ),
}

async function answerSearch(request: ApiRequest): Promise<Reply> {
  const sort = request.query.get('sort') ?? ''
  const direction = request.query.get('order') || 'asc'
  const order = sort === '' ? byName : sort === 'alpha' ? byFullName(request.instance.state) : orders[sort]
  if (!order) refuseWith(request, 422, `Invalid sort mode: "${sort}"`)
  if (sort !== '' && direction !== 'asc' && direction !== 'desc') {
    refuseWith(request, 422, `Invalid sort order: "${direction}"`)
  }
  const found = [...request.instance.state.repositories.values()]
    .filter((repository) => isFound(request, repository))
    .sort(order)
  if (sort !== '' && direction === 'desc') found.reverse()
  const page = readPage(request)
  const data = await presentAll(request, slicePage(found, page))
  return jsonPage(request, { ok: true, data }, found.length, { link: true, page })
}

async function answerById(request: ApiRequest): Promise<Reply> {
  requireDoer(request)
  const { state } = request.instance
  const repository = state.repositories.get(getNumberParam(request, 'id'))
  if (!repository || !readPermission(state, repository, request.doer).hasAnyUnit()) refuseNotFound(request)
  return json(200, await presentRepository(request.instance, repository, request.doer))
}

function answerUserRepositories(request: ApiRequest): Promise<Reply> {
  const owner =
    findAccount(request.instance.state, getParam(request, 'username')) ??
    refuseWith(request, 404, `user redirect does not exist [name: ${getParam(request, 'username')}]`)
  return answerOwnedRepositories(request, owner)
}

function answerTopics(request: RepositoryRequest): Reply {
  const { topics } = request.repository
  return jsonPage(request, { topics: slicePage(topics, readPage(request)) }, topics.length)
}

const languages: Readonly<Record<string, string>> = {
  ts: 'TypeScript',
  js: 'JavaScript',
  go: 'Go',
  py: 'Python',
  sh: 'Shell',
  sql: 'SQL',
  rs: 'Rust',
}

/** Bytes per language by file ending; Gitea's own detector is finer. */
async function answerLanguages(request: RepositoryRequest): Promise<Reply> {
  const { repository } = request
  const entries = (await listTree(repository.gitDirectory, `refs/heads/${repository.defaultBranch}`, true)) ?? []
  const sizes = new Map<string, number>()
  for (const { path, type, size } of entries) {
    const language = type === 'blob' ? languages[path.slice(path.lastIndexOf('.') + 1)] : undefined
    if (language) sizes.set(language, (sizes.get(language) ?? 0) + size)
  }
  return json(200, Object.fromEntries([...sizes].sort((left, right) => right[1] - left[1])))
}

export function addRepositoryRoutes(api: Api): void {
  api.plain('GET', '/user/repos', ['user', 'repository'], answerMyRepositories)
  api.plain('GET', '/users/{username}/repos', ['user', 'repository'], answerUserRepositories)
  api.plain('GET', '/repos/search', ['repository'], answerSearch)
  api.plain('GET', '/repositories/{id}', ['repository'], answerById)
  api.organization('GET', '/repos', (request) => answerOwnedRepositories(request, request.organization))
  api.repository('GET', '', 'repository', [needsAnyReader], async ({ instance, repository, doer, permission }) =>
    json(200, await presentRepository(instance, repository, doer, permission)),
  )
  api.repository('GET', '/topics', 'repository', [needsAnyReader], answerTopics)
  api.repository('GET', '/languages', 'repository', [needsReader('repo.code')], answerLanguages)
  api.repository('GET', '/licenses', 'repository', [needsReader('repo.code')], () => json(200, []))
}
