import { z } from 'zod'
import { type OperationName, operations } from '../gitea/operations.js'
import type { AccessMode, Team } from '../gitea/permissions.js'
import type { Repository } from '../gitea/repos.js'

/*
 * What a person may do in a repository by its units, and what an operation needs of them, as Gitea's own routes ask for
 * it (routers/api/v1/api.go). Pure: where rights are not known, they are not there.
 */

const UNITS = ['repo.code', 'repo.issues', 'repo.pulls', 'repo.releases', 'repo.wiki', 'repo.actions'] as const
type Unit = (typeof UNITS)[number]
export type Level = 'read' | 'write'

/** `*` stands for “Gitea itself decides each request”: it was seen to show the repository to this person. */
export const Rights = z.partialRecord(z.enum([...UNITS, '*']), z.enum(['read', 'write']))
export type Rights = z.output<typeof Rights>

/** The whole repository. */
const ANY = 'any'

const UNITS_BY_PART: Readonly<Record<string, readonly Unit[] | typeof ANY>> = {
  '': ANY,
  topics: ANY,
  assignees: ANY,
  collaborators: ANY,
  languages: ['repo.code'],
  git: ['repo.code'],
  'contents-ext': ['repo.code'],
  archive: ['repo.code'],
  branches: ['repo.code'],
  tags: ['repo.code'],
  commits: ['repo.code'],
  statuses: ['repo.code'],
  compare: ['repo.code'],
  releases: ['repo.releases'],
  // one address for issues and pull requests: which of them it will be is not known beforehand
  issues: ['repo.issues', 'repo.pulls'],
  labels: ['repo.issues', 'repo.pulls'],
  milestones: ['repo.issues', 'repo.pulls'],
  pulls: ['repo.pulls'],
  actions: ['repo.actions'],
  wiki: ['repo.wiki'],
}

/** Their answers tell of other repositories whatever the asking account may see there. */
const TELL_OF_OTHERS = new Set<OperationName>(['listIssueTimeline', 'listIssueDependencies', 'listIssueBlocks'])

/** Whether an operation is about one repository, named in its path. */
export function isOfRepository(operation: OperationName): boolean {
  return operations[operation].path.startsWith('/repos/{owner}/{repo}')
}

/** Whether an operation reads git objects, from which a store may answer later. */
export function readsCode(operation: OperationName): boolean {
  const units = findUnits(operation)
  return units !== undefined && units !== ANY && units.includes('repo.code')
}

function findUnits(operation: OperationName): readonly Unit[] | typeof ANY | undefined {
  const found = /^\/repos\/\{owner\}\/\{repo\}(?:\/([a-z-]+))?/.exec(operations[operation].path)
  return found === null ? undefined : UNITS_BY_PART[found[1] ?? '']
}

/**
 * Whether rights that are known by unit cover a request sent with an account that may do more than the person.
 *
 * @param path what fills the operation's path
 * @param body what is sent
 */
export function coversRequest(
  rights: Rights,
  operation: OperationName,
  path: Readonly<Record<string, unknown>>,
  body: unknown,
): boolean {
  if (TELL_OF_OTHERS.has(operation) || namesAnotherFork(path.basehead) || namesAnotherFork(findHead(body))) {
    return false
  }
  const units = findUnits(operation)
  if (units === undefined) {
    return false
  }
  const level = operations[operation].kind === 'read' ? 'read' : 'write'
  if (units === ANY) {
    return coversRepository(rights, level)
  }
  // a pull request is code, too
  const readable = units.includes('repo.pulls') && isPullPath(operation) ? (['repo.code'] as const) : []
  return units.every((unit) => covers(rights[unit], level)) && readable.every((unit) => covers(rights[unit], 'read'))
}

/** Whether there is anything in the repository that the person may read, or write. */
export function coversRepository(rights: Rights, level: Level): boolean {
  return Object.values(rights).some((held) => covers(held, level))
}

export function mayReadCode(rights: Rights): boolean {
  return covers(rights['repo.code'], 'read')
}

function isPullPath(operation: OperationName): boolean {
  return operations[operation].path.startsWith('/repos/{owner}/{repo}/pulls')
}

/** `owner:branch` means a branch of a fork, on which nothing was asked. */
function namesAnotherFork(value: unknown): boolean {
  return typeof value === 'string' && value.includes(':')
}

function findHead(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'head' in body ? body.head : undefined
}

function covers(held: Level | undefined, needed: Level): boolean {
  return held === 'write' || (held !== undefined && needed === 'read')
}

/** Rights from Gitea's one word for them and the teams that the person is in. */
export function toRights(
  mode: AccessMode,
  teams: readonly Pick<Team, 'mode' | 'units'>[],
  repository: Pick<Repository, 'hasIssues' | 'hasPulls'>,
): Rights {
  const found: Rights = {}
  for (const unit of UNITS) {
    const levels = [mode, ...teams.flatMap((team) => [team.mode, team.units[unit] ?? 'none'])].map(toLevel)
    const best = levels.includes('write') ? 'write' : levels.find((level) => level !== undefined)
    if (best !== undefined) {
      found[unit] = best
    }
  }
  // of what is switched off there is nothing to see: it asks for no right of its own
  if (!repository.hasPulls && found['repo.issues'] !== undefined) {
    found['repo.pulls'] = found['repo.issues']
  }
  if (!repository.hasIssues && found['repo.pulls'] !== undefined) {
    found['repo.issues'] = found['repo.pulls']
  }
  return found
}

function toLevel(mode: string): Level | undefined {
  if (mode === 'write' || mode === 'admin' || mode === 'owner') {
    return 'write'
  }
  return mode === 'read' ? 'read' : undefined
}
