/** Who may do what with a repository: models/perm/access/repo_permission.go, including what it gets wrong. */
import { getAccount } from './lookup.js'
import {
  type AccessMode,
  type Account,
  access,
  type Repository,
  type State,
  type Team,
  type UnitName,
  unitNames,
} from './state.js'

export interface Permission {
  /** Flat mode; says nothing about team unit grants (T4). */
  readonly mode: AccessMode
  unit(name: UnitName): AccessMode
  canRead(name: UnitName): boolean
  canWrite(name: UnitName): boolean
  hasAnyUnit(): boolean
}

function permission(repository: Repository, mode: AccessMode, units?: ReadonlyMap<UnitName, AccessMode>): Permission {
  const unit = (name: UnitName): AccessMode => {
    if (repository.disabledUnits.has(name)) return access.none
    if (!units || mode >= access.admin) return mode
    return units.get(name) ?? access.none
  }
  return {
    mode,
    unit,
    canRead: (name) => unit(name) >= access.read,
    canWrite: (name) => unit(name) >= access.write,
    hasAnyUnit: () => mode >= access.read || [...(units?.values() ?? [])].some((granted) => granted >= access.read),
  }
}

export function teamsOfOrganization(state: State, organizationId: number): Team[] {
  return [...state.teams.values()].filter((team) => team.organizationId === organizationId)
}

export function isMember(state: State, organizationId: number, accountId: number): boolean {
  return teamsOfOrganization(state, organizationId).some((team) => team.members.has(accountId))
}

export function isOrganizationOwner(state: State, organizationId: number, accountId: number): boolean {
  return teamsOfOrganization(state, organizationId).some(
    (team) => team.access === access.owner && team.members.has(accountId),
  )
}

export function repositoryTeams(state: State, repository: Repository): Team[] {
  return teamsOfOrganization(state, repository.ownerId).filter(
    (team) => team.hasAllRepositories || team.repositories.has(repository.id),
  )
}

/** Whether `viewer` may know that this person or organisation exists. */
export function isVisibleTo(state: State, target: Account, viewer: Account | undefined): boolean {
  if (!viewer) return target.visibility === 'public'
  if (viewer.isAdmin || viewer.id === target.id || target.visibility === 'public') return true
  if (target.visibility === 'private' || viewer.isRestricted) return isMember(state, target.id, viewer.id)
  return true
}

function highest(modes: Iterable<AccessMode>): AccessMode {
  let best: AccessMode = access.none
  for (const mode of modes) if (mode > best) best = mode
  return best
}

/** The access table: collaborations, and the flat mode of teams, which is `none` for ordinary ones. */
function flatAccess(state: State, repository: Repository, viewer: Account): AccessMode {
  const open = !viewer.isRestricted && !repository.isPrivate ? access.read : access.none
  const viaTeams = repositoryTeams(state, repository)
    .filter((team) => team.members.has(viewer.id))
    .map((team) => team.access)
  return highest([open, repository.collaborators.get(viewer.id) ?? access.none, ...viaTeams])
}

export function readPermission(state: State, repository: Repository, viewer: Account | undefined): Permission {
  const owner = getAccount(state, repository.ownerId)
  if (!viewer && repository.isPrivate) return permission(repository, access.none)
  const isCollaborator = viewer !== undefined && repository.collaborators.has(viewer.id)
  if (!isVisibleTo(state, owner, viewer) && !isCollaborator) return permission(repository, access.none)
  if (!viewer) return permission(repository, access.read)
  if (viewer.isAdmin || viewer.id === owner.id) return permission(repository, access.owner)
  const flat = flatAccess(state, repository, viewer)
  if (!owner.isOrganization) return permission(repository, flat)

  const least = !repository.isPrivate && !viewer.isRestricted ? access.read : access.none
  const mode = highest([flat, least])
  const teams = repositoryTeams(state, repository).filter((team) => team.members.has(viewer.id))
  if (teams.length === 0) return permission(repository, mode)
  if (teams.some((team) => team.access >= access.admin)) return permission(repository, access.owner)
  const units = new Map(
    unitNames.map((name) => {
      const granted = teams.map((team) => team.units.get(name) ?? access.none)
      return [name, highest([least, isCollaborator ? mode : access.none, ...granted])] as const
    }),
  )
  return permission(repository, mode, units)
}
