/** The two ways Gitea turns words into commits. */
import { findObject } from './git.js'
import type { ResolvedRef } from './present/content.js'
import type { Repository } from './state.js'

/** Branch, then tag, then a full commit id; nothing else (routers/api/v1/utils/git.go). */
export async function findRef(repository: Repository, ref: string): Promise<ResolvedRef | undefined> {
  const input = ref === '' ? repository.defaultBranch : ref
  const directory = repository.gitDirectory
  const branch = await findObject(directory, `refs/heads/${input}`, '^{commit}')
  if (branch) return { input, kind: 'branch', commit: branch }
  const tag = await findObject(directory, `refs/tags/${input}`, '^{commit}')
  if (tag) return { input, kind: 'tag', commit: tag }
  const commit = /^[0-9a-f]{40}$/.test(input) ? await findObject(directory, input, '^{commit}') : undefined
  return commit ? { input, kind: 'commit', commit } : undefined
}

/** Whatever git itself understands: short ids, `main~1`, tags. */
export function findRevision(repository: Repository, revision: string): Promise<string | undefined> {
  return findObject(repository.gitDirectory, revision, '^{commit}')
}

export interface RawTarget {
  readonly commit: string
  readonly path: string
}

/**
 * The reference of raw and media (services/context/repo.go, getRefNameLegacy). T9: when nothing fits, the default
 * branch is served; without `ref`, leading path segments that name a branch or tag are taken for it.
 */
export async function findRawTarget(repository: Repository, ref: string, path: string): Promise<RawTarget | undefined> {
  const parts = [...ref.split('/'), ...path.split('/')].filter((part) => part !== '')
  const directory = repository.gitDirectory
  for (const kind of ['heads', 'tags']) {
    for (let length = 1; length <= parts.length; length += 1) {
      const commit = await findObject(directory, `refs/${kind}/${parts.slice(0, length).join('/')}`, '^{commit}')
      if (commit) return { commit, path: parts.slice(length).join('/') }
    }
    if (kind === 'heads' && parts[0] === 'HEAD') {
      const commit = await findObject(directory, `refs/heads/${repository.defaultBranch}`, '^{commit}')
      return commit ? { commit, path: parts.slice(1).join('/') } : undefined
    }
  }
  const first = parts[0] ?? ''
  if (/^[0-9a-f]{4,40}$/.test(first)) {
    const commit = await findObject(directory, first, '^{commit}')
    return commit ? { commit, path: parts.slice(1).join('/') } : undefined
  }
  const commit = await findObject(directory, `refs/heads/${repository.defaultBranch}`, '^{commit}')
  return commit ? { commit, path } : undefined
}
