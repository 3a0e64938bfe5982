/** A person's OAuth grants. Removing one kills all its tokens at once. */
import type { State } from './state.js'

export interface NamedGrant {
  readonly id: number
  readonly name: string
  readonly scope: string
}

export function findPersonGrants(state: State, accountId: number): NamedGrant[] {
  return [...state.grants.values()]
    .filter((grant) => grant.accountId === accountId)
    .map((grant) => ({
      id: grant.id,
      name: state.applications.get(grant.applicationId)?.name ?? '',
      scope: grant.scope,
    }))
}

export function revokeGrantOf(state: State, accountId: number, grantId: number): void {
  if (state.grants.get(grantId)?.accountId === accountId) state.grants.delete(grantId)
}
