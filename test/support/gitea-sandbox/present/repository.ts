/** A repository as the API shows it to one person (services/convert/repository.go). */
import { type Permission, readPermission } from '../access.js'
import { listReferences } from '../git.js'
import { fullNameOf, getAccount, getRepository } from '../lookup.js'
import { type Account, access, type Instance, type Repository } from '../state.js'
import { presentUserAs, toTime, zeroTime } from './user.js'

export async function isEmpty(repository: Repository): Promise<boolean> {
  return (await listReferences(repository.gitDirectory, 'refs/heads/')).length === 0
}

/** Address of a repository in the API. */
export function apiUrl(instance: Instance, repository: Repository): string {
  return `${instance.url}/api/v1/repos/${fullNameOf(instance.state, repository)}`
}

export function htmlUrl(instance: Instance, repository: Repository): string {
  return `${instance.url}/${fullNameOf(instance.state, repository)}`
}

export async function presentRepository(
  instance: Instance,
  repository: Repository,
  viewer: Account | undefined,
  known?: Permission,
): Promise<Record<string, unknown>> {
  const { state } = instance
  const permission = known ?? readPermission(state, repository, viewer)
  const owner = getAccount(state, repository.ownerId)
  const html = htmlUrl(instance, repository)
  const open = [...state.issues.values()].filter(
    ({ repositoryId, isClosed }) => repositoryId === repository.id && !isClosed,
  )
  const releases = [...state.releases.values()].filter(
    ({ repositoryId, isDraft, isPrerelease }) => repositoryId === repository.id && !isDraft && !isPrerelease,
  )
  const has = (unit: Parameters<typeof permission.unit>[0]): boolean => !repository.disabledUnits.has(unit)
  return {
    id: repository.id,
    owner: presentUserAs(instance, owner, permission.mode !== access.none, false),
    name: repository.name,
    full_name: fullNameOf(state, repository),
    description: repository.description,
    empty: await isEmpty(repository),
    private: repository.isPrivate,
    fork: repository.forkOf !== undefined,
    template: false,
    ...(repository.forkOf === undefined
      ? {}
      : { parent: await presentRepository(instance, getRepository(state, repository.forkOf), viewer) }),
    mirror: false,
    size: 24,
    language: '',
    languages_url: `${apiUrl(instance, repository)}/languages`,
    html_url: html,
    url: apiUrl(instance, repository),
    link: '',
    ssh_url: `git@localhost:${fullNameOf(state, repository)}.git`,
    clone_url: `${html}.git`,
    original_url: '',
    website: '',
    stars_count: 0,
    forks_count: 0,
    watchers_count: 1,
    open_issues_count: open.filter(({ pull }) => pull === undefined).length,
    open_pr_counter: open.filter(({ pull }) => pull !== undefined).length,
    release_counter: releases.length,
    default_branch: repository.defaultBranch,
    archived: repository.isArchived,
    created_at: toTime(repository.createdAt),
    updated_at: toTime(repository.updatedAt),
    archived_at: toTime(repository.archivedAt),
    permissions: {
      admin: permission.mode >= access.admin,
      push: permission.canWrite('repo.code'),
      pull: permission.canRead('repo.code'),
    },
    has_code: false,
    has_issues: has('repo.issues'),
    ...(has('repo.issues')
      ? {
          internal_tracker: {
            enable_time_tracker: true,
            allow_only_contributors_to_track_time: true,
            enable_issue_dependencies: true,
          },
        }
      : {}),
    has_wiki: has('repo.wiki'),
    has_pull_requests: has('repo.pulls'),
    has_projects: has('repo.projects'),
    projects_mode: 'all',
    has_releases: has('repo.releases'),
    has_packages: has('repo.packages'),
    has_actions: has('repo.actions'),
    ignore_whitespace_conflicts: false,
    allow_merge_commits: true,
    allow_rebase: true,
    allow_rebase_explicit: true,
    allow_squash_merge: true,
    allow_fast_forward_only_merge: true,
    allow_rebase_update: true,
    allow_manual_merge: false,
    autodetect_manual_merge: false,
    default_delete_branch_after_merge: false,
    default_merge_style: 'merge',
    default_allow_maintainer_edit: false,
    avatar_url: '',
    internal: !repository.isPrivate && owner.visibility === 'private',
    mirror_interval: '',
    object_format_name: 'sha1',
    mirror_updated: zeroTime,
    topics: repository.topics,
    licenses: [],
  }
}
