/** Declares API routes and runs Gitea's middleware before them, in Gitea's order (routers/api/v1/api.go). */
import { isMember, isOrganizationOwner, readPermission } from './access.js'
import { authenticate, findAccountRefusal } from './authentication.js'
import {
  type ApiRequest,
  getNumberParam,
  getParam,
  type OrganizationRequest,
  type RawRequest,
  type RepositoryRequest,
  refuse,
  refuseNotFound,
  refuseWith,
  requireDoer,
  type TeamRequest,
} from './exchange.js'
import { findAccount, findRepository, fullNameOf, getAccount, getRepository } from './lookup.js'
import { apiError, html, json, type Reply, redirect } from './reply.js'
import { createRouter, type Router } from './router.js'
import { hasScopes, isPublicOnly, requiredScopes, type ScopeCategory } from './scope.js'
import { type Account, access, type UnitName } from './state.js'

type Answer = Reply | Promise<Reply>
type ApiHandler = (raw: RawRequest, params: ReadonlyMap<string, string>) => Answer
export type Guard = (request: RepositoryRequest) => void

export interface Api {
  readonly router: Router<ApiHandler>
  /** Each element of `scopes` is one check of its own; a refusal names only that check's categories. */
  plain(
    method: string,
    template: string,
    scopes: readonly (ScopeCategory | readonly ScopeCategory[])[],
    handler: (request: ApiRequest) => Answer,
  ): void
  repository(
    method: string,
    template: string,
    scope: ScopeCategory,
    guards: readonly Guard[],
    handler: (request: RepositoryRequest) => Answer,
  ): void
  organization(method: string, template: string, handler: (request: OrganizationRequest) => Answer): void
  team(method: string, template: string, handler: (request: TeamRequest) => Answer): void
}

function readSudo(raw: RawRequest): string {
  const header = raw.headers.sudo
  return raw.query.get('sudo') || (typeof header === 'string' ? header : '')
}

/** Signs the request in, or refuses it. */
function signIn(raw: RawRequest, params: ReadonlyMap<string, string>): ApiRequest {
  const { instance } = raw
  const credentials = authenticate(raw)
  if (credentials !== 'anonymous' && 'invalid' in credentials) refuseWith(raw, 401, credentials.invalid)
  const account = credentials === 'anonymous' ? undefined : credentials.account
  raw.login = account?.login
  const standing = account && findAccountRefusal(account, instance.url)
  if (standing) refuse(json(403, { message: standing }))
  return {
    ...raw,
    params,
    doer: account,
    tokenScope: credentials === 'anonymous' ? undefined : credentials.scope,
    isBasic: credentials !== 'anonymous' && credentials.isBasic,
    isPublicOnly: false,
  }
}

function actAs(request: ApiRequest): ApiRequest {
  const sudo = readSudo(request)
  if (sudo === '') return request
  if (!request.doer?.isAdmin) refuse(json(403, { message: 'Only administrators allowed to sudo.' }))
  // Accepts organisations too, and people who may not sign in (T13).
  const target = findAccount(request.instance.state, sudo) ?? refuseNotFound(request)
  return { ...request, doer: target }
}

function checkScopes(request: ApiRequest, categories: readonly ScopeCategory[]): ApiRequest {
  const { tokenScope, method } = request
  if (categories.length === 0 || tokenScope === undefined) return request
  const required = requiredScopes(categories, method)
  if (!hasScopes(tokenScope, required)) {
    const message = `token does not have at least one of required scope(s), required=[${required.join(' ')}], token scope=${tokenScope}`
    refuseWith(request, 403, message)
  }
  return { ...request, isPublicOnly: isPublicOnly(tokenScope) }
}

/** Where a path goes when one of its names has changed; the query is kept. */
function moved(request: ApiRequest, from: string, to: string, status: number): Reply {
  const location = request.path.replace(from, to) + (request.rawQuery ? `?${request.rawQuery}` : '')
  if (status === 301) {
    return html(301, `<a href="${location}">Moved Permanently</a>.\n\n`, { location })
  }
  return redirect(location, status)
}

function assignOwner(request: ApiRequest, name: string, what: string): Account {
  const { state } = request.instance
  const found = findAccount(state, name)
  if (found) return found
  const redirected = state.accountRedirects.get(name.toLowerCase())
  if (redirected !== undefined) refuse(moved(request, name, getAccount(state, redirected).login, 307))
  return refuseNotFound(request, [`user redirect does not exist [name: ${name}]`], what)
}

