import type { GiteaClient } from '../gitea/client.js'
import { RepositoryMoved } from '../gitea/moved.js'
import { getRepositoryPermission, isTeamMember, listRepositoryTeams, type Team } from '../gitea/permissions.js'
import { getRepository, type RepositoryName } from '../gitea/repos.js'
import { Forbidden, NotFound } from '../lib/errors.js'
import { type Rights, toRights } from './repository-rights.js'
import { DENIED_RULE, type Person } from './service-account.js'

const NONE: Rights = {}
/** More teams on one repository than anyone has; each is a request. */
const MOST_TEAMS = 50

/** Gitea's own view of the repository for this person. @param client asks as the person (`Sudo`) */
export async function probeAsPerson(client: GiteaClient, name: RepositoryName): Promise<Rights> {
  const found = await findRepository(client, name)
  if (found === undefined) {
    return NONE
  }
  // which of its units may be read or written is for Gitea to say, request by request
  return { '*': 'write' }
}

/**
 * What Gitea's permission endpoint and the teams of the repository come to. Teams are looked into because the endpoint
 * leaves out what they grant.
 *
 * @param client asks as the service account, which must be an administrator of the repository
 * @throws Forbidden when it is not
 */
export async function probeFromOutside(client: GiteaClient, name: RepositoryName, person: Person): Promise<Rights> {
  const repository = await findRepository(client, name)
  if (repository === undefined) {
    return NONE
  }
  const { login: username } = person
  const { mode, accountId } = await getRepositoryPermission(client, { ...name, username }).catch((thrown: unknown) => {
    throw thrown instanceof Forbidden ? toBlind(name) : thrown
  })
  if (person.accountId !== `gitea:${accountId}`) {
    return NONE
  }
  if (mode === 'admin' || mode === 'owner') {
    return toRights(mode, [], repository)
  }
  return toRights(mode, await findTeams(client, name, username), repository)
}

async function findTeams(client: GiteaClient, name: RepositoryName, username: string): Promise<readonly Team[]> {
  const teams = await listRepositoryTeams(client, name)
  const looked = await Promise.all(
    teams.slice(0, MOST_TEAMS).map(async (team) => ({ team, isIn: await isMemberAsSeen(client, team.id, username) })),
  )
  return looked.filter(({ isIn }) => isIn).map(({ team }) => team)
}

/** A team the service account may not look into grants nothing here. */
async function isMemberAsSeen(client: GiteaClient, id: number, username: string): Promise<boolean> {
  return isTeamMember(client, id, username).catch((thrown: unknown) => {
    if (thrown instanceof Forbidden) return false
    throw thrown
  })
}

/** @throws RepositoryMoved */
async function findRepository(client: GiteaClient, name: RepositoryName) {
  return getRepository(client, name).catch((thrown: unknown) => {
    if (thrown instanceof NotFound && !(thrown instanceof RepositoryMoved)) return undefined
    throw thrown
  })
}

function toBlind({ owner, repo }: RepositoryName): Forbidden {
  return new Forbidden(
    `What this person may do in ${owner}/${repo} is not shown to this server. Ask the admin to make the account of GITEA_TOKEN an administrator of the repository, or of Gitea.`,
    { rule: DENIED_RULE },
  )
}
