import type { GiteaClient } from '../gitea/client.js'
import { type Label, listLabels, listMilestones, listOrgLabels, type Milestone } from '../gitea/labels.js'
import type { RepositoryName } from '../gitea/repos.js'
import { listAssignees } from '../gitea/users.js'
import { findByName, resolveNames } from './resolve-name.js'

/*
 * Names that tools take, to what Gitea takes. Gitea ignores or fails on those it does not know, so all are resolved
 * before anything is written: an unknown one leaves nothing behind.
 */

/** Labels an issue of the repository can have: its own first, then those of its organisation. */
export async function listUsableLabels(gitea: GiteaClient, name: RepositoryName): Promise<readonly Label[]> {
  const [own, shared] = await Promise.all([listLabels(gitea, name), listOrgLabels(gitea, name.owner)])
  return [...own, ...shared]
}

/**
 * Each label once.
 *
 * @throws InvalidInput naming the unknown ones and what comes close
 */
export async function resolveLabels(
  gitea: GiteaClient,
  name: RepositoryName,
  wanted: readonly string[],
): Promise<readonly Label[]> {
  if (wanted.length === 0) return []
  const found = resolveNames(wanted, await listUsableLabels(gitea, name), (label) => label.name, 'label')
  return [...new Set(found)]
}

/**
 * Each login once, as Gitea writes it.
 *
 * @throws InvalidInput naming the unknown ones and what comes close
 */
export async function resolveAssignees(
  gitea: GiteaClient,
  name: RepositoryName,
  wanted: readonly string[],
): Promise<readonly string[]> {
  if (wanted.length === 0) return []
  const found = resolveNames(wanted, await listAssignees(gitea, name), (login) => login, 'assignable person')
  return [...new Set(found)]
}

/**
 * A title wins over an id, an open milestone over a closed one.
 *
 * @throws InvalidInput when there is none
 */
export async function resolveMilestone(
  gitea: GiteaClient,
  name: RepositoryName,
  wanted: string,
): Promise<Milestone | undefined> {
  const all = await listMilestones(gitea, name)
  const known = [...all.filter((item) => item.state === 'open'), ...all.filter((item) => item.state === 'closed')]
  const byTitle = findByName(wanted, known, (item) => item.title)
  const byId = /^\d+$/.test(wanted) ? known.find((item) => item.id === Number(wanted)) : undefined
  return byTitle ?? byId ?? resolveNames([wanted], known, (item) => item.title, 'milestone')[0]
}