function assignRepository(request: ApiRequest): RepositoryRequest {
  const { state } = request.instance
  const [ownerName, name] = [getParam(request, 'username'), getParam(request, 'reponame')]
  const owner = assignOwner(request, ownerName, 'GetUserByName')
  const repository = findRepository(state, owner.id, name)
  if (!repository) {
    const target = state.repositoryRedirects.get(`${owner.id}/${name.toLowerCase()}`)
    if (target === undefined) refuseNotFound(request)
    // Also for people who may not see the repository: they learn its new name.
    refuse(moved(request, `${ownerName}/${name}`, fullNameOf(state, getRepository(state, target)), 301))
  }
  const permission = readPermission(state, repository, request.doer)
  if (!permission.hasAnyUnit()) refuseNotFound(request)
  return { ...request, owner, repository, permission }
}

function checkPublicRepository(request: RepositoryRequest, scope: ScopeCategory): void {
  if (!request.isPublicOnly || !request.repository.isPrivate) return
  refuseWith(request, 403, `token scope is limited to public ${scope === 'issue' ? 'issues' : 'repos'}`)
}

export function createApi(): Api {
  const router = createRouter<ApiHandler>()
  const prepare = (
    raw: RawRequest,
    params: ReadonlyMap<string, string>,
    scopes: readonly (ScopeCategory | readonly ScopeCategory[])[],
  ): ApiRequest =>
    scopes.reduce<ApiRequest>(
      (request, check) => checkScopes(request, typeof check === 'string' ? [check] : check),
      actAs(signIn(raw, params)),
    )
  return {
    router,
    plain(method, template, scopes, handler) {
      router.add(method, template, (raw, params) => handler(prepare(raw, params, scopes)))
    },
    repository(method, template, scope, guards, handler) {
      const path = `/repos/{username}/{reponame}${template}`
      router.add(method, path, (raw, params) => {
        const request = assignRepository(prepare(raw, params, [scope]))
        checkPublicRepository(request, scope)
        for (const guard of guards) guard(request)
        return handler(request)
      })
    },
    organization(method, template, handler) {
      router.add(method, `/orgs/{org}${template}`, (raw, params) => {
        const request = prepare(raw, params, ['organization'])
        const organization = assignOwner(request, getParam(request, 'org'), 'GetOrgByName')
        if (!organization.isOrganization) {
          refuseNotFound(request, [`user redirect does not exist [name: ${organization.login}]`], 'GetOrgByName')
        }
        if (request.isPublicOnly && organization.visibility !== 'public') {
          refuseWith(request, 403, 'token scope is limited to public orgs')
        }
        return handler({ ...request, organization })
      })
    },
    team(method, template, handler) {
      router.add(method, `/teams/{teamid}${template}`, (raw, params) => {
        const request = prepare(raw, params, ['organization'])
        const { state } = request.instance
        const team = state.teams.get(getNumberParam(request, 'teamid')) ?? refuseNotFound(request)
        const doer = requireDoer(request)
        const isInside = isOrganizationOwner(state, team.organizationId, doer.id) || team.members.has(doer.id)
        if (!doer.isAdmin && !isInside) {
          if (isMember(state, team.organizationId, doer.id)) refuseWith(request, 403, 'Must be a team member')
          refuseNotFound(request)
        }
        return handler({ ...request, team })
      })
    },
  }
}

/** What an unrouted path answers once the request is signed in. */
export function answerUnrouted(raw: RawRequest, reply: Reply): Reply {
  signIn(raw, new Map())
  return reply
}

const isPrivileged = (request: RepositoryRequest): boolean =>
  request.permission.mode >= access.admin || request.doer?.isAdmin === true

export const needsToken: Guard = (request) => {
  requireDoer(request)
}

export const needsAnyReader: Guard = (request) => {
  if (request.permission.hasAnyUnit() || request.doer?.isAdmin) return
  refuseWith(request, 403, 'user should have any permission to read repository or permissions of site admin')
}

export function needsReader(unit: UnitName): Guard {
  return (request) => {
    if (request.permission.canRead(unit) || isPrivileged(request)) return
    refuseWith(request, 403, 'user should have specific read permission or be a repo admin or a site admin')
  }
}

export function needsWriter(...units: readonly UnitName[]): Guard {
  return (request) => {
    if (units.some((unit) => request.permission.canWrite(unit)) || isPrivileged(request)) return
    refuseWith(request, 403, 'user should have a permission to write to a repo')
  }
}

export const needsRepositoryAdmin: Guard = (request) => {
  if (isPrivileged(request)) return
  refuseWith(request, 403, 'user should be an owner or a collaborator with admin write of a repository')
}

export const needsUnarchived: Guard = (request) => {
  if (!request.repository.isArchived) return
  refuse(apiError(request.instance.url, 423, `${fullNameOf(request.instance.state, request.repository)} is archived`))
}

export const needsIssuesOrPulls: Guard = (request) => {
  if (request.permission.canRead('repo.issues') || request.permission.canRead('repo.pulls')) return
  refuseNotFound(request)
}

export const needsPulls: Guard = (request) => {
  if (!request.permission.canRead('repo.pulls')) refuseNotFound(request)
}
