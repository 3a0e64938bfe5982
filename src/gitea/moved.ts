import { NotFound } from '../lib/errors.js'
import type { RepositoryName } from './repos.js'

/** Gitea knows the repository under another name. Never followed here: policy was decided for the name that was asked for. */
export class RepositoryMoved extends NotFound {
  /**
   * Where it is now. Gitea tells this to people who may not see it, so it must not leave before they were found to.
   * Undefined where the redirect does not name a repository.
   */
  readonly to: RepositoryName | undefined

  constructor(
    message: string,
    { detail, location }: { readonly detail: string; readonly location: string | undefined },
  ) {
    super(message, { detail })
    this.to = location === undefined ? undefined : parseRepository(location)
  }
}

const REPOSITORY = /\/api\/v1\/repos\/([^/?#]+)\/([^/?#]+)/
const NAME = /^[A-Za-z0-9._-]{1,100}$/

/** The repository of an API address, which Gitea writes without a host. */
function parseRepository(location: string): RepositoryName | undefined {
  const [, owner = '', repo = ''] = REPOSITORY.exec(location) ?? []
  return NAME.test(owner) && NAME.test(repo) ? { owner, repo } : undefined
}
