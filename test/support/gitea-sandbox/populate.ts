/** Puts people, repositories and credentials into the sandbox, as an administrator's hands would. */
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type {
  AccountState,
  GiteaUnderTest,
  NewApplication,
  NewCommit,
  NewRepository,
  NewTeam,
  NewUser,
} from '../gitea-under-test.js'
import { createBareRepository, type GitCommit, importCommits } from './git.js'
import { findAccount, findRepository } from './lookup.js'
import { createPrefixedSecret } from './oauth/tokens.js'
import { normalizeScope } from './scope.js'
import {
  type AccessMode,
  type Account,
  access,
  type Instance,
  type Repository,
  type UnitName,
  unitNames,
} from './state.js'

export function requireAccount(instance: Instance, login: string): Account {
  const account = findAccount(instance.state, login)
  if (!account) throw new Error(`the sandbox has no account ${login}`)
  return account
}

export function requireRepository(instance: Instance, owner: string, name: string): Repository {
  const repository = findRepository(instance.state, requireAccount(instance, owner).id, name)
  if (!repository) throw new Error(`the sandbox has no repository ${owner}/${name}`)
  return repository
}

function addAccount(instance: Instance, user: NewUser, isOrganization: boolean): Account {
  const { state, clock } = instance
  if (findAccount(state, user.login)) throw new Error(`${user.login} exists already`)
  const account: Account = {
    id: state.nextId('account'),
    login: user.login,
    isOrganization,
    fullName: user.fullName ?? '',
    profile: { description: '', location: '', website: '' },
    email: user.email ?? (isOrganization ? '' : `${user.login.toLowerCase()}@example.test`),
    password: user.password,
    isAdmin: user.admin ?? false,
    isActive: true,
    prohibitLogin: false,
    mustChangePassword: false,
    isRestricted: false,
    keepEmailPrivate: false,
    visibility: 'public',
    language: '',
    createdAt: clock.now(),
    lastLoginAt: undefined,
  }
  state.accounts.set(account.id, account)
  return account
}

function changeState(instance: Instance, login: string, change: AccountState): void {
  const account = requireAccount(instance, login)
  account.prohibitLogin = change.prohibitLogin ?? account.prohibitLogin
  account.mustChangePassword = change.mustChangePassword ?? account.mustChangePassword
  account.isActive = change.active ?? account.isActive
}

function addTeam(instance: Instance, team: NewTeam, mode?: AccessMode): void {
  const { state } = instance
  const organization = requireAccount(instance, team.org)
  const flat = mode ?? (team.admin ? access.admin : access.none)
  const units = new Map<UnitName, AccessMode>(
    unitNames.map((unit) => [unit, flat >= access.admin ? flat : access[team.units?.[unit] ?? 'none']]),
  )
  const id = state.nextId('team')
  state.teams.set(id, {
    id,
    organizationId: organization.id,
    name: team.name,
    access: flat,
    units,
    members: new Set(team.members.map((login) => requireAccount(instance, login).id)),
    repositories: new Set((team.repositories ?? []).map((name) => requireRepository(instance, team.org, name).id)),
    hasAllRepositories: flat === access.owner,
  })
}

function toGitCommit(instance: Instance, repository: Repository, owner: string, commit: NewCommit): GitCommit {
  const named = requireAccount(instance, commit.author ?? owner)
  // An organisation signs nothing; whoever administers the instance does it in its place.
  const author = named.isOrganization ? undefined : named
  return {
    branch: commit.branch ?? repository.defaultBranch,
    from: commit.from ?? repository.defaultBranch,
    files: commit.files,
    message: commit.message,
    author: author
      ? { name: author.fullName || author.login, email: author.email }
      : { name: named.login, email: `${named.login.toLowerCase()}@noreply.localhost` },
    date: commit.date ?? instance.clock.now(),
  }
}

async function addCommits(
  instance: Instance,
  repository: Repository,
  owner: string,
  commits: readonly NewCommit[],
): Promise<string> {
  const prepared = commits.map((commit) => toGitCommit(instance, repository, owner, commit))
  const heads = await importCommits(repository.gitDirectory, prepared)
  repository.updatedAt = instance.clock.now()
  return heads.get(prepared.at(-1)?.branch ?? '') ?? ''
}

