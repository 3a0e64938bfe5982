import type { GiteaClient } from '../gitea/client.js'
import { getRepository, type Repository, type RepositoryName } from '../gitea/repos.js'
import { Forbidden } from '../lib/errors.js'

/**
 * The repository of a write that Gitea itself would carry out although it is archived (it refuses new issues and
 * comments there, but takes changes of issues, labels and milestones). Needs `getRepository`.
 *
 * @throws Forbidden for an archived one
 */
export async function getUnarchived(gitea: GiteaClient, name: RepositoryName): Promise<Repository> {
  const repository = await getRepository(gitea, name)
  if (!repository.isArchived) return repository
  throw new Forbidden('The repository is archived in Gitea: it can be read, not changed.', { rule: 'gitea.archived' })
}
