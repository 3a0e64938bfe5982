/** One request as handlers see it, and the readers for what it carries. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Permission } from './access.js'
import { apiError, apiNotFound, Refusal, type Reply } from './reply.js'
import type { Account, Instance, Repository, Team } from './state.js'

export interface RawRequest {
  readonly instance: Instance
  readonly method: string
  /** Escaped path without query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly rawQuery: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Set by authentication, for the request record. */
  login: string | undefined
}

export interface ApiRequest extends RawRequest {
  readonly params: ReadonlyMap<string, string>
  /** Whom the request acts as, after Sudo. */
  readonly doer: Account | undefined
  /** Undefined when no scope limits the request: password, or an OAuth token sent as Basic password (T10). */
  readonly tokenScope: string | undefined
  readonly isBasic: boolean
  readonly isPublicOnly: boolean
}

export interface RepositoryRequest extends ApiRequest {
  readonly repository: Repository
  readonly owner: Account
  readonly permission: Permission
}

export interface OrganizationRequest extends ApiRequest {
  readonly organization: Account
}

export interface TeamRequest extends ApiRequest {
  readonly team: Team
}

export function getParam(request: ApiRequest, name: string): string {
  const value = request.params.get(name)
  if (value === undefined) throw new Error(`route has no parameter ${name}`)
  return value
}

/** Go's ParseInt with its result for garbage: 0. */
export function getNumberParam(request: ApiRequest, name: string): number {
  const value = getParam(request, name)
  return /^-?\d+$/.test(value) ? Number(value) : 0
}

export function refuse(reply: Reply): never {
  throw new Refusal(reply)
}

export function refuseWith(request: RawRequest, status: number, message: string): never {
  throw new Refusal(apiError(request.instance.url, status, message))
}

export function refuseNotFound(request: RawRequest, errors: readonly string[] | null = null, message?: string): never {
  throw new Refusal(apiNotFound(request.instance.url, errors, message))
}

/** The signed-in person. Refuses like Gitea's reqToken. */
export function requireDoer(request: ApiRequest): Account {
  return request.doer ?? refuseWith(request, 401, 'token is required')
}

/** Gitea's FormBool: absent is `fallback`, else strconv.ParseBool with false for garbage. */
export function readFlag(request: RawRequest, name: string, fallback: boolean): boolean {
  const value = request.query.get(name)
  if (value === null || value === '') return fallback
  return ['1', 't', 'T', 'true', 'TRUE', 'True', 'on'].includes(value)
}
