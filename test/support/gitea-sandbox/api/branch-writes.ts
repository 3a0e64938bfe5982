/** Creating and deleting branches. */
import { matchesGlob } from 'node:path'
import { type Api, needsReader, needsToken, needsUnarchived, needsWriter } from '../api.js'
import { findText, readFields } from '../body.js'
import { getParam, type RepositoryRequest, refuseNotFound, refuseWith } from '../exchange.js'
import { findObject, runGit, tryGit } from '../git.js'
import { isEmpty } from '../present/repository.js'
import { findRevision } from '../refs.js'
import { empty, json, type Reply } from '../reply.js'
import { presentBranch } from './branches.js'

/** go-chi/binding's GitRefName. */
function isRefName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[/-]|^@$|[/.]$|\.lock(\/|$)|(^|\/)\./.test(name)
}

function readName(request: RepositoryRequest, name: string, field: string): string {
  const value = findText(request, readFields(request), name) ?? ''
  if (value !== '' && !isRefName(value)) refuseWith(request, 422, `[${field}]: GitRefName`)
  if (value.length > 100) refuseWith(request, 422, `[${field}]: MaxSize`)
  return value
}

async function createBranch(request: RepositoryRequest): Promise<Reply> {
  const { repository } = request
  const directory = repository.gitDirectory
  const name = readName(request, 'new_branch_name', 'BranchName')
  if (name === '') refuseWith(request, 422, '[BranchName]: Required')
  const from = readName(request, 'old_ref_name', 'OldRefName')
  if (await isEmpty(repository)) refuseWith(request, 404, 'Git Repository is empty.')
  const id = await findRevision(repository, from === '' ? repository.defaultBranch : from)
  if (!id) refuseWith(request, 500, '')
  if (await findObject(directory, `refs/tags/${name}`)) {
    refuseWith(request, 409, 'The branch with the same tag already exists.')
  }
  if (await findObject(directory, `refs/heads/${name}`)) refuseWith(request, 409, 'The branch already exists.')
  const protection = repository.protections.find(({ rule }) => matchesGlob(name, rule))
  // A push that a rule refuses is a fault here.
  if (protection && !protection.mayPush) refuseWith(request, 500, '')
  const made = await tryGit(directory, ['update-ref', `refs/heads/${name}`, id])
  // Git keeps branches as paths: with `feature` there is no room for `feature/one`, nor the other way round.
  if (made.code !== 0) refuseWith(request, 409, 'The branch with the same name already exists.')
  return json(201, await presentBranch(request, { name: `refs/heads/${name}`, type: 'commit', id }))
}

async function deleteBranch(request: RepositoryRequest): Promise<Reply> {
  const { repository } = request
  const name = getParam(request, '*')
  if (!(await findObject(repository.gitDirectory, `refs/heads/${name}`))) refuseNotFound(request)
  if (name === repository.defaultBranch) refuseWith(request, 403, 'can not delete default branch')
  await runGit(repository.gitDirectory, ['update-ref', '-d', `refs/heads/${name}`])
  return empty(204)
}

export function addBranchWriteRoutes(api: Api): void {
  const code = needsReader('repo.code')
  const guards = [code, needsToken, needsWriter('repo.code'), needsUnarchived]
  api.repository('POST', '/branches', 'repository', guards, createBranch)
  api.repository('DELETE', '/branches/*', 'repository', guards, deleteBranch)
}
