/** branches and tags. */
import { matchesGlob } from 'node:path'
import { type Api, needsReader } from '../api.js'
import { getParam, type RepositoryRequest, refuseNotFound } from '../exchange.js'
import { type GitReference, listReferences, readObject } from '../git.js'
import { findCommit } from '../history.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { presentPayloadCommit } from '../present/commit.js'
import { apiUrl, htmlUrl } from '../present/repository.js'
import { toTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import { access } from '../state.js'

export async function presentBranch(
  request: RepositoryRequest,
  branch: GitReference,
): Promise<Record<string, unknown>> {
  const { instance, repository, permission } = request
  const commit = await findCommit(repository.gitDirectory, branch.id)
  const name = branch.name.replace('refs/heads/', '')
  const protection = repository.protections.find(({ rule }) => matchesGlob(name, rule))
  const isWriter = permission.canWrite('repo.code')
  return {
    name,
    commit: commit ? presentPayloadCommit(instance, repository, commit) : null,
    protected: protection !== undefined,
    required_approvals: protection?.requiredApprovals ?? 0,
    enable_status_check: protection?.checksStatus ?? false,
    status_check_contexts: protection ? protection.contexts : [],
    user_can_push: isWriter && (protection?.mayPush ?? true),
    user_can_merge: isWriter,
    effective_branch_protection_name: permission.mode >= access.admin ? (protection?.rule ?? '') : '',
  }
}

async function answerBranches(request: RepositoryRequest): Promise<Reply> {
  const branches = await listReferences(request.repository.gitDirectory, 'refs/heads/')
  const page = readPage(request)
  const rows = await Promise.all(slicePage(branches, page).map((branch) => presentBranch(request, branch)))
  return jsonPage(request, branches.length === 0 ? null : rows, branches.length, { link: true, page })
}

async function answerBranch(request: RepositoryRequest): Promise<Reply> {
  const name = getParam(request, '*')
  const branches = await listReferences(request.repository.gitDirectory, `refs/heads/${name}`)
  const branch = branches.find((candidate) => candidate.name === `refs/heads/${name}`)
  if (!branch) refuseNotFound(request)
  return json(200, await presentBranch(request, branch))
}

/** When a tag was made: an annotated one says it, any other is as old as its commit. */
function readTaggedAt(object: string): number {
  return Number(/^tagger .* (\d+) [+-]\d{4}$/m.exec(object)?.[1] ?? 0) * 1000
}

export async function presentTag(
  request: RepositoryRequest,
  tag: GitReference,
): Promise<{ readonly createdAt: number; readonly row: Record<string, unknown> }> {
  const { instance, repository } = request
  const name = tag.name.replace('refs/tags/', '')
  const commit = await findCommit(repository.gitDirectory, tag.id)
  const object =
    tag.type === 'tag' ? (await readObject(repository.gitDirectory, tag.id))?.bytes.toString('utf8') : undefined
  const annotation = object?.split('\n\n').slice(1).join('\n\n')
  const createdAt = object === undefined ? Date.parse(commit?.committer.date ?? '') : readTaggedAt(object)
  const row = {
    name,
    message: (annotation ?? commit?.message ?? '').trim(),
    id: tag.id,
    commit: {
      url: `${apiUrl(instance, repository)}/git/commits/${tag.id}`,
      sha: commit?.id ?? tag.id,
      created: toTime(createdAt),
    },
    zipball_url: `${htmlUrl(instance, repository)}/archive/${name}.zip`,
    tarball_url: `${htmlUrl(instance, repository)}/archive/${name}.tar.gz`,
  }
  return { createdAt, row }
}

/** Newest first. */
async function answerTags(request: RepositoryRequest): Promise<Reply> {
  const tags = await listReferences(request.repository.gitDirectory, 'refs/tags/')
  const page = readPage(request)
  const all = await Promise.all(tags.map((tag) => presentTag(request, tag)))
  const rows = all.sort((left, right) => right.createdAt - left.createdAt).map(({ row }) => row)
  return jsonPage(request, page.isPageSent ? slicePage(rows, page) : rows, rows.length)
}

async function answerTag(request: RepositoryRequest): Promise<Reply> {
  const name = getParam(request, '*')
  const tags = await listReferences(request.repository.gitDirectory, `refs/tags/${name}`)
  const tag = tags.find((candidate) => candidate.name === `refs/tags/${name}`)
  if (!tag) refuseNotFound(request, null, `tag doesn't exist: ${name}`)
  return json(200, (await presentTag(request, tag)).row)
}

export function addBranchRoutes(api: Api): void {
  const reader = [needsReader('repo.code')]
  api.repository('GET', '/branches', 'repository', reader, answerBranches)
  api.repository('GET', '/branches/*', 'repository', reader, answerBranch)
  api.repository('GET', '/tags', 'repository', reader, answerTags)
  api.repository('GET', '/tags/*', 'repository', reader, answerTag)
}
