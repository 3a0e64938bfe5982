/** People and organisations as the API shows them (services/convert/user.go). */
import { hash } from 'node:crypto'
import type { Account, Instance } from '../state.js'

export function toTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}

export const zeroTime = '0001-01-01T00:00:00Z'

export function avatarUrl(instance: Instance, account: Account): string {
  return `${instance.url}/avatars/${hash('md5', (account.email || account.login).toLowerCase(), 'hex')}`
}

/** `viewer` undefined is a stranger; the person and site admins see the private half. */
export function presentUser(
  instance: Instance,
  account: Account,
  viewer: Account | undefined,
): Record<string, unknown> {
  const isAuthorized = viewer !== undefined && (viewer.id === account.id || viewer.isAdmin)
  return presentUserAs(instance, account, viewer !== undefined, isAuthorized)
}

/** Where Gitea shows a user through a repository's eyes: signed in or not, never the private half. */
export function presentUserAs(
  instance: Instance,
  account: Account,
  isSigned: boolean,
  isAuthorized: boolean,
): Record<string, unknown> {
  const showsEmail = isSigned && (!account.keepEmailPrivate || isAuthorized)
  return {
    id: account.id,
    login: account.login,
    login_name: '',
    source_id: 0,
    full_name: account.fullName,
    email: showsEmail ? account.email : `${account.login.toLowerCase()}@noreply.localhost`,
    avatar_url: avatarUrl(instance, account),
    html_url: `${instance.url}/${account.login}`,
    language: isAuthorized ? account.language : '',
    is_admin: isAuthorized && account.isAdmin,
    last_login: isAuthorized ? toTime(account.lastLoginAt ?? 0) : zeroTime,
    created: toTime(account.createdAt),
    restricted: account.isRestricted,
    active: isAuthorized && account.isActive,
    prohibit_login: isAuthorized && account.prohibitLogin,
    location: account.profile.location,
    website: account.profile.website,
    description: account.profile.description,
    visibility: account.visibility,
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: account.login,
  }
}

export function presentOrganization(instance: Instance, account: Account): Record<string, unknown> {
  return {
    id: account.id,
    name: account.login,
    full_name: account.fullName,
    email: account.email,
    avatar_url: avatarUrl(instance, account),
    description: '',
    website: '',
    location: '',
    visibility: account.visibility,
    repo_admin_change_team_access: false,
    username: account.login,
  }
}
