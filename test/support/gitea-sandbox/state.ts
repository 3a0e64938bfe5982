/** Everything the sandbox Gitea knows, in memory; repositories' contents live in real bare git repositories. */
import type { Clock } from '../../../src/lib/clock.js'
import { type Activity, type BranchProtection, createActivity } from './state-activity.js'

/** Gitea's flat access modes in ascending order, so that they compare as numbers (models/perm/access_mode.go). */
export const accessModes = ['none', 'read', 'write', 'admin', 'owner'] as const
export type AccessName = (typeof accessModes)[number]
export type AccessMode = 0 | 1 | 2 | 3 | 4

export const access = { none: 0, read: 1, write: 2, admin: 3, owner: 4 } as const satisfies Record<
  AccessName,
  AccessMode
>

/** Repository units in the order Gitea numbers them; the names are those of `units_map`. */
export const unitNames = [
  'repo.code',
  'repo.issues',
  'repo.pulls',
  'repo.releases',
  'repo.wiki',
  'repo.ext_wiki',
  'repo.ext_issues',
  'repo.projects',
  'repo.packages',
  'repo.actions',
] as const
export type UnitName = (typeof unitNames)[number]

type Visibility = 'public' | 'limited' | 'private'

export interface Account {
  readonly id: number
  login: string
  readonly isOrganization: boolean
  fullName: string
  profile: { readonly description: string; readonly location: string; readonly website: string }
  email: string
  password: string
  isAdmin: boolean
  isActive: boolean
  prohibitLogin: boolean
  mustChangePassword: boolean
  isRestricted: boolean
  keepEmailPrivate: boolean
  visibility: Visibility
  language: string
  readonly createdAt: number
  lastLoginAt: number | undefined
}

export interface Team {
  readonly id: number
  readonly organizationId: number
  name: string
  /** Feeds the flat access table; `none` for ordinary teams whatever their units say. */
  access: AccessMode
  units: Map<UnitName, AccessMode>
  members: Set<number>
  repositories: Set<number>
  hasAllRepositories: boolean
}

export interface Repository {
  readonly id: number
  ownerId: number
  name: string
  description: string
  isPrivate: boolean
  isArchived: boolean
  archivedAt: number
  defaultBranch: string
  topics: string[]
  disabledUnits: Set<UnitName>
  readonly protections: BranchProtection[]
  collaborators: Map<number, AccessMode>
  readonly gitDirectory: string
  readonly createdAt: number
  updatedAt: number
  nextIndex: number
  /** What it was forked from. */
  readonly forkOf?: number
}

export interface Label {
  readonly id: number
  readonly repositoryId: number | undefined
  readonly organizationId: number | undefined
  name: string
  color: string
  description: string
  isExclusive: boolean
  isArchived: boolean
}

export interface Milestone {
  readonly id: number
  readonly repositoryId: number
  title: string
  description: string
  isClosed: boolean
  readonly createdAt: number
  updatedAt: number
  closedAt: number | undefined
  dueAt: number | undefined
}

export interface PullRequest {
  readonly id: number
  baseBranch: string
  headBranch: string
  headRepositoryId: number
  mergeBase: string
  mergedAt: number | undefined
  mergedBy: number | undefined
  mergeCommit: string | undefined
  reviewers: number[]
}

export interface Issue {
  readonly id: number
  readonly repositoryId: number
  readonly index: number
  readonly posterId: number
  title: string
  body: string
  ref: string
  isClosed: boolean
  isLocked: boolean
  labels: number[]
  assignees: number[]
  milestoneId: number | undefined
  readonly createdAt: number
  updatedAt: number
  closedAt: number | undefined
  dueAt: number | undefined
  readonly pull: PullRequest | undefined
}

export interface Comment {
  readonly id: number
  readonly issueId: number
  readonly posterId: number
  body: string
  readonly createdAt: number
  updatedAt: number
}

