import type { GiteaClient } from '../gitea/client.js'
import { toName } from '../gitea/repos.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import type { ResolvedCommit } from './resolve-commit.js'
import type { ObjectStore } from './store.js'
import { loadFolder } from './trees.js'

/**
 * Says in words why a path of a commit cannot be read: nothing is there (with the name beside it that comes close), or
 * something of another kind. Needs `TREE_OPERATIONS`.
 *
 * @param mayReadPath keeps hidden names out of the suggestion
 */
export async function explainMissing(
  client: GiteaClient,
  store: ObjectStore,
  commit: ResolvedCommit,
  path: string,
  mayReadPath: (path: string) => boolean,
): Promise<NotFound> {
  const { ref } = commit
  const cut = path.lastIndexOf('/')
  const parent = cut === -1 ? undefined : path.slice(0, cut)
  // a missing parent is an answer too
  const folder = await loadFolder(client, store, commit, parent).catch((thrown: unknown) => {
    if (thrown instanceof NotFound || thrown instanceof InvalidInput) return undefined
    throw thrown
  })
  const prefix = parent === undefined ? '' : `${parent}/`
  const near = (folder?.entries ?? []).filter((entry) => {
    const name = prefix + entry.path
    return name.toLowerCase() === path.toLowerCase() && mayReadPath(name)
  })
  const same = near.find((entry) => prefix + entry.path === path)
  if (same) {
    return new NotFound(`${path} in ${toName(commit)} at ${ref} is a ${same.type}, which cannot be read this way.`)
  }
  const hint = near[0] ? `There is ${prefix}${near[0].path}.` : 'get_file_tree shows what there is.'
  return new NotFound(`${toName(commit)} has no ${path} at ${ref}. ${hint}`)
}
