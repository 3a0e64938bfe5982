import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type RepositoryName, toName } from './repos.js'

const Name = z
  .object({ name: z.string(), owner: z.object({ login: z.string() }) })
  .transform(({ name, owner }): RepositoryName => ({ owner: owner.login, repo: name }))

const Kin = z.object({ name: z.string(), owner: z.object({ login: z.string() }), parent: Name.nullish() })

/**
 * Checks that pull requests may come from `candidate` into `name`: it is a fork of it, or what it was forked from. An
 * owner has at most one fork of a repository, so the owner's name alone, which is all Gitea takes, means this one then.
 *
 * @returns its name as Gitea writes it
 * @throws NotFound when it is neither
 */
export async function getRelated(
  client: GiteaClient,
  name: RepositoryName,
  candidate: RepositoryName,
): Promise<RepositoryName> {
  const [other, base] = await Promise.all([loadKin(client, candidate), loadKin(client, name)])
  const found = { owner: other.owner.login, repo: other.name }
  const isFork = isSame(other.parent, { owner: base.owner.login, repo: base.name })
  if (isFork || isSame(base.parent, found)) return found
  throw new NotFound(`${toName(found)} is no fork of ${toName(name)}: no pull request can come from it.`)
}

async function loadKin(client: GiteaClient, name: RepositoryName): Promise<z.output<typeof Kin>> {
  const { owner, repo } = name
  const answer = await client.request('getRepository', { path: { owner, repo }, subject: `repository ${toName(name)}` })
  return parseAnswer(Kin, answer)
}

function isSame(a: RepositoryName | null | undefined, b: RepositoryName): boolean {
  return a != null && toName(a).toLowerCase() === toName(b).toLowerCase()
}
