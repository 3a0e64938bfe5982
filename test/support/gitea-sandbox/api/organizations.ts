/** Organisations, teams, collaborators and the permission endpoint. */
import {
  isMember,
  isOrganizationOwner,
  isVisibleTo,
  readPermission,
  repositoryTeams,
  teamsOfOrganization,
} from '../access.js'
import { type Api, needsAnyReader, needsRepositoryAdmin, needsToken } from '../api.js'
import {
  type ApiRequest,
  getParam,
  type OrganizationRequest,
  type RepositoryRequest,
  refuseNotFound,
  refuseWith,
  requireDoer,
} from '../exchange.js'
import { findAccount, findPerson, getAccount, getRepository } from '../lookup.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { presentLabel } from '../present/issue.js'
import { presentRepository } from '../present/repository.js'
import { presentOrganization, presentUser } from '../present/user.js'
import { empty, json, type Reply } from '../reply.js'
import { access, accessModes, type Instance, type Team, type UnitName } from '../state.js'

function presentTeam(instance: Instance, team: Team, showsOrganization: boolean): Record<string, unknown> {
  const units = [...team.units]
    .filter(([, mode]) => mode > access.none)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  return {
    id: team.id,
    name: team.name,
    description: '',
    organization: showsOrganization
      ? presentOrganization(instance, getAccount(instance.state, team.organizationId))
      : null,
    includes_all_repositories: team.hasAllRepositories,
    permission: accessModes[team.access],
    units: units.map(([name]): UnitName => name),
    units_map: Object.fromEntries(units.map(([name, mode]) => [name, accessModes[mode]])),
    can_create_org_repo: team.access === access.owner,
  }
}

function answerTeams(request: ApiRequest, teams: readonly Team[], showsOrganization: boolean): Reply {
  const page = readPage(request)
  const rows = slicePage(teams, page).map((team) => presentTeam(request.instance, team, showsOrganization))
  return jsonPage(request, rows, teams.length, { link: true, page })
}

function requireInside(request: OrganizationRequest): void {
  const doer = requireDoer(request)
  if (!doer.isAdmin && !isMember(request.instance.state, request.organization.id, doer.id)) {
    refuseWith(request, 403, 'Must be an organization member')
  }
}

function answerOrganization(request: OrganizationRequest): Reply {
  const { instance, organization } = request
  if (!isVisibleTo(instance.state, organization, request.doer)) refuseNotFound(request, null, 'HasOrgOrUserVisible')
  return json(200, presentOrganization(instance, organization))
}

function answerPeople(request: ApiRequest, ids: readonly number[]): Reply {
  const { instance, doer } = request
  const page = readPage(request)
  const rows = slicePage(ids, page).map((id) => presentUser(instance, getAccount(instance.state, id), doer))
  return jsonPage(request, rows, ids.length, { link: true, page })
}

function answerMembers(request: OrganizationRequest): Reply {
  const doer = requireDoer(request)
  const { state } = request.instance
  const isInside = doer.isAdmin || isMember(state, request.organization.id, doer.id)
  const ids = new Set(teamsOfOrganization(state, request.organization.id).flatMap((team) => [...team.members]))
  // Nobody is a public member here.
  return answerPeople(request, isInside ? [...ids].sort((left, right) => left - right) : [])
}

function answerOrganizationLabels(request: OrganizationRequest): Reply {
  const labels = [...request.instance.state.labels.values()].filter(
    ({ organizationId }) => organizationId === request.organization.id,
  )
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(labels, page) : labels
  return jsonPage(
    request,
    chosen.map((label) => presentLabel(request.instance, label)),
    labels.length,
  )
}

function answerPermissions(request: ApiRequest): Reply {
  requireDoer(request)
  const { state } = request.instance
  const person = findAccount(state, getParam(request, 'username')) ?? refuseNotFound(request, null, 'GetUserByName')
  const organization = findAccount(state, getParam(request, 'org'))
  if (!organization?.isOrganization || !isVisibleTo(state, organization, request.doer)) refuseNotFound(request)
  const teams = teamsOfOrganization(state, organization.id).filter((team) => team.members.has(person.id))
  const highest = Math.max(access.none, ...teams.map((team) => team.access))
  return json(200, {
    is_owner: isOrganizationOwner(state, organization.id, person.id) || person.isAdmin,
    is_admin: highest >= access.admin || person.isAdmin,
    can_write: highest >= access.write || person.isAdmin,
    can_read: highest >= access.read || person.isAdmin,
    can_create_repository: highest === access.owner || person.isAdmin,
  })
}

/**
 * The flat mode only (T4): members of ordinary teams get `none` on private repositories and `read` on public ones,
 * whatever their units allow.
 */
