/** Changing a repository itself: only what stories need, whether it is archived. */
import { type Api, needsRepositoryAdmin, needsToken } from '../api.js'
import { findFlag, readFields } from '../body.js'
import type { RepositoryRequest } from '../exchange.js'
import { presentRepository } from '../present/repository.js'
import { json, type Reply } from '../reply.js'

async function editRepository(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, doer, permission } = request
  repository.isArchived = findFlag(request, readFields(request), 'archived') ?? repository.isArchived
  return json(200, await presentRepository(instance, repository, doer, permission))
}

export function addRepositoryWriteRoutes(api: Api): void {
  api.repository('PATCH', '', 'repository', [needsToken, needsRepositoryAdmin], editRepository)
}