export interface CodeComment {
  readonly id: number
  readonly path: string
  /** A line after the change, or as a negative number one before it. */
  readonly line: number
  readonly body: string
  readonly createdAt: number
}

export interface Review {
  readonly id: number
  readonly issueId: number
  readonly reviewerId: number
  state: 'APPROVED' | 'REQUEST_CHANGES' | 'COMMENT' | 'PENDING' | 'REQUEST_REVIEW'
  body: string
  commitId: string
  comments: CodeComment[]
  readonly createdAt: number
}

export interface CommitStatus {
  readonly id: number
  readonly repositoryId: number
  readonly sha: string
  readonly state: string
  readonly context: string
  readonly description: string
  readonly targetUrl: string
  readonly creatorId: number
  readonly createdAt: number
}

export interface Release {
  readonly id: number
  readonly repositoryId: number
  readonly tag: string
  readonly target: string
  readonly name: string
  readonly body: string
  readonly isDraft: boolean
  readonly isPrerelease: boolean
  readonly authorId: number
  readonly createdAt: number
}

export interface AccessToken {
  readonly id: number
  readonly accountId: number
  readonly name: string
  readonly value: string
  readonly scope: string
  readonly createdAt: number
}

export interface OAuthApplication {
  readonly id: number
  readonly ownerId: number
  readonly name: string
  readonly clientId: string
  secret: string
  readonly redirectUris: readonly string[]
  readonly isConfidential: boolean
  readonly skipsSecondaryAuthorization: boolean
  readonly createdAt: number
}

export interface Grant {
  readonly id: number
  readonly accountId: number
  readonly applicationId: number
  /** Frozen at first consent. */
  readonly scope: string
  nonce: string
  counter: number
  readonly createdAt: number
}

export interface AuthorizationCode {
  readonly code: string
  readonly grantId: number
  readonly redirectUri: string
  readonly challenge: string
  readonly challengeMethod: string
}

export interface State {
  readonly accounts: Map<number, Account>
  readonly teams: Map<number, Team>
  readonly repositories: Map<number, Repository>
  /** `owner id/lower-case old name` to repository id. */
  readonly repositoryRedirects: Map<string, number>
  /** Lower-case old login to account id. */
  readonly accountRedirects: Map<string, number>
  readonly labels: Map<number, Label>
  readonly milestones: Map<number, Milestone>
  readonly issues: Map<number, Issue>
  readonly comments: Map<number, Comment>
  readonly reviews: Map<number, Review>
  readonly statuses: Map<number, CommitStatus>
  readonly releases: Map<number, Release>
  readonly tokens: Map<number, AccessToken>
  readonly applications: Map<number, OAuthApplication>
  readonly grants: Map<number, Grant>
  readonly codes: Map<string, AuthorizationCode>
  readonly activity: Activity
  /** Next row id of a table, as an auto-increment column gives it. */
  nextId(table: string): number
}

export function createState(): State {
  const lastIds = new Map<string, number>()
  return {
    accounts: new Map(),
    teams: new Map(),
    repositories: new Map(),
    repositoryRedirects: new Map(),
    accountRedirects: new Map(),
    labels: new Map(),
    milestones: new Map(),
    issues: new Map(),
    comments: new Map(),
    reviews: new Map(),
    statuses: new Map(),
    releases: new Map(),
    tokens: new Map(),
    applications: new Map(),
    grants: new Map(),
    codes: new Map(),
    activity: createActivity(),
    nextId(table) {
      const id = (lastIds.get(table) ?? 0) + 1
      lastIds.set(table, id)
      return id
    },
  }
}

/** Instance-wide settings and services every handler may need. */
export interface Instance {
  readonly state: State
  readonly clock: Clock
  readonly version: string
  /** Root address without trailing slash. */
  readonly url: string
  readonly tokenLifetimeSeconds: number
  readonly invalidatesRefreshTokens: boolean
  /** Bare repositories live below it. */
  readonly dataDirectory: string
}
