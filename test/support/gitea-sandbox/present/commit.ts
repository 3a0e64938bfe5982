/** Commits in the two forms the API has: with `sha` in most places, with `id` inside branches. */
import { type Commit, listChanges } from '../history.js'
import { findPersonByEmail } from '../lookup.js'
import type { Instance, Repository } from '../state.js'
import { apiUrl, htmlUrl } from './repository.js'
import { presentUser, zeroTime } from './user.js'

const unsigned = {
  verified: false,
  reason: 'gpg.error.not_signed_commit',
  signature: '',
  signer: null,
  payload: '',
}

export interface CommitParts {
  readonly stat: boolean
  readonly verification: boolean
  readonly files: boolean
}

const statusWords: Readonly<Record<string, string>> = { A: 'added', D: 'removed' }

export async function presentCommit(
  instance: Instance,
  repository: Repository,
  commit: Commit,
  parts: CommitParts,
): Promise<Record<string, unknown>> {
  const api = apiUrl(instance, repository)
  const url = `${api}/git/commits/${commit.id}`
  const changes =
    parts.files || parts.stat ? await listChanges(repository.gitDirectory, undefined, commit.id, false) : []
  const additions = changes.reduce((sum, change) => sum + change.additions, 0)
  const deletions = changes.reduce((sum, change) => sum + change.deletions, 0)
  const person = (email: string): unknown => {
    const account = findPersonByEmail(instance.state, email)
    return account ? presentUser(instance, account, undefined) : null
  }
  return {
    url,
    sha: commit.id,
    created: commit.committer.date,
    html_url: `${htmlUrl(instance, repository)}/commit/${commit.id}`,
    commit: {
      url,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      // Gitea puts the commit's id where the tree's belongs.
      tree: { url: `${api}/git/trees/${commit.id}`, sha: commit.id, created: commit.committer.date },
      verification: parts.verification ? unsigned : null,
    },
    author: person(commit.author.email),
    committer: person(commit.committer.email),
    parents: commit.parents.map((sha) => ({ url: `${api}/git/commits/${sha}`, sha, created: zeroTime })),
    files: parts.files
      ? changes.map(({ path, status }) => ({ filename: path, status: statusWords[status] ?? 'modified' }))
      : null,
    stats: parts.stat ? { total: additions + deletions, additions, deletions } : null,
  }
}

/** The form used inside branches: `id`, and file lists that are always null there. */
export function presentPayloadCommit(
  instance: Instance,
  repository: Repository,
  commit: Commit,
): Record<string, unknown> {
  const person = ({ name, email }: { name: string; email: string }): Record<string, unknown> => ({
    name,
    email,
    username: findPersonByEmail(instance.state, email)?.login ?? '',
  })
  return {
    id: commit.id,
    message: commit.message,
    url: `${htmlUrl(instance, repository)}/commit/${commit.id}`,
    author: person(commit.author),
    committer: person(commit.committer),
    verification: unsigned,
    timestamp: commit.committer.date,
    added: null,
    removed: null,
    modified: null,
  }
}