async function addRepository(instance: Instance, wanted: NewRepository): Promise<void> {
  const { state, clock } = instance
  const owner = requireAccount(instance, wanted.owner)
  if (findRepository(state, owner.id, wanted.name)) throw new Error(`${wanted.owner}/${wanted.name} exists already`)
  const id = state.nextId('repository')
  const gitDirectory = join(instance.dataDirectory, `${id}.git`)
  await createBareRepository(gitDirectory, 'main')
  const repository: Repository = {
    id,
    ownerId: owner.id,
    name: wanted.name,
    description: wanted.description ?? '',
    isPrivate: wanted.private ?? false,
    isArchived: wanted.archived ?? false,
    archivedAt: wanted.archived ? clock.now() : 0,
    defaultBranch: 'main',
    topics: [...(wanted.topics ?? [])],
    disabledUnits: new Set(['repo.ext_wiki', 'repo.ext_issues']),
    protections: [],
    collaborators: new Map(),
    gitDirectory,
    createdAt: clock.now(),
    updatedAt: clock.now(),
    nextIndex: 1,
  }
  state.repositories.set(id, repository)
  const initial = wanted.files ? [{ files: wanted.files, message: 'Initial commit' }] : []
  const commits = [...initial, ...(wanted.commits ?? [])]
  if (commits.length > 0) await addCommits(instance, repository, wanted.owner, commits)
}

function createToken(instance: Instance, login: string, scopes: readonly string[]): string {
  const { state, clock } = instance
  const scope = normalizeScope(scopes.join(','))
  if (!scope) throw new Error(`no such scopes: ${scopes.join(',')}`)
  const id = state.nextId('token')
  const value = randomBytes(20).toString('hex')
  const accountId = requireAccount(instance, login).id
  state.tokens.set(id, { id, accountId, name: `token-${id}`, value, scope, createdAt: clock.now() })
  return value
}

/** Registers an application; the secret is shown this once. */
export function registerApplication(
  instance: Instance,
  owner: Account,
  application: Omit<NewApplication, 'owner'> & { readonly skipsSecondaryAuthorization?: boolean },
): { readonly id: number; readonly clientId: string; readonly clientSecret: string } {
  const { state, clock } = instance
  const id = state.nextId('application')
  const clientId = randomUUID()
  const secret = createPrefixedSecret('gto_')
  state.applications.set(id, {
    id,
    ownerId: owner.id,
    name: application.name,
    clientId,
    secret,
    redirectUris: application.redirectUris,
    isConfidential: application.confidential ?? false,
    skipsSecondaryAuthorization: application.skipsSecondaryAuthorization ?? false,
    createdAt: clock.now(),
  })
  return { id, clientId, clientSecret: secret }
}

type AccountsAndCode = Pick<
  GiteaUnderTest,
  | 'addUser'
  | 'setUserState'
  | 'addOrganization'
  | 'addTeam'
  | 'addRepository'
  | 'commit'
  | 'renameRepository'
  | 'addCollaborator'
  | 'createToken'
  | 'createOAuthApplication'
  | 'revokeGrant'
>

export function createPopulation(instance: Instance): AccountsAndCode {
  const { state } = instance
  return {
    async addUser(user) {
      addAccount(instance, user, false)
    },
    async setUserState(login, change) {
      changeState(instance, login, change)
    },
    async addOrganization({ name, owner, visibility }) {
      const account = addAccount(instance, { login: name, password: '' }, true)
      account.visibility = visibility ?? 'public'
      addTeam(instance, { org: name, name: 'Owners', members: [owner] }, access.owner)
    },
    async addTeam(team) {
      addTeam(instance, team)
    },
    addRepository: (repository) => addRepository(instance, repository),
    commit: (owner, name, commit) => addCommits(instance, requireRepository(instance, owner, name), owner, [commit]),
    async renameRepository(owner, name, newName) {
      const repository = requireRepository(instance, owner, name)
      state.repositoryRedirects.set(`${repository.ownerId}/${repository.name.toLowerCase()}`, repository.id)
      repository.name = newName
    },
    async addCollaborator(owner, name, login, permission) {
      const repository = requireRepository(instance, owner, name)
      repository.collaborators.set(requireAccount(instance, login).id, access[permission])
    },
    createToken: async (login, scopes) => createToken(instance, login, scopes),
    async createOAuthApplication({ owner, ...application }) {
      const { clientId, clientSecret } = registerApplication(instance, requireAccount(instance, owner), application)
      return { clientId, clientSecret }
    },
    async revokeGrant(login, clientId) {
      const accountId = requireAccount(instance, login).id
      for (const grant of state.grants.values()) {
        const isThis = state.applications.get(grant.applicationId)?.clientId === clientId
        if (isThis && grant.accountId === accountId) state.grants.delete(grant.id)
      }
    },
  }
}
