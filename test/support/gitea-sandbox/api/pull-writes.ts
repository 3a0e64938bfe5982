/** Writing pull requests: opening them and changing what they say. */
import { readPermission, teamsOfOrganization } from '../access.js'
import { type Api, needsPulls, needsReader, needsToken, needsUnarchived } from '../api.js'
import { type Fields, findText, readFields } from '../body.js'
import { type RepositoryRequest, refuse, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { fetchBranch, findRelated } from '../forks.js'
import { findObject, runGit } from '../git.js'
import { findAccount, getRepository } from '../lookup.js'
import { type PullIssue, presentPull } from '../present/pull.js'
import { empty, json, type Reply } from '../reply.js'
import type { Issue, Repository } from '../state.js'
import { requirePull } from './pulls.js'

interface Head {
  readonly repository: Repository
  readonly branch: string
}

/** `branch`, or `user:branch` in that user's fork. */
function readHead(request: RepositoryRequest, head: string): Head {
  const { instance, owner, repository } = request
  const parts = head.split(':')
  if (parts.length === 1) return { repository, branch: head }
  if (parts.length > 2) refuseNotFound(request)
  const account = findAccount(instance.state, parts[0] ?? '') ?? refuseNotFound(request, null, 'GetUserByName')
  const branch = parts[1] ?? ''
  if (account.id === owner.id) return { repository, branch }
  const related = findRelated(instance.state, repository, account.id)
  return { repository: related ?? refuseNotFound(request, null, 'GetBaseRepo'), branch }
}

function findOpenPull(request: RepositoryRequest, head: Head, base: string): PullIssue | undefined {
  for (const issue of request.instance.state.issues.values()) {
    const { pull } = issue
    if (!pull || issue.repositoryId !== request.repository.id || issue.isClosed || pull.mergedAt !== undefined) continue
    if (pull.headRepositoryId !== head.repository.id || pull.headBranch !== head.branch) continue
    if (pull.baseBranch === base) return { issue, pull }
  }
  return undefined
}

function alreadyExists({ issue, pull }: PullIssue): string {
  const places = `head_repo_id: ${pull.headRepositoryId}, base_repo_id: ${issue.repositoryId}`
  const branches = `head_branch: ${pull.headBranch}, base_branch: ${pull.baseBranch}`
  return `pull request already exists for these targets [id: ${pull.id}, issue_id: ${issue.index}, ${places}, ${branches}]`
}

/** Owners, collaborators and members of a team of the repository; others need write access to the head. */
function mayOpen(request: RepositoryRequest, head: Head): boolean {
  const { instance, repository } = request
  const doer = requireDoer(request)
  const isInTeam = teamsOfOrganization(instance.state, repository.ownerId).some((team) => team.members.has(doer.id))
  if (doer.isAdmin || doer.id === repository.ownerId || isInTeam || repository.collaborators.has(doer.id)) return true
  return readPermission(instance.state, getRepository(instance.state, head.repository.id), doer).canWrite('repo.code')
}

async function findMergeBase(directory: string, base: string, head: string): Promise<string> {
  return (await runGit(directory, ['merge-base', `refs/heads/${base}`, head])).toString('utf8').trim()
}

/** Its commit, also where it is in a fork. */
async function requireBranch(request: RepositoryRequest, from: Repository, name: string): Promise<string> {
  const directory = from.gitDirectory
  const branch = await fetchBranch(from, name, request.repository)
  if (branch) return branch
  const isCommit = /^[0-9a-f]{40}$/.test(name) || (await findObject(directory, `refs/tags/${name}`)) !== undefined
  if (isCommit) refuseWith(request, 422, 'Invalid PullRequest: base and head must be branches')
  return refuseNotFound(request)
}

/** Only the very same words for both branches are refused: a pull request without changes can be opened. */
async function createPull(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const [wanted, base, title] = ['head', 'base', 'title'].map((name) => requireText(request, fields, name))
  if (wanted === undefined || base === undefined || title === undefined) return refuseNotFound(request)
  if (wanted === base) {
    refuseWith(request, 422, 'Invalid PullRequest: There are no changes between the head and the base')
  }
  const head = readHead(request, wanted)
  if (!request.permission.canRead('repo.code'))
    refuseNotFound(request, null, "Can't read pulls or can't read UnitTypeCode")
  await requireBranch(request, repository, base)
  const headCommit = await requireBranch(request, head.repository, head.branch)
  const existing = findOpenPull(request, head, base)
  if (existing) refuseWith(request, 409, alreadyExists(existing))
  if (!mayOpen(request, head)) refuseWith(request, 403, 'user must be a collaborator')
  const now = instance.clock.now()
  const issue: Issue = {
    id: instance.state.nextId('issue'),
    repositoryId: repository.id,
    index: repository.nextIndex,
    posterId: doer.id,
    title,
    body: findText(request, fields, 'body') ?? '',
    ref: '',
    isClosed: false,
    isLocked: false,
    labels: [],
    assignees: [],
    milestoneId: undefined,
    createdAt: now,
    updatedAt: now,
    closedAt: undefined,
    dueAt: undefined,
    pull: {
      id: instance.state.nextId('pull'),
      baseBranch: base,
      headBranch: head.branch,
      headRepositoryId: head.repository.id,
      mergeBase: await findMergeBase(repository.gitDirectory, base, headCommit),
      mergedAt: undefined,
      mergedBy: undefined,
      mergeCommit: undefined,
      reviewers: [],
    },
  }
  repository.nextIndex += 1
  instance.state.issues.set(issue.id, issue)
  await runGit(repository.gitDirectory, ['update-ref', `refs/pull/${issue.index}/head`, headCommit])
  return json(201, issue.pull && (await presentPull(instance, { issue, pull: issue.pull }, doer, false)))
}

function requireText(request: RepositoryRequest, fields: Fields, name: string): string {
  const value = findText(request, fields, name) ?? ''
  const field = name.charAt(0).toUpperCase() + name.slice(1)
  return value === '' ? refuseWith(request, 422, `[${field}]: Required`) : value
}

/** Answers 201. The branch that it comes from is accepted as the one that it goes into. */
async function changeBase(request: RepositoryRequest, { issue, pull }: PullIssue, base: string): Promise<void> {
  const { repository } = request
  if (pull.mergedAt !== undefined || base === '' || base === pull.baseBranch) return
  const directory = repository.gitDirectory
  if (!(await findObject(directory, `refs/heads/${base}`))) refuseWith(request, 404, `new base '${base}' not exist`)
  if (issue.isClosed) {
    const place = `[id: ${issue.id}, repo_id: ${repository.id}, index: ${issue.index}]`
    refuseWith(request, 422, `Pull Request ${place} is already closed`)
  }
  const head = { repository: getRepository(request.instance.state, pull.headRepositoryId), branch: pull.headBranch }
  const existing = findOpenPull(request, head, base)
  if (existing) refuseWith(request, 409, alreadyExists(existing))
  pull.baseBranch = base
  pull.mergeBase = await findMergeBase(directory, base, `refs/pull/${issue.index}/head`)
}

function changeState(request: RepositoryRequest, { issue, pull }: PullIssue, state: string | undefined): void {
  if (state === undefined) return
  if (pull.mergedAt !== undefined) {
    refuseWith(request, 412, 'cannot change state of this pull request, it was already merged')
  }
  if (state !== 'open' && state !== 'closed') refuseWith(request, 412, `unknown state: ${state}`)
  issue.isClosed = state === 'closed'
  issue.closedAt = issue.isClosed ? request.instance.clock.now() : undefined
}

async function editPull(request: RepositoryRequest): Promise<Reply> {
  const { instance, permission } = request
  const doer = requireDoer(request)
  const fields = readFields(request)
  const target = requirePull(request)
  const { issue } = target
  if (issue.posterId !== doer.id && !permission.canWrite('repo.pulls')) refuse(empty(403))
  issue.title = findText(request, fields, 'title') || issue.title
  issue.body = findText(request, fields, 'body') ?? issue.body
  changeState(request, target, findText(request, fields, 'state'))
  await changeBase(request, target, findText(request, fields, 'base') ?? '')
  issue.updatedAt = instance.clock.now()
  return json(201, await presentPull(instance, target, doer, false))
}

export function addPullWriteRoutes(api: Api): void {
  const guards = [needsPulls, needsReader('repo.code'), needsToken]
  api.repository('POST', '/pulls', 'repository', [...guards, needsUnarchived], createPull)
  api.repository('PATCH', '/pulls/{index}', 'repository', guards, editPull)
}
