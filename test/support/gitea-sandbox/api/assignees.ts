/** People an issue can be given to (models/repo/user_repo.go, GetRepoAssignees). */
import { repositoryTeams } from '../access.js'
import { type Api, needsAnyReader, needsToken } from '../api.js'
import type { RepositoryRequest } from '../exchange.js'
import { getAccount } from '../lookup.js'
import { presentUser } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import { access, type Team } from '../state.js'

/** A team counts with one unit it may write, or with pull requests it may read. */
function isAssignable(team: Team): boolean {
  const canReadPulls = (team.units.get('repo.pulls') ?? access.none) >= access.read
  return team.access >= access.write || canReadPulls || [...team.units.values()].some((mode) => mode >= access.write)
}

/** By name, unpaged; the owner of a person's repository comes last. */
function answerAssignees({ instance, repository, doer }: RepositoryRequest): Reply {
  const { state } = instance
  const writers = [...repository.collaborators].filter(([, mode]) => mode >= access.write).map(([id]) => id)
  const members = repositoryTeams(state, repository)
    .filter(isAssignable)
    .flatMap((team) => [...team.members])
  const people = [...new Set([...writers, ...members])]
    .map((id) => getAccount(state, id))
    .filter((person) => person.isActive)
    .sort((left, right) => (left.login.toLowerCase() < right.login.toLowerCase() ? -1 : 1))
  const owner = getAccount(state, repository.ownerId)
  if (!owner.isOrganization && !people.includes(owner)) people.push(owner)
  return json(
    200,
    people.map((person) => presentUser(instance, person, doer)),
  )
}

export function addAssigneeRoutes(api: Api): void {
  api.repository('GET', '/assignees', 'repository', [needsToken, needsAnyReader], answerAssignees)
}
