import type { GiteaClient } from '../gitea/client.js'
import type { IssueRequest } from '../gitea/issues.js'
import { getPull, type Pull } from '../gitea/pulls.js'
import { Forbidden } from '../lib/errors.js'

/**
 * A pull request that is about to change. Gitea itself would change one in an archived repository. Needs
 * `getPullRequest`.
 *
 * @throws Forbidden when its repository is archived
 */
export async function getWritablePull(gitea: GiteaClient, request: IssueRequest): Promise<Pull> {
  const pull = await getPull(gitea, request)
  if (!pull.isArchived) return pull
  throw new Forbidden('The repository is archived in Gitea: it can be read, not changed.', { rule: 'gitea.archived' })
}

/** `merged`, `closed` or `open`. */
export function toStateWord(pull: Pull): string {
  return pull.isMerged ? 'merged' : pull.state
}