function answerPermission(request: RepositoryRequest): Reply {
  const { instance, repository, permission } = request
  const doer = requireDoer(request)
  const login = getParam(request, 'collaborator')
  const isSelf = doer.login.toLowerCase() === login.toLowerCase()
  if (!doer.isAdmin && !isSelf && permission.mode < access.admin) {
    const message =
      'Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own'
    refuseWith(request, 403, message)
  }
  const person = findPerson(instance.state, login)
  if (!person) refuseWith(request, 404, `user does not exist [uid: 0, name: ${login}]`)
  const mode = accessModes[readPermission(instance.state, repository, person).mode]
  return json(200, { permission: mode, role_name: mode, user: presentUser(instance, person, request.owner) })
}

function answerCollaborators(request: RepositoryRequest): Reply {
  const { instance, repository, doer } = request
  const ids = [...repository.collaborators.keys()]
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(ids, page) : ids
  const rows = chosen.map((id) => presentUser(instance, getAccount(instance.state, id), doer))
  return jsonPage(request, rows, ids.length)
}

function answerCollaborator(request: RepositoryRequest): Reply {
  const login = getParam(request, 'collaborator')
  const person = findPerson(request.instance.state, login)
  if (!person) refuseWith(request, 422, `user does not exist [uid: 0, name: ${login}]`)
  return request.repository.collaborators.has(person.id) ? empty(204) : refuseNotFound(request)
}

function removeCollaborator(request: RepositoryRequest): Reply {
  const login = getParam(request, 'collaborator')
  const person = findPerson(request.instance.state, login)
  if (!person) refuseWith(request, 422, `user does not exist [uid: 0, name: ${login}]`)
  request.repository.collaborators.delete(person.id)
  return empty(204)
}

function answerRepositoryTeams(request: RepositoryRequest): Reply {
  const { instance, repository, owner } = request
  if (!owner.isOrganization) refuseWith(request, 405, 'repo is not owned by an organization')
  return json(
    200,
    repositoryTeams(instance.state, repository).map((team) => presentTeam(instance, team, false)),
  )
}

function answerAllOrganizations(request: ApiRequest): Reply {
  const { instance, doer } = request
  const found = [...instance.state.accounts.values()].filter(
    (account) => account.isOrganization && isVisibleTo(instance.state, account, doer),
  )
  const page = readPage(request)
  const rows = slicePage(found, page).map((account) => presentOrganization(instance, account))
  return jsonPage(request, rows, found.length, { link: true, page })
}

export function addOrganizationRoutes(api: Api): void {
  // Gitea checks the scope after it has answered, so no scope is needed.
  api.plain('GET', '/orgs', [], answerAllOrganizations)
  api.organization('GET', '', answerOrganization)
  api.organization('GET', '/members', answerMembers)
  api.organization('GET', '/labels', answerOrganizationLabels)
  api.organization('GET', '/teams', (request) => {
    requireInside(request)
    const teams = teamsOfOrganization(request.instance.state, request.organization.id)
    return answerTeams(
      request,
      teams.sort((left, right) => (left.name.toLowerCase() < right.name.toLowerCase() ? -1 : 1)),
      false,
    )
  })
  api.plain('GET', '/users/{username}/orgs/{org}/permissions', [['user', 'organization']], answerPermissions)
  api.plain('GET', '/user/teams', ['user'], (request) => {
    const doer = requireDoer(request)
    return answerTeams(
      request,
      [...request.instance.state.teams.values()].filter((team) => team.members.has(doer.id)),
      true,
    )
  })
  api.team('GET', '', (request) => json(200, presentTeam(request.instance, request.team, true)))
  api.team('GET', '/members', (request) => answerPeople(request, [...request.team.members]))
  api.team('GET', '/members/{username}', (request) => {
    const person = findPerson(request.instance.state, getParam(request, 'username'))
    if (!person || !request.team.members.has(person.id)) return refuseNotFound(request)
    return json(200, presentUser(request.instance, person, request.doer))
  })
  api.team('GET', '/repos', async (request) => {
    const { instance, team, doer } = request
    const ids = team.hasAllRepositories
      ? [...instance.state.repositories.values()]
          .filter(({ ownerId }) => ownerId === team.organizationId)
          .map(({ id }) => id)
      : [...team.repositories]
    const page = readPage(request)
    const rows = slicePage(ids, page).map((id) => presentRepository(instance, getRepository(instance.state, id), doer))
    return jsonPage(request, await Promise.all(rows), ids.length, { link: true, page })
  })
  api.repository('GET', '/collaborators', 'repository', [needsToken, needsAnyReader], answerCollaborators)
  api.repository('GET', '/collaborators/{collaborator}', 'repository', [needsToken, needsAnyReader], answerCollaborator)
  api.repository(
    'DELETE',
    '/collaborators/{collaborator}',
    'repository',
    [needsToken, needsRepositoryAdmin],
    removeCollaborator,
  )
  api.repository('GET', '/collaborators/{collaborator}/permission', 'repository', [needsToken], answerPermission)
  api.repository('GET', '/teams', 'repository', [needsToken, needsAnyReader], answerRepositoryTeams)
}
