/** The signed-in person, other people, tokens, and instance-wide odds and ends. */
import { randomBytes } from 'node:crypto'
import { isMember, isVisibleTo } from '../access.js'
import type { Api } from '../api.js'
import { findList, findText, readFields } from '../body.js'
import { type ApiRequest, getParam, refuseWith, requireDoer } from '../exchange.js'
import { findAccount } from '../lookup.js'
import { jsonPage, maxPageSize, readPage, slicePage } from '../paging.js'
import { maxBlobBytes } from '../present/content.js'
import { presentOrganization, presentUser, toTime, zeroTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import { normalizeScope } from '../scope.js'
import type { AccessToken, Account } from '../state.js'

function requirePerson(request: ApiRequest): Account {
  const name = getParam(request, 'username')
  const { state } = request.instance
  const account = findAccount(state, name)
  if (!account || !isVisibleTo(state, account, request.doer)) {
    return refuseWith(request, 404, `user redirect does not exist [name: ${name}]`)
  }
  return account
}

function answerSearch(request: ApiRequest): Reply {
  const { instance, doer, query } = request
  const words = (query.get('q') ?? '').toLowerCase()
  const found = [...instance.state.accounts.values()].filter(
    (account) =>
      !account.isOrganization &&
      isVisibleTo(instance.state, account, doer) &&
      (account.login.toLowerCase().includes(words) || account.fullName.toLowerCase().includes(words)),
  )
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(found, page) : found
  const data = chosen.map((account) => presentUser(instance, account, doer))
  return jsonPage(request, { data, ok: true }, found.length)
}

function presentToken(token: AccessToken, showsValue: boolean): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    sha1: showsValue ? token.value : '',
    token_last_eight: token.value.slice(-8),
    scopes: token.scope.split(','),
    // The answer to making a token has no times yet.
    created_at: showsValue ? zeroTime : toTime(token.createdAt),
    last_used_at: showsValue ? zeroTime : toTime(token.createdAt),
  }
}

/** Tokens of a person may be listed and made by that person or a site admin, and only with Basic credentials. */
function requireTokenOwner(request: ApiRequest): Account {
  const owner = requirePerson(request)
  if (!request.doer?.isAdmin && owner !== request.doer) {
    refuseWith(request, 403, 'doer should be the site admin or be same as the contextUser')
  }
  if (!request.isBasic) refuseWith(request, 401, 'auth required')
  return owner
}

function answerTokens(request: ApiRequest): Reply {
  const owner = requireTokenOwner(request)
  const tokens = [...request.instance.state.tokens.values()].filter(({ accountId }) => accountId === owner.id).reverse()
  const page = readPage(request)
  return jsonPage(
    request,
    slicePage(tokens, page).map((token) => presentToken(token, false)),
    tokens.length,
  )
}

function createToken(request: ApiRequest): Reply {
  const owner = requireTokenOwner(request)
  const { state, clock } = request.instance
  const fields = readFields(request)
  const name = findText(request, fields, 'name') ?? ''
  if (name === '') refuseWith(request, 422, '[Name]: Required')
  const scopes = (findList(request, fields, 'scopes') ?? []).join(',')
  if (scopes === '') refuseWith(request, 400, 'access token must have a scope')
  const scope = normalizeScope(scopes)
  if (scope === undefined)
    refuseWith(request, 400, `invalid access token scope provided: invalid access token scope: ${scopes}`)
  if ([...state.tokens.values()].some((token) => token.accountId === owner.id && token.name === name)) {
    refuseWith(request, 400, 'access token name has been used already')
  }
  const token: AccessToken = {
    id: state.nextId('token'),
    accountId: owner.id,
    name,
    value: randomBytes(20).toString('hex'),
    scope,
    createdAt: clock.now(),
  }
  state.tokens.set(token.id, token)
  return json(201, presentToken(token, true))
}

function answerOrganizations(request: ApiRequest, person: Account): Reply {
  const { instance } = request
  const found = [...instance.state.accounts.values()]
    .filter(
      (account) =>
        account.isOrganization &&
        isMember(instance.state, account.id, person.id) &&
        // Memberships are private until made public, which nobody here does.
        (request.doer?.isAdmin || request.doer?.id === person.id),
    )
    .sort((left, right) => (left.login.toLowerCase() < right.login.toLowerCase() ? -1 : 1))
  const page = readPage(request)
  const rows = slicePage(found, page).map((account) => presentOrganization(instance, account))
  return jsonPage(request, rows, found.length, { link: true, page })
}

/** What is left out keeps its value. */
function changeSettings(request: ApiRequest): Reply {
  const doer = requireDoer(request)
  const fields = readFields(request)
  doer.fullName = findText(request, fields, 'full_name') ?? doer.fullName
  doer.profile = {
    description: findText(request, fields, 'description') ?? doer.profile.description,
    location: findText(request, fields, 'location') ?? doer.profile.location,
    website: findText(request, fields, 'website') ?? doer.profile.website,
  }
  return json(200, {
    full_name: doer.fullName,
    website: doer.profile.website,
    description: doer.profile.description,
    location: doer.profile.location,
    language: doer.language,
    theme: 'gitea-auto',
    diff_view_style: '',
    hide_email: doer.keepEmailPrivate,
    hide_activity: false,
  })
}

export function addUserRoutes(api: Api): void {
  api.plain('GET', '/version', [], ({ instance }) => json(200, { version: instance.version }))
  api.plain('GET', '/settings/api', [], () =>
    json(200, {
      max_response_items: maxPageSize,
      default_paging_num: 30,
      default_git_trees_per_page: 1000,
      default_max_blob_size: maxBlobBytes,
      default_max_response_size: 104857600,
    }),
  )
  api.plain('GET', '/user', ['user'], (request) => {
    const doer = requireDoer(request)
    return json(200, presentUser(request.instance, doer, doer))
  })
  api.plain('PATCH', '/user/settings', ['user'], changeSettings)
  api.plain('GET', '/user/orgs', [['user', 'organization']], (request) =>
    answerOrganizations(request, requireDoer(request)),
  )
  api.plain('GET', '/users/search', ['user'], answerSearch)
  api.plain('GET', '/users/{username}/orgs', [['user', 'organization']], (request) => {
    requireDoer(request)
    return answerOrganizations(request, requirePerson(request))
  })
  api.plain('GET', '/users/{username}/tokens', ['user'], answerTokens)
  api.plain('POST', '/users/{username}/tokens', ['user'], createToken)
  api.plain('GET', '/users/{username}', ['user'], (request) =>
    json(200, presentUser(request.instance, requirePerson(request), request.doer)),
  )
}
