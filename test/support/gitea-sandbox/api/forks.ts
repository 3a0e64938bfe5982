/** Making forks. */
import { join } from 'node:path'
import { type Api, needsReader, needsToken } from '../api.js'
import { findText, readFields } from '../body.js'
import { type RepositoryRequest, refuseWith, requireDoer } from '../exchange.js'
import { runGit } from '../git.js'
import { findRepository } from '../lookup.js'
import { presentRepository } from '../present/repository.js'
import { json, type Reply } from '../reply.js'
import type { Repository } from '../state.js'

async function createFork(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const { state, clock } = instance
  const doer = requireDoer(request)
  const name = findText(request, readFields(request), 'name') || repository.name
  if (findRepository(state, doer.id, name)) {
    refuseWith(request, 409, `The repository with the same name already exists.`)
  }
  const id = state.nextId('repository')
  const gitDirectory = join(instance.dataDirectory, `${id}.git`)
  await runGit('.', ['clone', '--quiet', '--bare', repository.gitDirectory, gitDirectory])
  const fork: Repository = {
    ...repository,
    id,
    ownerId: doer.id,
    name,
    topics: [],
    collaborators: new Map(),
    gitDirectory,
    createdAt: clock.now(),
    updatedAt: clock.now(),
    nextIndex: 1,
    forkOf: repository.id,
  }
  state.repositories.set(id, fork)
  return json(202, await presentRepository(instance, fork, doer))
}

export function addForkRoutes(api: Api): void {
  api.repository('POST', '/forks', 'repository', [needsReader('repo.code'), needsToken], createFork)
}
