import type { GiteaClient } from '../gitea/client.js'
import { type DiffText, getCommitDiff } from '../gitea/git.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'

/**
 * What a commit changed against its first parent, as Gitea writes it; not yet filtered by path. Needs the operation
 * `getCommitDiff`.
 */
export async function loadCommitDiff(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
): Promise<DiffText> {
  const key = `diff:${commit.sha}`
  const held = store.get(key)
  if (held) return { text: held.toString('utf8'), truncated: false }
  const { owner, repo, sha } = commit
  const diff = await getCommitDiff(client, { owner, repo, sha })
  // of a larger one the beginning would have to be marked as such
  if (!diff.truncated) store.put(key, Buffer.from(diff.text))
  return diff
}
