/** Repositories that were forked from another, and how commits get from one to the other. */
import { findObject, runGit } from './git.js'
import { getRepository } from './lookup.js'
import type { Repository, State } from './state.js'

/** Where `user:branch` leads from `repository`: that owner's fork of it, or what it was itself forked from. */
export function findRelated(state: State, repository: Repository, ownerId: number): Repository | undefined {
  for (const other of state.repositories.values())
    if (other.ownerId === ownerId && other.forkOf === repository.id) return other
  const parent = repository.forkOf === undefined ? undefined : getRepository(state, repository.forkOf)
  return parent?.ownerId === ownerId ? parent : undefined
}

/** The commit of a branch, its objects copied into `into`; undefined when there is no such branch. */
export async function fetchBranch(from: Repository, branch: string, into: Repository): Promise<string | undefined> {
  const id = await findObject(from.gitDirectory, `refs/heads/${branch}`)
  if (id && from.id !== into.id) {
    await runGit(into.gitDirectory, ['fetch', '--quiet', from.gitDirectory, `refs/heads/${branch}`])
  }
  return id
}
