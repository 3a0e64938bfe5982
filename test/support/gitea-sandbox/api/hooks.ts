/** Webhooks by the API, with what Gitea forgets, resets and keeps to itself (routers/api/v1/utils/hook.go). */
import { isOrganizationOwner } from '../access.js'
import { type Api, needsRepositoryAdmin, needsToken } from '../api.js'
import { type Fields, findFlag, findList, findText, readFields } from '../body.js'
import { type ApiRequest, getNumberParam, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { findObject } from '../git.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { toTime } from '../present/user.js'
import { empty, json, type Reply } from '../reply.js'
import type { Hook } from '../state-activity.js'
import { toPush } from '../webhooks/payloads.js'
import type { HookSender } from '../webhooks/sender.js'
import type { HookWatch } from '../webhooks/watch.js'

const PLAIN = ['create', 'push', 'delete', 'fork', 'repository', 'wiki', 'release', 'package', 'status']
const ACTIONS = ['workflow_run', 'workflow_job']
const ISSUES = ['issue_assign', 'issue_label', 'issue_milestone', 'issue_comment']
const PULLS = [
  'pull_request_assign',
  'pull_request_label',
  'pull_request_milestone',
  'pull_request_comment',
  'pull_request_review',
  'pull_request_review_request',
  'pull_request_sync',
]

/** No events are a push; `issues` and `pull_request` are all of theirs; unknown names vanish. */
function toEventSet(given: readonly unknown[] | undefined): Set<string> {
  const names = (given ?? []).map((name) => String(name).toLowerCase())
  const wanted = new Set(names.length === 0 ? ['push'] : names)
  const all = (names: readonly string[], group: string) => names.filter((name) => wanted.has(name) || wanted.has(group))
  return new Set([
    ...[...PLAIN, ...ACTIONS].filter((name) => wanted.has(name)),
    ...(wanted.has('issues_only') || wanted.has('issues') ? ['issues'] : []),
    ...all(ISSUES, 'issues'),
    ...(wanted.has('pull_request_only') || wanted.has('pull_request') ? ['pull_request'] : []),
    ...all(PULLS, 'pull_request'),
  ])
}

function presentHook(hook: Hook): Record<string, unknown> {
  return {
    id: hook.id,
    type: hook.type,
    branch_filter: hook.branchFilter,
    config: { content_type: hook.contentType, url: hook.url },
    events: [...hook.events].reverse(),
    authorization_header: hook.authorization,
    active: hook.isActive,
    updated_at: toTime(hook.updatedAt),
    created_at: toTime(hook.createdAt),
  }
}

function readConfig(fields: Fields): Fields {
  const config = fields.get('config')
  return new Map(Object.entries(typeof config === 'object' && config !== null ? config : {}))
}

function requireConfig(request: ApiRequest, config: Fields, name: string): string {
  return findText(request, config, name) ?? refuseWith(request, 422, `Missing config option: ${name}`)
}

function checkUrl(request: ApiRequest, url: string): string {
  return /^https?:\/\//.test(url) ? url : refuseWith(request, 422, 'Invalid url')
}

function checkContentType(request: ApiRequest, type: string): string {
  return type === 'json' || type === 'form' ? type : refuseWith(request, 422, 'Invalid content type')
}

type Place = Hook['place']

export function addHookRoutes(api: Api, sender: HookSender, watch: HookWatch): void {
  const hooksOf = (request: ApiRequest, place: Place): Hook[] =>
    [...request.instance.state.activity.hooks.values()].filter((hook) => isSamePlace(hook.place, place))

  const create = async (request: ApiRequest, place: Place): Promise<Reply> => {
    const { state, clock } = request.instance
    const fields = readFields(request)
    const type = findText(request, fields, 'type') ?? ''
    if (type !== 'gitea') refuseWith(request, 422, `Invalid hook type: ${type}`)
    const config = readConfig(fields)
    const url = requireConfig(request, config, 'url')
    const contentType = checkContentType(request, requireConfig(request, config, 'content_type'))
    // before 1.24 there were only patterns for new repositories
    const isOlder = /^1\.(?:1?\d|2[0-3])\./.test(request.instance.version)
    const isSystem = findText(request, config, 'is_system_webhook') === 'true' && !isOlder
    const id = state.nextId('hook')
    const hook: Hook = {
      id,
      place: place === 'default' && isSystem ? 'system' : place,
      secret: findText(request, config, 'secret') ?? '',
      createdAt: clock.now(),
      updatedAt: clock.now(),
      type,
      url: checkUrl(request, url),
      contentType,
      events: toEventSet(findList(request, fields, 'events')),
      isActive: findFlag(request, fields, 'active') ?? false,
      branchFilter: findText(request, fields, 'branch_filter') ?? '',
      authorization: findText(request, fields, 'authorization_header') ?? '',
    }
    state.activity.hooks.set(id, hook)
    await watch.begin()
    return json(201, presentHook(hook))
  }

  const require = (request: ApiRequest, place: Place): Hook => {
    const hook = hooksOf(request, place).find(({ id }) => id === getNumberParam(request, 'id'))
    return hook ?? refuseNotFound(request)
  }

  /** What is not sent is reset, but for `active`; a new secret is taken without a word and changes nothing. */
  const edit = (request: ApiRequest, place: Place): Reply => {
    const hook = require(request, place)
    const fields = readFields(request)
    const config = readConfig(fields)
    const url = findText(request, config, 'url')
    const contentType = findText(request, config, 'content_type')
    if (url !== undefined) hook.url = checkUrl(request, url)
    if (contentType !== undefined) hook.contentType = checkContentType(request, contentType)
    hook.events = toEventSet(findList(request, fields, 'events'))
    hook.branchFilter = findText(request, fields, 'branch_filter') ?? ''
    hook.authorization = findText(request, fields, 'authorization_header') ?? ''
    hook.isActive = findFlag(request, fields, 'active') ?? hook.isActive
    hook.updatedAt = request.instance.clock.now()
    return json(200, presentHook(hook))
  }

  const remove = (request: ApiRequest, place: Place): Reply => {
    request.instance.state.activity.hooks.delete(require(request, place).id)
    return empty(204)
  }

  const list = (request: ApiRequest, place: Place): Reply => {
    const rows = hooksOf(request, place)
    const page = readPage(request)
    return jsonPage(request, slicePage(rows, page).map(presentHook), rows.length)
  }

  const guards = [needsToken, needsRepositoryAdmin]
  const ofRepository = (request: Parameters<Parameters<Api['repository']>[4]>[0]): Place => ({
    repositoryId: request.repository.id,
  })
  api.repository('GET', '/hooks', 'repository', guards, (request) => list(request, ofRepository(request)))
  api.repository('POST', '/hooks', 'repository', guards, (request) => create(request, ofRepository(request)))
  api.repository('GET', '/hooks/{id}', 'repository', guards, (request) =>
    json(200, presentHook(require(request, ofRepository(request)))),
  )
  api.repository('PATCH', '/hooks/{id}', 'repository', guards, (request) => edit(request, ofRepository(request)))
  api.repository('DELETE', '/hooks/{id}', 'repository', guards, (request) => remove(request, ofRepository(request)))
  api.repository('POST', '/hooks/{id}/tests', 'repository', guards, async (request) => {
    const { repository, instance } = request
    const ref = `refs/heads/${repository.defaultBranch}`
    const head = await findObject(repository.gitDirectory, ref)
    // Gitea answers the same for a repository without commits, and sends nothing
    if (head === undefined) return empty(204)
    const hook = require(request, ofRepository(request))
    const payload = await toPush(instance, repository, { ref, before: head, after: head }, requireDoer(request))
    if (hook.events.has('push')) sender.send(hook, 'push', payload)
    return empty(204)
  })

  type Work = (request: ApiRequest, place: Place) => Reply | Promise<Reply>
  const organization = (method: string, template: string, work: Work) =>
    api.organization(method, template, (request) => {
      const doer = requireDoer(request)
      const mayManage = doer.isAdmin || isOrganizationOwner(request.instance.state, request.organization.id, doer.id)
      if (!mayManage) refuseWith(request, 403, 'Must be an organization owner')
      return work(request, { organizationId: request.organization.id })
    })
  organization('GET', '/hooks', list)
  organization('POST', '/hooks', create)
  organization('GET', '/hooks/{id}', (request, place) => json(200, presentHook(require(request, place))))
  organization('PATCH', '/hooks/{id}', edit)
  organization('DELETE', '/hooks/{id}', remove)

  const admin = (method: string, template: string, work: (request: ApiRequest) => Reply | Promise<Reply>) =>
    api.plain(method, template, ['admin'], (request) => {
      if (!requireDoer(request).isAdmin) refuseWith(request, 403, 'user should be the site admin')
      return work(request)
    })
  const requireAny = (request: ApiRequest): Place => {
    const { hooks } = request.instance.state.activity
    return hooks.get(getNumberParam(request, 'id'))?.place ?? 'system'
  }
  // every one, whatever page is asked for
  admin('GET', '/admin/hooks', (request) => json(200, hooksOf(request, 'system').map(presentHook)))
  admin('POST', '/admin/hooks', (request) => create(request, 'default'))
  admin('PATCH', '/admin/hooks/{id}', (request) => edit(request, requireAny(request)))
  admin('DELETE', '/admin/hooks/{id}', (request) => remove(request, requireAny(request)))
}

function isSamePlace(left: Place, right: Place): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
