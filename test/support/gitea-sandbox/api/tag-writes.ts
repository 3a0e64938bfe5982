/** Creating tags: annotated with a message, plain without. */
import { type Api, needsReader, needsToken, needsUnarchived, needsWriter } from '../api.js'
import { findText, readFields } from '../body.js'
import { type RepositoryRequest, refuseNotFound, refuseWith } from '../exchange.js'
import { listReferences, runGit } from '../git.js'
import { findRevision } from '../refs.js'
import { json, type Reply } from '../reply.js'
import { presentTag } from './branches.js'

async function createTag(request: RepositoryRequest): Promise<Reply> {
  const { repository } = request
  const fields = readFields(request)
  const name = findText(request, fields, 'tag_name') ?? ''
  if (name === '') refuseWith(request, 422, '[TagName]: Required')
  const target = findText(request, fields, 'target') ?? ''
  const id = await findRevision(repository, target === '' ? repository.defaultBranch : target)
  if (!id) refuseNotFound(request, null, 'target not found')
  const full = `refs/tags/${name}`
  const known = await listReferences(repository.gitDirectory, full)
  if (known.some((tag) => tag.name === full)) refuseWith(request, 409, 'tag exist')
  const message = findText(request, fields, 'message') ?? ''
  const kind = message === '' ? [] : ['-a', '-m', message]
  await runGit(repository.gitDirectory, ['tag', ...kind, '--end-of-options', name, id])
  const made = (await listReferences(repository.gitDirectory, full)).find((tag) => tag.name === full)
  if (!made) throw new Error(`git made no ${full}`)
  return json(201, (await presentTag(request, made)).row)
}

export function addTagWriteRoutes(api: Api): void {
  const guards = [needsReader('repo.code'), needsToken, needsWriter('repo.code'), needsUnarchived]
  api.repository('POST', '/tags', 'repository', guards, createTag)
}
