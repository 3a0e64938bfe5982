/** Finds rows by the names Gitea accepts for them; names are case-insensitive. */
import { fail } from 'node:assert'
import type { Account, Issue, Repository, State } from './state.js'

export function findAccount(state: State, login: string): Account | undefined {
  const wanted = login.toLowerCase()
  for (const account of state.accounts.values()) if (account.login.toLowerCase() === wanted) return account
  return undefined
}

/** People only; organisations are accounts too. */
export function findPerson(state: State, login: string): Account | undefined {
  const account = findAccount(state, login)
  return account?.isOrganization ? undefined : account
}

export function findPersonByEmail(state: State, email: string): Account | undefined {
  const wanted = email.toLowerCase()
  for (const account of state.accounts.values())
    if (!account.isOrganization && account.email.toLowerCase() === wanted) return account
  return undefined
}

/** The account a row refers to. Throws when the reference is broken, which would be a bug here. */
export function getAccount(state: State, id: number): Account {
  return state.accounts.get(id) ?? fail(`no account ${id}`)
}

export function findRepository(state: State, ownerId: number, name: string): Repository | undefined {
  const wanted = name.toLowerCase()
  for (const repository of state.repositories.values())
    if (repository.ownerId === ownerId && repository.name.toLowerCase() === wanted) return repository
  return undefined
}

export function getRepository(state: State, id: number): Repository {
  return state.repositories.get(id) ?? fail(`no repository ${id}`)
}

export function findIssue(state: State, repositoryId: number, index: number): Issue | undefined {
  for (const issue of state.issues.values())
    if (issue.repositoryId === repositoryId && issue.index === index) return issue
  return undefined
}

export function fullNameOf(state: State, repository: Repository): string {
  return `${getAccount(state, repository.ownerId).login}/${repository.name}`
}
